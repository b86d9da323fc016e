//! A store behind C callbacks, for the contract that every storage runs.
use super::*;
use crate::store::MemoryStorage;
use std::{ptr, slice};

/// The storage of a builder whose callbacks serve a memory.
pub(crate) fn behind_callbacks(memory: &Arc<MemoryStorage>) -> Arc<dyn Storage> {
    let user = Box::into_raw(Box::new(memory.clone())).cast();
    // SAFETY: the callbacks have the types that their setters ask for; `user` is what they expect.
    unsafe {
        let store = mls_store_new(user, Some(release));
        let error = ptr::null_mut();
        let set = [
            mls_store_set_version(store, Some(version), error),
            mls_store_set_get(store, Some(get), error),
            mls_store_set_scan(store, Some(scan), error),
            mls_store_set_commit(store, Some(commit), error),
            mls_store_set_checkpoint(store, Some(checkpoint), error),
            mls_store_set_suspend(store, Some(suspend), error),
            mls_store_set_resume(store, Some(resume), error),
        ];
        assert_eq!(set, [MLS_OK; 7]);
        let storage = Callbacks::storage(store).expect("everything is set");
        mls_store_free(store);
        storage
    }
}

fn memory<'a>(user: *mut c_void) -> &'a MemoryStorage {
    // SAFETY: it is the box of `behind_callbacks`, which lives until `release`.
    unsafe { &*user.cast::<Arc<MemoryStorage>>() }
}

fn bytes<'a>(data: *const u8, len: usize) -> &'a [u8] {
    // SAFETY: libmls lends them for the call.
    unsafe { slice::from_raw_parts(data, len) }
}

fn status<T>(result: Result<T, StorageError>, use_it: impl FnOnce(T) -> mls_status_t) -> mls_status_t {
    match result {
        Ok(value) => use_it(value),
        Err(StorageError::Suspended { .. }) => MLS_ERROR_SUSPENDED,
        Err(_) => MLS_ERROR_STORE_IO,
    }
}

fn push(rows: *mut mls_store_rows_t, key: &[u8], value: &[u8]) -> mls_status_t {
    // SAFETY: both are slices.
    unsafe { mls_store_rows_push(rows, key.as_ptr(), key.len(), value.as_ptr(), value.len(), ptr::null_mut()) }
}

fn taken(mut bytes: mls_bytes_t) -> Vec<u8> {
    // SAFETY: libmls made them.
    let copy = unsafe { slice::from_raw_parts(bytes.data, bytes.len) }.to_vec();
    // SAFETY: as above.
    unsafe { super::bytes::mls_bytes_free(&mut bytes) };
    copy
}

fn write(writes: *const mls_store_writes_t, index: usize) -> Write {
    let (mut key, mut more) = (mls_bytes_t::NONE, mls_bytes_t::NONE);
    let error = ptr::null_mut();
    // SAFETY: the places for the results are locals.
    unsafe {
        assert_eq!(mls_store_writes_key(writes, index, &mut key, error), MLS_OK);
        let key = taken(key);
        match mls_store_writes_kind(writes, index) {
            MLS_STORE_WRITE_PUT => {
                assert_eq!(mls_store_writes_value(writes, index, &mut more, error), MLS_OK);
                Write::Put { key, value: taken(more) }
            }
            MLS_STORE_WRITE_DELETE => Write::Delete { key },
            _ => {
                assert_eq!(mls_store_writes_end(writes, index, &mut more, error), MLS_OK);
                Write::DeleteRange { from: key, to: taken(more) }
            }
        }
    }
}

extern "C" fn release(user: *mut c_void) {
    // SAFETY: it is the box of `behind_callbacks`, and this is called once.
    drop(unsafe { Box::from_raw(user.cast::<Arc<MemoryStorage>>()) });
}

extern "C" fn version(user: *mut c_void, out: *mut u64) -> mls_status_t {
    status(memory(user).version(), |version| {
        // SAFETY: libmls lends the place.
        unsafe { *out = version };
        MLS_OK
    })
}

extern "C" fn get(user: *mut c_void, key: *const u8, key_len: usize, rows: *mut mls_store_rows_t) -> mls_status_t {
    let key = bytes(key, key_len);
    status(memory(user).get(key.to_vec()), |value| value.map_or(MLS_OK, |value| push(rows, key, &value)))
}

extern "C" fn scan(
    user: *mut c_void,
    from: *const u8,
    from_len: usize,
    to: *const u8,
    to_len: usize,
    reverse: i32,
    limit: u32,
    rows: *mut mls_store_rows_t,
) -> mls_status_t {
    let range = KeyRange { from: bytes(from, from_len).to_vec(), to: bytes(to, to_len).to_vec() };
    status(memory(user).scan(range, reverse != 0, limit), |found| {
        found.iter().map(|row| push(rows, &row.key, &row.value)).max().unwrap_or(MLS_OK)
    })
}

extern "C" fn commit(
    user: *mut c_void,
    version: u64,
    writes: *const mls_store_writes_t,
    new_version: *mut u64,
) -> mls_status_t {
    // SAFETY: libmls lends the handle.
    let count = unsafe { mls_store_writes_count(writes) };
    let writes: Vec<_> = (0..count).map(|index| write(writes, index)).collect();
    status(memory(user).commit(version, writes), |committed| match committed {
        Some(version) => {
            // SAFETY: libmls lends the place.
            unsafe { *new_version = version };
            MLS_OK
        }
        None => MLS_ERROR_STALE,
    })
}

extern "C" fn checkpoint(user: *mut c_void) -> mls_status_t {
    status(memory(user).checkpoint(), |()| MLS_OK)
}

extern "C" fn suspend(user: *mut c_void) -> mls_status_t {
    status(memory(user).suspend(), |()| MLS_OK)
}

extern "C" fn resume(user: *mut c_void) -> mls_status_t {
    status(memory(user).resume(), |()| MLS_OK)
}

extern "C" fn answers_a_stranger(user: *mut c_void, key: *const u8, _: usize, rows: *mut mls_store_rows_t) -> i32 {
    get(user, key, 0, rows);
    push(rows, b"stranger", b"value")
}

#[test]
fn a_store_without_a_required_callback_opens_nothing() {
    // SAFETY: NULL is fine for the user, and for the error.
    let store = unsafe { mls_store_new(ptr::null_mut(), None) };
    let code = Callbacks::storage(store).err().map(|error| error.code());
    assert_eq!(code, Some(ErrorCode::InvalidArgument));
    // SAFETY: it is a handle.
    unsafe { mls_store_free(store) };
}

#[test]
fn the_user_is_let_go_with_the_last_that_needs_it() {
    let memory = MemoryStorage::new();
    let storage = behind_callbacks(&memory);
    assert_eq!(Arc::strong_count(&memory), 2);
    drop(storage);
    assert_eq!(Arc::strong_count(&memory), 1);
}

#[test]
fn rows_that_were_not_asked_for_are_a_failure_of_the_callback() {
    let user = Box::into_raw(Box::new(MemoryStorage::new())).cast();
    let mut callbacks = Callbacks::new(User::new(user, Some(release)));
    callbacks.get = Some(answers_a_stranger);
    assert!(matches!(callbacks.get(b"key".to_vec()), Err(StorageError::Callback { .. })));
}
