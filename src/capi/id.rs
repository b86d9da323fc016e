//! Lists of ids: of groups, pre-shared keys, key packages.
use super::{
    bytes::mls_bytes_t,
    error::{mls_error_t, mls_status_t},
    guard::{self, give},
    handle::{self, Handle, Tag, item},
};

/// A list of ids, each some bytes.
pub struct mls_ids_t {
    _opaque: [u8; 0],
}

impl Handle for mls_ids_t {
    type Object = Vec<Vec<u8>>;
    const TAG: Tag = Tag::Ids;
}

/// How many ids there are. 0 if the handle is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_ids_count(ids: *const mls_ids_t) -> usize {
    guard::answer(|| handle::count(ids))
}

/// An id of the list. Yours: `mls_bytes_free`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn mls_ids_at(
    ids: *const mls_ids_t,
    index: usize,
    out: *mut mls_bytes_t,
    error: *mut *mut mls_error_t,
) -> mls_status_t {
    give(out, error, || item(ids, index, Vec::clone))
}

/// Lets a list go. NULL and what is freed already are fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_ids_free(ids: *mut mls_ids_t) {
    guard::free(ids);
}
