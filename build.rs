//! How the shared library is linked: the name that the loader knows it by, and hardening.
//!
//! What it exports is not said here: rustc gives the linker the list of `#[no_mangle]` items, and hides all else.
//! `abi/check` holds that list to `abi/symbols.txt`.
use std::env;

/// Moves only when the ABI breaks (docs/abi.md).
const ABI: &str = "0";

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // Only in the library that programs link to: a test build has no installed name.
    let os = env::var("CARGO_CFG_TARGET_OS").expect("cargo sets it for build scripts");
    match os.as_str() {
        "linux" => {
            link(&format!("-Wl,-soname,libmls.so.{ABI}"));
            link("-Wl,-z,relro,-z,now,-z,noexecstack");
        }
        // An app carries its own copy, found by its plain name; 16 KB pages (docs/decisions, Android 15).
        "android" => {
            link("-Wl,-soname,libmls.so");
            link("-Wl,-z,relro,-z,now,-z,noexecstack,-z,max-page-size=16384");
        }
        // Written by the platform's documentation, never run.
        "macos" | "ios" => {
            link(&format!("-Wl,-install_name,@rpath/libmls.{ABI}.dylib"));
            link(&format!("-Wl,-compatibility_version,{}", env::var("CARGO_PKG_VERSION").expect("cargo sets it")));
        }
        _ => {}
    }
}

fn link(argument: &str) {
    println!("cargo:rustc-cdylib-link-arg={argument}");
}
