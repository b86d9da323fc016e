// swift-tools-version: 6.0
import PackageDescription

// The package as it is developed: `make mobile` builds what MLSGenerated and MLSFFI are links to. An application takes
// the distribution repository that dist.sh lays out; its manifest is dist/Package.swift.

#if os(Linux)
// libmlsffi.a, found by the .pc file that dist.sh writes too: PKG_CONFIG_PATH says where.
let library = Target.systemLibrary(name: "MLSFFI", pkgConfig: "mlsffi")
#else
let library = Target.binaryTarget(name: "MLSFFI", path: "MLSFFI.xcframework") // a link to build/xcframework
#endif

let package = Package(
    name: "MLS",
    platforms: [.iOS(.v15), .macOS(.v12)],
    products: [.library(name: "MLS", targets: ["MLS"])],
    targets: [
        library,
        // What UniFFI wrote, by itself: MLS imports it as `internal`, so that none of it is seen by an application.
        .target(name: "MLSGenerated", dependencies: ["MLSFFI"]),
        .target(name: "MLS", dependencies: ["MLSGenerated"], resources: [.copy("PrivacyInfo.xcprivacy")]),
        .testTarget(name: "MLSTests", dependencies: ["MLS", "CMLS", "Killed"]),
        .executableTarget(name: "Device", dependencies: ["MLS"], path: "Tests/Device"),  // a link to examples/languages
        .executableTarget(name: "Bench", dependencies: ["MLS", "MLSGenerated", "CMLS"], path: "Tests/Bench"),
        .systemLibrary(name: "CMLS", path: "Tests/CMLS"),
        .executableTarget(name: "Killed", dependencies: ["MLS"], path: "Tests/Killed"),
    ],
    swiftLanguageModes: [.v6]
)
