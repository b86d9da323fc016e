//! Lists of extensions (RFC 9420 section 17.3).
use super::{
    bytes::{self, mls_bytes_t},
    error::{mls_error_t, mls_status_t},
    guard::{self, New, give, guard},
    handle::{self, Handle, Tag, edit},
};
use crate::{Extension, Result};
use std::sync::Mutex;

/// A list of extensions, each a type and its bytes.
pub struct mls_extensions_t {
    _opaque: [u8; 0],
}

impl Handle for mls_extensions_t {
    type Object = Mutex<Vec<Extension>>;
    const TAG: Tag = Tag::Extensions;
}

/// An empty list. Yours: `mls_extensions_free`. NULL only if too many handles are live.
#[unsafe(no_mangle)]
pub extern "C" fn mls_extensions_new() -> *mut mls_extensions_t {
    guard::answer(|| Ok(New(Mutex::default())))
}

/// Appends an extension; its data is copied.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_extensions_push(
    extensions: *mut mls_extensions_t,
    kind: u16,
    data: *const u8,
    data_len: usize,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    guard(error, &mut || {
        let extension = Extension { kind, data: bytes::read(data, data_len)? };
        edit(extensions, |extensions| extensions.push(extension))
    })
}

/// How many extensions there are. 0 if the handle is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_extensions_count(extensions: *const mls_extensions_t) -> usize {
    guard::answer(|| edit(extensions, |extensions| extensions.len()))
}

/// The IANA number of an extension's type.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_extensions_kind(
    extensions: *const mls_extensions_t,
    index: usize,
    out: *mut u16,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || Ok(at(extensions, index)?.kind))
}

/// An extension's data. Yours: `mls_bytes_free`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_extensions_data(
    extensions: *const mls_extensions_t,
    index: usize,
    out: *mut mls_bytes_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || Ok(at(extensions, index)?.data))
}

/// Lets a list go. NULL and what is freed already are fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_extensions_free(extensions: *mut mls_extensions_t) {
    guard::free(extensions);
}

fn at(extensions: *const mls_extensions_t, index: usize) -> Result<Extension> {
    guard::present(edit(extensions, |extensions| extensions.get(index).cloned())?)
}

/// The list, or `None` for a NULL.
pub(super) fn optional(extensions: *const mls_extensions_t) -> Result<Option<Vec<Extension>>> {
    if extensions.is_null() { Ok(None) } else { handle::value(extensions).map(Some) }
}
