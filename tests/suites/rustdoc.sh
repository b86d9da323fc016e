# The Rust documentation builds, and no link in it is broken.
. tests/suites/env.sh
RUSTDOCFLAGS="-D warnings" cargo doc --quiet --locked -p libmls --no-deps
echo built
