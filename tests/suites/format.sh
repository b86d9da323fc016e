# Rust is formatted.
. tests/suites/env.sh
cargo fmt --check
echo formatted
