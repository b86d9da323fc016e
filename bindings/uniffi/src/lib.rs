//! The native library of the Swift and Kotlin packages: the C ABI and the UniFFI scaffolding of libmls in one binary, so
//! that an application never has two of them. Nothing is added here.

pub use mls::capi;

mls::uniffi_reexport_scaffolding!();
