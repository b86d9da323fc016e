//! The table's own invariants.
use super::{sync::Ordering, table::*, *};
use crate::MlsError;

fn code<T>(result: Result<T>) -> Option<ErrorCode> {
    result.err().as_ref().map(MlsError::code)
}

fn number(table: &Table, token: usize) -> Result<u32> {
    Ok(*table.get(token, Tag::Group)?.downcast().expect("only numbers are put in"))
}

fn put(table: &Table, number: u32) -> usize {
    table.insert(Tag::Group, Arc::new(number)).expect("there is room")
}

#[test]
fn a_token_survives_being_packed() {
    for token in [
        Token { tag: 1, generation: 1, slot: 0 },
        Token { tag: 31, generation: LAST_GENERATION, slot: (1 << SLOT_BITS) - 1 },
    ] {
        assert_eq!(Token::unpack(token.pack()), token);
    }
}

#[test]
fn chunks_follow_each_other_without_a_gap() {
    assert_eq!(place(0), (0, 0));
    assert_eq!(place(63), (0, 63));
    assert_eq!(place(64), (1, 0));
    assert_eq!(place(191), (1, 127));
    assert_eq!(place(192), (2, 0));
    let last = (1 << SLOT_BITS) - (1 << FIRST_CHUNK_BITS) - 1;
    assert_eq!(place(last), (CHUNKS - 1, (1 << (SLOT_BITS - 1)) - 1));
}

#[test]
fn a_freed_handle_is_closed_and_stays_so() {
    let table = Table::new(1);
    let token = put(&table, 7);
    assert_eq!(number(&table, token), Ok(7));
    assert!(table.remove(token, Tag::Group).is_some());
    assert!(table.remove(token, Tag::Group).is_none());
    assert_eq!(code(number(&table, token)), Some(ErrorCode::Closed));
    let successor = put(&table, 8);
    assert_eq!(Token::unpack(successor).slot, Token::unpack(token).slot);
    assert_eq!(code(number(&table, token)), Some(ErrorCode::Closed));
    assert!(table.remove(token, Tag::Group).is_none());
    assert_eq!(number(&table, successor), Ok(8));
}

#[test]
fn another_noun_is_the_wrong_type_and_is_not_freed_by_it() {
    let table = Table::new(1);
    let token = put(&table, 7);
    assert_eq!(code(table.get(token, Tag::Client)), Some(ErrorCode::WrongType));
    assert!(table.remove(token, Tag::Client).is_none());
    assert_eq!(number(&table, token), Ok(7));
}

#[test]
fn null_and_forged_handles_are_answers() {
    let table = Table::new(1);
    let token = put(&table, 7);
    assert_eq!(code(number(&table, 0)), Some(ErrorCode::NullPointer));
    let local = 0_u8;
    for forged in [1, usize::MAX, token + 1, token ^ (1 << (SLOT_BITS + 3)), (&raw const local).addr()] {
        assert_eq!(code(number(&table, forged)), Some(ErrorCode::Closed), "{forged:#x}");
    }
    let forged = Token { tag: Tag::Client as u8, ..Token::unpack(token) };
    assert_eq!(code(table.get(forged.pack(), Tag::Client)), Some(ErrorCode::Closed));
}

#[test]
fn a_slot_whose_generations_are_used_up_is_retired() {
    let table = Table::new(LAST_GENERATION - 1);
    let first = put(&table, 1);
    table.remove(first, Tag::Group);
    let last = put(&table, 2);
    assert_eq!(Token::unpack(last), Token { generation: LAST_GENERATION, ..Token::unpack(first) });
    table.remove(last, Tag::Group);
    let next = put(&table, 3);
    assert_ne!(Token::unpack(next).slot, Token::unpack(last).slot);
    assert_eq!(code(number(&table, last)), Some(ErrorCode::Closed));
    assert_eq!(code(number(&table, Token { generation: 0, ..Token::unpack(last) }.pack())), Some(ErrorCode::Closed));
}

#[test]
fn an_object_lives_until_the_last_call_with_it_is_over() {
    let table = Table::new(1);
    let token = put(&table, 7);
    let held = table.get(token, Tag::Group).expect("it is live");
    drop(table.remove(token, Tag::Group));
    assert_eq!(held.downcast_ref(), Some(&7_u32));
    assert_eq!(Arc::strong_count(&held), 1);
}

#[test]
fn after_a_fork_old_handles_answer_so_and_new_ones_work() {
    let table = Table::new(1);
    let (old, freed) = (put(&table, 7), put(&table, 8));
    table.remove(freed, Tag::Group);
    // A thread of the parent holds a slot's lock for ever.
    let slot = table.slot(Token::unpack(old).slot).expect("it was made");
    let _held = lock(&slot.cell);
    table.forked();
    assert_eq!(code(number(&table, old)), Some(ErrorCode::Forked));
    assert!(table.remove(old, Tag::Group).is_none());
    let new = put(&table, 9);
    assert_eq!(number(&table, new), Ok(9));
    assert_eq!(code(number(&table, freed)), Some(ErrorCode::Forked));
}

#[test]
fn sixteen_threads_never_see_another_object_than_their_own() {
    let table = Table::new(1);
    let shared = put(&table, u32::MAX);
    std::thread::scope(|scope| {
        for thread in 0..16_u32 {
            let table = &table;
            scope.spawn(move || {
                for round in 0..2_000 {
                    let own = thread << 16 | round;
                    let tokens = [put(table, own), put(table, own)];
                    for token in tokens {
                        assert_eq!(number(table, token), Ok(own));
                        assert_eq!(number(table, shared), Ok(u32::MAX));
                        assert!(table.remove(token, Tag::Group).is_some());
                        assert_eq!(code(number(table, token)), Some(ErrorCode::Closed));
                    }
                }
            });
        }
    });
    assert!(table.made.load(Ordering::Relaxed) <= 33, "freed slots are used again");
}

#[test]
fn sixteen_threads_that_free_one_handle_free_it_once() {
    let table = Table::new(1);
    for round in 0..500 {
        let token = put(&table, round);
        let freed: usize = std::thread::scope(|scope| {
            let free = || usize::from(table.remove(token, Tag::Group).is_some());
            let threads: Vec<_> = (0..16).map(|_| scope.spawn(free)).collect();
            threads.into_iter().map(|thread| thread.join().expect("no panic")).sum()
        });
        assert_eq!(freed, 1);
    }
}
