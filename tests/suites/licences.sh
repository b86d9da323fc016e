# Every crate that is linked has a licence that an application can ship, and comes from the registry; the licences of
# libmls are there.
. tests/suites/env.sh
fresh
grep -q '^license = "Apache-2.0 OR MIT"$' Cargo.toml
grep -q 'Apache License' LICENSE-APACHE
grep -q 'Permission is hereby granted' LICENSE-MIT
grep -q 'SPDX-License-Identifier: Apache-2.0 OR MIT' include/mls.h
grep -q 'SPDX-License-Identifier: Apache-2.0 OR MIT' include/mls.hpp
command -v cargo-deny >/dev/null || skip "cargo-deny is not installed: cargo install --locked cargo-deny"

cargo-deny --locked check --hide-inclusion-graph licenses bans sources
sed '/"ISC",/d' deny.toml >"$WORK/deny.toml"
must_fail "ISC" cargo-deny --locked check --config "$WORK/deny.toml" licenses
echo "licences, bans, sources"
