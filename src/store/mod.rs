//! Durable state: one ordered key space, changed by compare-and-swap transactions, with sealed values above it.
//!
//! Two layers. A [`Storage`] is all that libmls needs of a database; [`SqliteStorage`] and [`MemoryStorage`] are
//! two, an application can bring its own. It sees row keys in the clear and values sealed. Above it, `Store`
//! seals and opens values, owns the key hierarchy and refuses what a newer libmls wrote.
//!
//! Neither layer knows what a group is: they know bytes, tags and order.
mod batch;
mod error;
#[cfg(feature = "faults")]
pub mod faults;
mod header;
mod key;
mod memory;
mod registry;
mod seal;
mod sealed;
mod sqlite;
#[cfg(test)]
mod tests;

pub(crate) use batch::Batch;
pub use error::StorageError;
pub(crate) use key::{GroupTag, Key};
pub use memory::MemoryStorage;
pub(crate) use sealed::Store;
pub use sqlite::SqliteStorage;

/// The rows whose keys are at least `from` and below `to`, compared as bytes. Empty if `to <= from`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct KeyRange {
    /// The first key that belongs to the range.
    pub from: Vec<u8>,
    /// The first key after the range.
    pub to: Vec<u8>,
}

/// One row.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Row {
    /// The key, in the clear.
    pub key: Vec<u8>,
    /// The value, sealed.
    pub value: Vec<u8>,
}

/// One change of a transaction.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum Write {
    /// Inserts the row, or replaces its value.
    Put {
        /// The row's key.
        key: Vec<u8>,
        /// The row's new value.
        value: Vec<u8>,
    },
    /// Deletes the row if there is one.
    Delete {
        /// The row's key.
        key: Vec<u8>,
    },
    /// Deletes every row whose key is at least `from` and below `to`.
    DeleteRange {
        /// The first key to delete.
        from: Vec<u8>,
        /// The first key to keep.
        to: Vec<u8>,
    },
}

/// One ordered key space with compare-and-swap transactions: all that libmls needs of a database.
///
/// Keys are 1 to 255 bytes and compare bytewise. Values are up to a few MB and mean nothing to the
/// implementation. Any method may be called from any thread; calls may overlap, and each must be atomic. An
/// implementation must not call back into the client that uses it.
///
/// Left out on purpose: read transactions (a reader that needs one view compares [`version`](Self::version) before
/// and after, a writer's [`commit`](Self::commit) does it for him), cursors, tables, and secrets: values arrive
/// sealed.
#[cfg_attr(feature = "uniffi", uniffi::export(with_foreign))]
pub trait Storage: Send + Sync {
    /// A number that moves whenever anyone commits: this handle, another one, another process. It is compared for
    /// equality only, has meaning for this handle only, and may also move for no reason. Called before every
    /// operation, so it has to be cheap.
    ///
    /// Errors: any [`StorageError`].
    fn version(&self) -> Result<u64, StorageError>;

    /// The value at `key`.
    ///
    /// Errors: any [`StorageError`].
    fn get(&self, key: Vec<u8>) -> Result<Option<Vec<u8>>, StorageError>;

    /// At most `limit` rows of `range` in ascending order of keys, or the last ones in descending order if
    /// `reverse`.
    ///
    /// Errors: any [`StorageError`].
    fn scan(&self, range: KeyRange, reverse: bool, limit: u32) -> Result<Vec<Row>, StorageError>;

    /// Applies all writes in their order, atomically and durably, if nobody has committed since `version`, and
    /// answers the new version. Answers `None`, and has written nothing, if somebody has. When it returns the rows
    /// must survive a power loss.
    ///
    /// Errors: any [`StorageError`]; nothing has been written then, and the handle stays usable.
    fn commit(&self, version: u64, writes: Vec<Write>) -> Result<Option<u64>, StorageError>;

    /// Makes deleted and replaced rows unrecoverable from the files, as far as the implementation can; it may do
    /// nothing.
    ///
    /// Errors: any [`StorageError`]; [`StorageError::Locked`] if another process is in the way: try again later.
    fn checkpoint(&self) -> Result<(), StorageError>;

    /// Finishes what is under way and gives back every file lock, until [`resume`](Self::resume); other calls
    /// answer [`StorageError::Suspended`] meanwhile. iOS kills a suspended process that holds a lock. Suspending
    /// twice is the same as once. A storage without locks may do nothing.
    ///
    /// Errors: any [`StorageError`].
    fn suspend(&self) -> Result<(), StorageError>;

    /// Ends [`suspend`](Self::suspend) and moves [`version`](Self::version). Does nothing if not suspended.
    ///
    /// Errors: any [`StorageError`]; the storage is still suspended then.
    fn resume(&self) -> Result<(), StorageError>;
}
