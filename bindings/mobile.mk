# The Swift and Kotlin packages: their native library, which is the C library too, and the generated code that calls it.
MOBILE := build/mobile

SWIFT := PKG_CONFIG_PATH=$(CURDIR)/$(MOBILE) ../tools/swift.sh swift

.PHONY: mobile swift bench-swift xcframework
mobile: ## the native library of the mobile packages, and the generated Swift and Kotlin: build/mobile
	@bindings/uniffi/build.sh $(MOBILE)

.PHONY: kotlin aar
kotlin: mobile ## the Kotlin package, tested: build/kotlin/repository
	@mvn --batch-mode --quiet --file kotlin/pom.xml --activate-profiles release deploy \
	    -DaltDeploymentRepository=built::file:$(CURDIR)/build/kotlin/repository

aar: ## the Android library, for arm64-v8a, x86_64 and armeabi-v7a: build/aar; needs an NDK and cargo-ndk
	@kotlin/android/build.sh build/aar

.PHONY: sizes bench-kotlin
sizes: ## what the libraries weigh, beside what they may, and what of it is whose
	@tools/sizes.py --parts $(TARGET)/release/libmlsffi.so

bench: bench-kotlin bench-swift
bench-kotlin: mobile ## what a call costs through Kotlin and through C, in one process
	@kotlin/bench.sh

swift: mobile ## the Swift package, built and tested
	@cd swift && $(SWIFT) test --scratch-path ../build/swiftpm

bench-swift: mobile ## what a call costs in Swift, beside C's
	@cd swift && $(SWIFT) run --quiet -c release --scratch-path ../build/swiftpm Bench

xcframework: ## on macOS: what Swift packages take on Apple platforms: build/xcframework
	@swift/xcframework.sh build/xcframework
