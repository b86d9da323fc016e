//! How what is written grows with the group: counted, so that a busy machine changes nothing.
mod support;
use mls::{store::Write, *};
use support::{dice::tier, recorder::Recorder, *};

/// Each group is so many times as large as the one before.
const FACTOR: usize = 8;

/// What a step has written.
#[derive(Clone, Copy, Debug)]
struct Written {
    rows: usize,
    bytes: usize,
}

fn written(storage: &Recorder) -> Written {
    let writes = storage.take_written();
    let bytes = |write: &Write| match write {
        Write::Put { key, value } => key.len() + value.len(),
        Write::Delete { key } => key.len(),
        Write::DeleteRange { from, to } => from.len() + to.len(),
    };
    Written { rows: writes.len(), bytes: writes.iter().map(bytes).sum() }
}

/// Whether a count over sizes in a geometric row grows with their logarithm: then it gains about the same each time,
/// where a power of the size gains ever more.
fn is_logarithmic(counts: &[usize], grain: usize) -> bool {
    counts.windows(3).all(|three| {
        let [before, gain] = [three[1].saturating_sub(three[0]), three[2].saturating_sub(three[1])];
        gain <= before + before / 2 + grain
    })
}

struct Costs {
    made: Written,
    accepted: Written,
    processed: Written,
    message: usize,
}

/// One commit, without proposals, of somebody in a group of `members` to whom the second last leaf belongs.
fn costs(members: usize) -> Costs {
    let (at_alice, at_bob) = (Recorder::new(), Recorder::new());
    let open = |storage: &std::sync::Arc<Recorder>, name: &str| {
        Client::open_storage(storage.clone(), vec![7; 32], options(name)).expect("opens")
    };
    let (alice, bob) = (open(&at_alice, "alice"), open(&at_bob, "bob"));
    let maker = device("maker");
    let group = maker.create_group(GroupOptions::default()).expect("a group");
    let mut adds: Vec<_> = (3..members).map(|n| Proposal::add(key_package(&device(&format!("member {n}"))))).collect();
    adds.extend([&alice, &bob].map(|client| Proposal::add(key_package(client))));
    let (_, welcomes) = commit(&group, adds);
    let group = join(&alice, &welcomes[0]);
    join(&bob, &welcomes[0]);
    // The second commit is an ordinary one: the first has given the path its keys.
    for second in [false, true] {
        at_alice.take_written();
        let commit = group.commit(Vec::new(), CommitOptions::default()).expect("a commit");
        let made = written(&at_alice);
        let message = commit.message().expect("its message");
        commit.accept().expect("accepted");
        let accepted = written(&at_alice);
        own_committed(&alice);
        at_bob.take_written();
        committed(&bob, &message);
        let processed = written(&at_bob);
        if second {
            return Costs { made, accepted, processed, message: message.len() };
        }
    }
    unreachable!("the second commit returns");
}

#[test]
fn what_a_commit_writes_grows_with_the_logarithm_of_the_group() {
    let sizes: Vec<usize> = (0..tier(3, 4)).map(|power| 4 * FACTOR.pow(power as u32)).collect();
    let costs: Vec<Costs> = sizes.iter().map(|members| costs(*members)).collect();
    for (members, cost) in sizes.iter().zip(&costs) {
        let Costs { made, accepted, processed, message } = cost;
        println!("{members} members: message {message}, made {made:?}, accepted {accepted:?}, processed {processed:?}");
        // The tree has keys on two paths only, so the message itself grows with the group. It is in the commit's row
        // until the commit's event is acknowledged.
        assert!(made.bytes - message <= 16 << 10, "{made:?}");
        assert!(accepted.bytes - message <= 16 << 10, "{accepted:?}");
        assert!(processed.bytes <= 16 << 10, "{processed:?}");
    }
    let counts = |count: &dyn Fn(&Costs) -> usize| -> Vec<usize> { costs.iter().map(count).collect() };
    for rows in [counts(&|c| c.made.rows), counts(&|c| c.accepted.rows), counts(&|c| c.processed.rows)] {
        assert!(is_logarithmic(&rows, 1), "rows: {rows:?}");
    }
    // A row is a block of the tree at most: sizes fall to either side of a block's edge.
    const BLOCK: usize = 3 << 10;
    for bytes in [
        counts(&|c| c.made.bytes - c.message),
        counts(&|c| c.accepted.bytes - c.message),
        counts(&|c| c.processed.bytes),
    ] {
        assert!(is_logarithmic(&bytes, BLOCK), "bytes: {bytes:?}");
    }
    // The check itself: messages grow with the members here, and it says so.
    let messages = counts(&|c| c.message);
    assert!(!is_logarithmic(&messages, BLOCK), "{messages:?}");
}

#[test]
fn a_loaded_group_is_found_without_reading_a_row_until_somebody_else_writes() {
    let storage = Recorder::new();
    let open = || Client::open_storage(storage.clone(), vec![7; 32], options("alice")).expect("opens");
    let (alice, other) = (open(), open());
    let id = alice.create_group(GroupOptions::default()).expect("a group").id();
    let epoch = |client: &Client| client.group(id.clone()).expect("found").epoch().expect("an epoch");
    assert_eq!(epoch(&alice), 0);
    storage.take_reads();
    assert_eq!((epoch(&alice), storage.take_reads()), (0, 0));
    commit(&other.group(id.clone()).expect("found"), Vec::new());
    storage.take_reads();
    assert_eq!(epoch(&alice), 1);
    assert!(storage.take_reads() > 0);
    other.delete_group(id.clone()).expect("deleted");
    assert_eq!(code(alice.group(id.clone())), ErrorCode::GroupNotFound);
}
