// swift-tools-version: 6.0
import PackageDescription

// The device in Swift: tests/suites/languages.sh builds and runs it. An application takes the distribution repository by
// its URL in place of the path.
let package = Package(
    name: "Device",
    platforms: [.macOS(.v12)],
    dependencies: [.package(path: "../../../swift")],
    targets: [
        .executableTarget(name: "Device", dependencies: [.product(name: "MLS", package: "swift")])
    ],
    swiftLanguageModes: [.v6]
)
