#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| libmls_fuzz::group_info(data));
