# The C library: build/lib/libmls.so.0.1.0 with its links, and build/lib/libmls.a.
VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)
LIBRARY := build/lib

.PHONY: lib
lib: ## the C library: build/lib/libmls.so and libmls.a
	@mkdir -p $(LIBRARY)
	@cargo rustc --quiet --locked -p libmls --lib --release --features capi --crate-type cdylib,staticlib -- -C link-arg=-Wl,-soname,libmls.so.0
	@cp $(TARGET)/release/libmls.so $(LIBRARY)/libmls.so.$(VERSION)
	@strip $(LIBRARY)/libmls.so.$(VERSION)
	@ln -sf libmls.so.$(VERSION) $(LIBRARY)/libmls.so.0
	@ln -sf libmls.so.0 $(LIBRARY)/libmls.so
	@cp $(TARGET)/release/libmls.a $(LIBRARY)/libmls.a
