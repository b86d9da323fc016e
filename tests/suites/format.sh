# Rust is formatted.
. tests/suites/env.sh
cargo fmt --check
cargo fmt --check --manifest-path benches/peers/Cargo.toml
echo formatted
