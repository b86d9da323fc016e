//! What a storage can answer instead of rows, and the code it becomes.
use std::fmt;

use crate::{ErrorCode, MlsError};

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident, $code:ident, $sentence:literal;)*) => {
        /// Why a [`Storage`](super::Storage) could not do what it was asked. Every variant carries the database's own
        /// word for it, which may be empty and must not contain keys or values.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        #[cfg_attr(feature = "uniffi", derive(uniffi::Error))]
        pub enum StorageError {
            $($(#[$doc])* $name {
                /// The database's own word for it, possibly empty.
                detail: String,
            },)*
        }

        impl StorageError {
            /// The database's own word for it, possibly empty. Not stable.
            pub fn detail(&self) -> &str {
                match self { $(Self::$name { detail } => detail,)* }
            }

            fn sentence(&self) -> &'static str {
                match self { $(Self::$name { .. } => $sentence,)* }
            }
        }

        impl From<StorageError> for MlsError {
            fn from(error: StorageError) -> Self {
                let sentence = error.sentence();
                match error {
                    $(StorageError::$name { detail } => MlsError::new(ErrorCode::$code, sentence).with_detail(detail),)*
                }
            }
        }
    };
}

kinds! {
    /// The files cannot be read yet: the device is locked, or another process holds them.
    Locked, StoreLocked, "the store is locked by the device or by another process";
    /// No space is left.
    Full, StoreFull, "no space is left for the store";
    /// Reading or writing failed.
    Io, StoreIo, "the store could not be read or written";
    /// The content is damaged, or is no libmls store.
    Corrupt, StoreCorrupt, "the store is damaged, or is no libmls store";
    /// A newer libmls wrote it.
    Newer, StoreNewer, "a newer libmls wrote the store";
    /// [`Storage::suspend`](super::Storage::suspend) was called.
    Suspended, Suspended, "the store is suspended";
    /// The process forked after the handle was made.
    Forked, Forked, "the process forked after the store was opened";
    /// The application's own storage failed in a way that has no variant here.
    Callback, CallbackFailed, "the application's storage failed";
}

impl fmt::Display for StorageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())?;
        if !self.detail().is_empty() {
            write!(f, ": {}", self.detail())?;
        }
        Ok(())
    }
}

impl std::error::Error for StorageError {}

impl From<rusqlite::Error> for StorageError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ffi;
        let detail = error.to_string();
        let Some(code) = error.sqlite_error().map(|inner| inner.extended_code) else {
            // The database answered with a column that our schema does not have.
            return Self::Corrupt { detail };
        };
        match code {
            ffi::SQLITE_IOERR_LOCK | ffi::SQLITE_IOERR_RDLOCK | ffi::SQLITE_IOERR_SHMLOCK => Self::Locked { detail },
            ffi::SQLITE_IOERR_CORRUPTFS => Self::Corrupt { detail },
            _ => match code & 0xff {
                ffi::SQLITE_FULL => Self::Full { detail },
                // iOS refuses to open the files of a locked device with one of the last three.
                ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED | ffi::SQLITE_CANTOPEN | ffi::SQLITE_PERM | ffi::SQLITE_AUTH => {
                    Self::Locked { detail }
                }
                ffi::SQLITE_CORRUPT | ffi::SQLITE_NOTADB | ffi::SQLITE_FORMAT => Self::Corrupt { detail },
                _ => Self::Io { detail },
            },
        }
    }
}
