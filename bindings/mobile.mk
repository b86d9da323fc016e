# The Swift and Kotlin packages: their native library, which is the C library too, and the generated code that calls it.
MOBILE := build/mobile

SWIFT := PKG_CONFIG_PATH=$(CURDIR)/$(MOBILE) ../tools/swift.sh swift

.PHONY: mobile swift bench-swift xcframework
mobile: ## the native library of the mobile packages, and the generated Swift and Kotlin: build/mobile
	@bindings/uniffi/build.sh $(MOBILE)

swift: mobile ## the Swift package, built and tested
	@cd swift && $(SWIFT) test --scratch-path ../build/swift

bench-swift: mobile ## what a call costs in Swift, beside C's
	@cd swift && $(SWIFT) run --quiet -c release --scratch-path ../build/swift Bench

xcframework: ## on macOS: what Swift packages take on Apple platforms: build/xcframework
	@swift/xcframework.sh build/xcframework
