//! src/capi/handle/table.rs, as it ships, with shuttle's locks and atomics in place of the standard library's.
#![cfg(test)]
#![allow(dead_code)] // the facade uses more of it than these tests

/// What the table needs of the crate that it belongs to.
mod error {
    #[derive(Debug, PartialEq, Eq)]
    pub enum ErrorCode {
        NullPointer,
        WrongType,
        Closed,
        Forked,
        TooLarge,
    }

    pub type Result<T> = std::result::Result<T, ErrorCode>;

    pub fn fail<T>(code: ErrorCode, _: &str) -> Result<T> {
        Err(code)
    }
}
use error::{ErrorCode, Result};

#[path = "../../../src/capi"]
mod capi {
    pub mod handle {
        pub mod sync {
            pub use shuttle::sync::{
                Arc, Mutex, MutexGuard,
                atomic::{AtomicU32, Ordering},
            };
            // `OnceLock`: it is set while a slot is made, and nothing is locked meanwhile.
            pub use std::sync::{OnceLock, PoisonError};

            /// Shuttle's own `fetch_update` does not look whether the closure was interrupted, as the standard library's
            /// does.
            pub struct AtomicU64(shuttle::sync::atomic::AtomicU64);

            impl AtomicU64 {
                pub const fn new(value: u64) -> Self {
                    Self(shuttle::sync::atomic::AtomicU64::new(value))
                }

                pub fn store(&self, value: u64, order: Ordering) {
                    self.0.store(value, order);
                }

                pub fn fetch_update(
                    &self,
                    set: Ordering,
                    fetch: Ordering,
                    mut change: impl FnMut(u64) -> Option<u64>,
                ) -> Result<u64, u64> {
                    let mut seen = self.0.load(fetch);
                    while let Some(next) = change(seen) {
                        match self.0.compare_exchange_weak(seen, next, set, fetch) {
                            Ok(before) => return Ok(before),
                            Err(now) => seen = now,
                        }
                    }
                    Err(seen)
                }
            }
        }
        pub mod table;

        mod tests {
            use super::{
                super::super::ErrorCode,
                sync::{Arc, AtomicU32, Mutex, Ordering},
                table::{Table, Tag, Token},
            };
            use shuttle::thread;

            /// The orders to try: `MLS_TORTURE=1` for many.
            fn rounds() -> usize {
                if std::env::var("MLS_TORTURE").is_ok_and(|on| on == "1") { 200_000 } else { 2_000 }
            }

            /// At random, and with a few changes of thread at the places that hurt most.
            fn check(test: impl Fn() + Send + Sync + 'static) {
                let test = std::sync::Arc::new(test);
                let again = test.clone();
                shuttle::check_random(move || test(), rounds());
                shuttle::check_pct(move || again(), rounds(), 3);
            }

            fn put(table: &Table, number: u32) -> usize {
                table.insert(Tag::Group, Arc::new(number)).expect("there is room")
            }

            fn number(table: &Table, token: usize) -> Result<u32, ErrorCode> {
                table.get(token, Tag::Group).map(|object| *object.downcast_ref::<u32>().expect("a number"))
            }

            fn threads(count: u32, run: impl Fn(u32) + Send + Sync + 'static) {
                let run = Arc::new(run);
                let threads: Vec<_> = (0..count)
                    .map(|at| {
                        let run = run.clone();
                        thread::spawn(move || run(at))
                    })
                    .collect();
                threads.into_iter().for_each(|thread| thread.join().expect("no panic"));
            }

            #[test]
            fn slots_that_are_freed_and_taken_again_never_show_another_object() {
                check(|| {
                    let table = Arc::new(Table::new(1));
                    threads(3, {
                        let table = table.clone();
                        move |thread| {
                            for round in 0..3 {
                                let own = thread * 10 + round;
                                let tokens = [put(&table, own), put(&table, own + 100)];
                                assert_ne!(tokens[0], tokens[1]);
                                assert_eq!(number(&table, tokens[0]), Ok(own));
                                assert!(table.remove(tokens[0], Tag::Group).is_some());
                                assert_eq!(number(&table, tokens[0]), Err(ErrorCode::Closed));
                                assert_eq!(number(&table, tokens[1]), Ok(own + 100));
                                assert!(table.remove(tokens[1], Tag::Group).is_some());
                            }
                        }
                    });
                    // At most two at a time for each.
                    assert!(table.made.load(Ordering::SeqCst) <= 6);
                });
            }

            #[test]
            fn a_handle_that_all_free_is_freed_once() {
                check(|| {
                    let table = Arc::new(Table::new(1));
                    let token = put(&table, 7);
                    let freed = Arc::new(AtomicU32::new(0));
                    threads(3, {
                        let (table, freed) = (table.clone(), freed.clone());
                        move |_| {
                            let seen = number(&table, token);
                            assert!(seen == Ok(7) || seen == Err(ErrorCode::Closed));
                            if table.remove(token, Tag::Group).is_some() {
                                freed.fetch_add(1, Ordering::SeqCst);
                            }
                        }
                    });
                    assert_eq!(freed.load(Ordering::SeqCst), 1);
                });
            }

            #[test]
            fn a_token_is_never_given_twice() {
                check(|| {
                    let table = Arc::new(Table::new(1));
                    let given = Arc::new(Mutex::new(Vec::new()));
                    threads(3, {
                        let (table, given) = (table.clone(), given.clone());
                        move |thread| {
                            for _ in 0..3 {
                                let token = put(&table, thread);
                                given.lock().expect("no panic").push(token);
                                assert_ne!(Token::unpack(token).generation, 0);
                                table.remove(token, Tag::Group);
                            }
                        }
                    });
                    let mut given = given.lock().expect("no panic").clone();
                    given.sort_unstable();
                    given.dedup();
                    assert_eq!(given.len(), 9);
                });
            }
        }
    }
}
