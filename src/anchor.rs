//! Noticing a restored backup: a number kept outside of the store, and outside of backups.

use crate::CallbackError;

/// Where the store's high-water mark is kept: a place that is not part of the same backup as the store (a platform's
/// keystore, a server). With it, a client that opens an older copy of its store refuses to send and asks for a rejoin
/// (`StoreRolledBack`); without it the same is noticed only from messages that the old copy does not know.
///
/// Called once when a client opens, and after writes that could lose a key if rolled back. When it fails, the write stays
/// and its call succeeds; the next such write tells the anchor, and [`flush`](crate::Client::flush),
/// [`suspend`](crate::Client::suspend) and [`close`](crate::Client::close) answer `CallbackFailed` if it fails again, when
/// they have done everything else. It must not call into a client.
#[cfg_attr(feature = "uniffi", uniffi::export(with_foreign))]
pub trait Anchor: Send + Sync {
    /// The mark, or `None` if there is none yet.
    fn load(&self) -> Result<Option<u64>, CallbackError>;
    /// Keeps a mark that is larger than any before.
    fn store(&self, mark: u64) -> Result<(), CallbackError>;
}
