//! How the shared library is linked. An application carries its own copy, found by its plain name; 16 KB pages are what
//! Android 15 can have.
fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let os = std::env::var("CARGO_CFG_TARGET_OS").expect("cargo sets it for build scripts");
    if matches!(os.as_str(), "linux" | "android") {
        println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libmlsffi.so");
        println!("cargo:rustc-cdylib-link-arg=-Wl,-z,relro,-z,now,-z,noexecstack,-z,max-page-size=16384");
    }
}
