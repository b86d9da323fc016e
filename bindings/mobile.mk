# The Swift and Kotlin packages: their native library, which is the C library too, and the generated code that calls it.
MOBILE := build/mobile

.PHONY: mobile
mobile: ## the native library of the mobile packages, and the generated Swift and Kotlin: build/mobile
	@bindings/uniffi/build.sh $(MOBILE)
