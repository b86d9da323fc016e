# Clippy has nothing to say, with and without the C facade.
. tests/suites/env.sh
cargo clippy --quiet --locked -p libmls --all-targets --features capi,faults -- -D warnings
cargo clippy --quiet --locked -p libmls -- -D warnings
cargo clippy --quiet --locked -p mlsffi --all-targets -- -D warnings
echo "nothing to say"
