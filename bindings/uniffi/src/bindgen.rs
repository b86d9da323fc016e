//! Writes the Swift and Kotlin code from the metadata in an unstripped `libmlsffi`.
fn main() {
    uniffi::uniffi_bindgen_main();
}
