# The C library: build/lib/libmls.so.0.1.0 with its links and its debug information, and build/lib/libmls.a.
VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)
LIBRARY := build/lib
# What a program that links libmls.a needs besides; rustc is asked, and a new one stops the build.
export LIBMLS_PRIVATE_LIBS := -lgcc_s -lutil -lrt -lpthread -lm -ldl -lc
# Bytes of the stripped shared library.
LIBMLS_CEILING := 4000000
# The soname moves only when the ABI breaks (docs/abi.md). What is exported is not said here: rustc gives the linker the
# list of `#[no_mangle]` items and hides all else, and the abi suite holds that list to abi/symbols.txt.
LINK := -Clink-arg=-Wl,-soname,libmls.so.0,-O2 -Clink-arg=-Wl,-z,relro,-z,now,-z,noexecstack
RUSTC := cargo rustc --quiet --locked -p libmls --lib --release --features capi

.PHONY: lib
lib: ## the C library: build/lib/libmls.so and libmls.a
	@$(RUSTC) --crate-type cdylib -- $(LINK)
	@bindings/c/library.sh shared $(TARGET)/release/libmls.so $(LIBRARY) $(VERSION) $(LIBMLS_CEILING)
	@bindings/c/library.sh static $(TARGET)/release/libmls.a $(LIBRARY) $(RUSTC) --crate-type staticlib
