//! The MLS working group's gRPC harness (mls_client.proto): libmls as a client of it, and what its runner needs.

pub mod client;
pub mod server;
pub mod wire;
