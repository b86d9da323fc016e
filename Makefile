# libmls. `make help` says what there is; `make demo` and `make test` need nothing but Rust and gcc on Debian.
.DEFAULT_GOAL := help
SHELL := /bin/sh
TARGET := $(or $(CARGO_TARGET_DIR),target)
PREFIX ?= /usr/local

-include bindings/c/library.mk
-include bindings/mobile.mk
-include tests/interop/interop.mk

.PHONY: help setup demo test check header stores abi abi-update install bench bench-facade fuzz docs torture clean

help: ## this list
	@cat $(MAKEFILE_LIST) | sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/\1|\2/p' | awk -F'|' '{ printf "  make %-18s %s\n", $$1, $$2 }'

setup: ## install what building and testing need (root on Debian; elsewhere: print the commands)
	@tools/setup.sh test

demo: ## three devices and more, in C and C++, each a process: killed, refused, removed, and in agreement
	@tools/setup.sh demo
	@$(MAKE) --no-print-directory lib
	@examples/demo/run.sh

test: setup ## every suite; `make test ONLY="c abi"` for some
	@python3 tests/run.py $(ONLY)

check: setup ## the fast suites only: format, clippy, header, surface
	@python3 tests/run.py format clippy header header-compiles surface

torture: setup ## the long form of every long test; MLS_SEED=n for a seed of yours
	@MLS_TORTURE=1 MLS_SUITE_SECONDS=36000 python3 tests/run.py $(ONLY)

fuzz: ## libFuzzer over the decoders and lives of two devices; SECONDS_EACH=60
	@fuzz/run.sh

bench: bench-facade ## libmls beside mls-rs and OpenMLS (docs/performance.md); MLS_TORTURE=1: the long form; DOCS=1: into the docs
	@[ -e $(LIBRARY)/libmls.a ] || $(MAKE) --no-print-directory lib
	@python3 benches/run.py $(if $(DOCS),--docs)

bench-facade: ## what the C facade adds to a call
	@cargo bench --quiet --locked -p libmls --features capi --bench facade

header: ## write include/mls.h anew from src/capi
	@tools/header.sh

# What is built is installed, so that root needs no Rust: make lib && sudo make install
install: ## headers, libraries, pkg-config and CMake files: PREFIX=/usr/local, and DESTDIR for packagers
	@[ -e $(LIBRARY)/libmls.so ] && [ -e $(LIBRARY)/libmls.a ] || $(MAKE) --no-print-directory lib
	@PREFIX='$(PREFIX)' DESTDIR='$(DESTDIR)' LIBDIR='$(LIBDIR)' INCLUDEDIR='$(INCLUDEDIR)' bindings/c/install.sh $(LIBRARY) $(VERSION)

stores: ## write this version's stores, which later ones have to open, into tests/stores
	@MLS_WRITE_STORES=1 cargo test --quiet --locked -p libmls --features capi,faults --test old_store goes_on

abi: lib ## compare the C ABI with the one that is recorded in abi/
	@tools/abi.sh check

abi-update: lib ## record the C ABI of now in abi/
	@tools/abi.sh update

docs: ## the reference in build/docs: doxygen of mls.h, rustdoc of the crate
	@tools/setup.sh docs
	@mkdir -p build/docs && doxygen bindings/c/Doxyfile && cargo doc --quiet --locked -p libmls --no-deps
	@echo "build/docs/html/index.html and $(TARGET)/doc/mls/index.html"

clean: ## remove what was built
	@rm -rf build
	@cargo clean --quiet
