// swift-tools-version: 6.0
import PackageDescription

// The device in Swift: examples/languages/run.py builds and runs it.
let package = Package(
    name: "Device",
    platforms: [.macOS(.v12)],
    dependencies: [.package(name: "MLS", path: "../../../swift")],
    targets: [.executableTarget(name: "Device", dependencies: [.product(name: "MLS", package: "MLS")])],
    swiftLanguageModes: [.v6]
)
