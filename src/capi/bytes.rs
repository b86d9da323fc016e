//! Bytes and text across the boundary.
//!
//! In: a pointer and a length, `(NULL, 0)` for none; text is NUL-terminated UTF-8 and checked. Out: an
//! [`mls_bytes_t`] of its own, always followed by a NUL that does not count, so that text can be printed.
use crate::{ErrorCode, Result, error::fail};
use std::{
    ffi::{CStr, c_char},
    ptr, slice,
};
use zeroize::Zeroize;

/// No vector of RFC 9420 is longer (section 2.1.2: 30 bits).
const LARGEST: usize = (1 << 30) - 1;

/// Bytes that libmls allocated. Yours: give them to `mls_bytes_free`, once, and do not free a copy.
///
/// A byte after `data[len]` is always there and NUL, so text can be used as a C string. `data` is NULL if a call
/// failed or the value is absent; an empty value has `len` 0 and a `data` that is not NULL.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct mls_bytes_t {
    /// The first byte.
    pub data: *mut u8,
    /// How many there are.
    pub len: usize,
}

impl mls_bytes_t {
    pub(super) const NONE: Self = Self { data: ptr::null_mut(), len: 0 };
}

impl From<Vec<u8>> for mls_bytes_t {
    fn from(mut bytes: Vec<u8>) -> Self {
        let len = bytes.len();
        bytes.reserve_exact(1);
        bytes.push(0);
        Self { data: Box::into_raw(bytes.into_boxed_slice()).cast(), len }
    }
}

/// Wipes and releases bytes, and sets `data` to NULL and `len` to 0. NULL, and bytes that were released so, are fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mls_bytes_free(bytes: *mut mls_bytes_t) {
    let Some(bytes) = ptr::NonNull::new(bytes) else { return };
    // SAFETY: it is not NULL, and the caller's contract.
    let taken = unsafe { bytes.replace(mls_bytes_t::NONE) };
    if !taken.data.is_null() {
        // SAFETY: only `From` makes such data, from a boxed slice of this length with the NUL.
        let mut slice = unsafe { Box::from_raw(ptr::slice_from_raw_parts_mut(taken.data, taken.len + 1)) };
        slice.zeroize();
    }
}

/// The bytes that a caller gave.
///
/// # Safety
/// `data` is NULL or points to `len` bytes, which stay until the call is over.
pub(super) unsafe fn view<'a>(data: *const u8, len: usize) -> Result<&'a [u8]> {
    if len > LARGEST {
        return fail(ErrorCode::TooLarge, "more bytes than any vector of RFC 9420 can have");
    }
    if data.is_null() {
        return if len == 0 {
            Ok(&[])
        } else {
            fail(ErrorCode::NullPointer, "the data is NULL and its length is not 0")
        };
    }
    // SAFETY: it is not NULL, not longer than `isize::MAX`, and the caller's contract.
    Ok(unsafe { slice::from_raw_parts(data, len) })
}

/// A copy of the bytes that a caller gave.
///
/// # Safety
/// As for [`view`].
pub(super) unsafe fn read(data: *const u8, len: usize) -> Result<Vec<u8>> {
    // SAFETY: the caller's contract.
    Ok(unsafe { view(data, len) }?.to_vec())
}

/// A copy of the bytes that a caller gave, or `None` for a NULL.
///
/// # Safety
/// As for [`view`].
pub(super) unsafe fn optional(data: *const u8, len: usize) -> Result<Option<Vec<u8>>> {
    // SAFETY: the caller's contract.
    let bytes = unsafe { read(data, len) }?;
    Ok((!data.is_null()).then_some(bytes))
}

/// The text that a caller gave.
///
/// # Safety
/// `text` is NULL or a NUL-terminated string, which stays until the call is over.
pub(super) unsafe fn text<'a>(text: *const c_char) -> Result<&'a str> {
    if text.is_null() {
        return fail(ErrorCode::NullPointer, "the string is NULL");
    }
    // SAFETY: it is not NULL, and the caller's contract.
    match unsafe { CStr::from_ptr(text) }.to_str() {
        Ok(text) => Ok(text),
        Err(_) => fail(ErrorCode::InvalidUtf8, "the string is not UTF-8"),
    }
}

/// Text for C, without what a C string cannot hold.
pub(super) fn c_string(text: &str) -> std::ffi::CString {
    let text: Vec<u8> = text.bytes().filter(|byte| *byte != 0).collect();
    std::ffi::CString::new(text).expect("its NULs were left out")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_end_with_a_nul_that_does_not_count() {
        for text in [&b""[..], b"hello"] {
            let mut bytes = mls_bytes_t::from(text.to_vec());
            assert_eq!(bytes.len, text.len());
            // SAFETY: the NUL is part of the allocation.
            assert_eq!(unsafe { *bytes.data.add(bytes.len) }, 0);
            // SAFETY: they were made here.
            unsafe { mls_bytes_free(&mut bytes) };
            assert!(bytes.data.is_null() && bytes.len == 0);
            // SAFETY: freed bytes, and NULL, are fine.
            unsafe { (mls_bytes_free(&mut bytes), mls_bytes_free(ptr::null_mut())) };
        }
    }

    #[test]
    fn a_null_with_a_length_and_a_hostile_length_are_errors() {
        let byte = 7_u8;
        // SAFETY: neither is followed.
        let codes = unsafe { [view(ptr::null(), 1), view(&byte, usize::MAX), view(&byte, LARGEST + 1)] };
        let codes = codes.map(|result| result.map_err(|error| error.code()));
        assert_eq!(codes, [Err(ErrorCode::NullPointer), Err(ErrorCode::TooLarge), Err(ErrorCode::TooLarge)]);
        // SAFETY: NULL is fine.
        assert_eq!(unsafe { optional(ptr::null(), 0) }, Ok(None));
        // SAFETY: no byte is read.
        assert_eq!(unsafe { optional(&byte, 0) }, Ok(Some(Vec::new())));
    }
}
