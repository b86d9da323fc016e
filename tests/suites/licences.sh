# Every crate that is linked has a licence that an application can ship, and comes from the registry; the licences of
# libmls are there.
. tests/suites/env.sh
fresh
grep -q '^license = "Apache-2.0 OR MIT"$' Cargo.toml
grep -q 'Apache License' LICENSE-APACHE
grep -q 'Permission is hereby granted' LICENSE-MIT
grep -q 'SPDX-License-Identifier: Apache-2.0 OR MIT' include/mls.h
grep -q 'SPDX-License-Identifier: Apache-2.0 OR MIT' include/mls.hpp

# Built once for a machine: it is asked about licences, and need not be fast.
CARGO_DENY=0.20.2
tools=${XDG_CACHE_HOME:-$HOME/.cache}/libmls/cargo-deny-$CARGO_DENY
if ! command -v cargo-deny >/dev/null; then
    [ -x "$tools/bin/cargo-deny" ] || CARGO_TARGET_DIR="$tools/target" \
        cargo install --quiet --locked --debug --root "$tools" "cargo-deny@$CARGO_DENY"
    rm -rf "$tools/target"
    export PATH="$tools/bin:$PATH"
fi

cargo-deny --locked check --hide-inclusion-graph licenses bans sources
sed '/"ISC",/d' deny.toml >"$WORK/deny.toml"
must_fail "ISC" cargo-deny --locked --config "$WORK/deny.toml" check licenses
echo "licences, bans, sources"
