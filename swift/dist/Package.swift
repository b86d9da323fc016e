// swift-tools-version: 6.0
import PackageDescription

// What an application takes: swift/release.sh fills in where the binary is, and lays out this repository.

#if os(Linux)
// No binary target can be static on Linux: pkg-config says where libmlsffi.a is.
let library = Target.systemLibrary(name: "MLSFFI", pkgConfig: "mlsffi")
#else
let library = Target.binaryTarget(name: "MLSFFI", url: "@URL@", checksum: "@CHECKSUM@")
#endif

let package = Package(
    name: "MLS",
    platforms: [.iOS(.v15), .macOS(.v12)],
    products: [.library(name: "MLS", targets: ["MLS"])],
    targets: [
        library,
        .target(name: "MLSGenerated", dependencies: ["MLSFFI"]),
        .target(name: "MLS", dependencies: ["MLSGenerated"], resources: [.copy("PrivacyInfo.xcprivacy")]),
    ],
    swiftLanguageModes: [.v6]
)
