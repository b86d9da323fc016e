//! A lock that knows its owner: a callback that calls back into what is calling it gets `Reentrant`, not a deadlock.

use crate::{ErrorCode, Result, error::fail};
use std::{
    ops::{Deref, DerefMut},
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering},
    },
};

/// A number for this thread that no other thread of the process ever has; never 0.
fn this_thread() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    thread_local!(static ID: u64 = NEXT.fetch_add(1, Ordering::Relaxed));
    ID.with(|id| *id)
}

pub(crate) struct Gate<T> {
    owner: AtomicU64,
    inner: Mutex<T>,
}

pub(crate) struct Held<'a, T> {
    owner: &'a AtomicU64,
    guard: MutexGuard<'a, T>,
    /// Whether a thread died while it held the gate: what is inside may be half-changed.
    pub(crate) poisoned: bool,
}

impl<T> Gate<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { owner: AtomicU64::new(0), inner: Mutex::new(value) }
    }

    /// Waits for other threads. `Reentrant` if it is this one that is inside.
    pub(crate) fn enter(&self) -> Result<Held<'_, T>> {
        let me = this_thread();
        // Only this thread can have written its own number, so a stale read cannot be mistaken for it.
        if self.owner.load(Ordering::Relaxed) == me {
            return fail(ErrorCode::Reentrant, "a callback called into the object that is calling it");
        }
        let (guard, poisoned) = match self.inner.lock() {
            Ok(guard) => (guard, false),
            Err(error) => {
                self.inner.clear_poison();
                (error.into_inner(), true)
            }
        };
        self.owner.store(me, Ordering::Relaxed);
        Ok(Held { owner: &self.owner, guard, poisoned })
    }

    /// As [`enter`](Self::enter), if nobody is inside.
    pub(crate) fn try_enter(&self) -> Option<Held<'_, T>> {
        let guard = self.inner.try_lock().ok()?;
        self.owner.store(this_thread(), Ordering::Relaxed);
        Some(Held { owner: &self.owner, guard, poisoned: false })
    }
}

impl<T> Drop for Held<'_, T> {
    fn drop(&mut self) {
        self.owner.store(0, Ordering::Relaxed);
    }
}

impl<T> Deref for Held<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.guard
    }
}

impl<T> DerefMut for Held<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.guard
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_owner_is_told_and_others_wait() {
        let gate = Gate::new(0);
        let inside = gate.enter().expect("free");
        assert_eq!(gate.enter().err().map(|e| e.code()), Some(ErrorCode::Reentrant));
        std::thread::scope(|scope| {
            let other = scope.spawn(|| *gate.enter().expect("waits") += 1);
            drop(inside);
            other.join().expect("no panic");
        });
        assert_eq!(*gate.enter().expect("free"), 1);
    }
}
