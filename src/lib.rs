//! Durable, end-to-end encrypted groups: Messaging Layer Security (RFC 9420).
mod error;
pub mod store;

pub use error::{Advice, ErrorCode, MlsError, Result};
