//! Messages that arrive after their epoch is over.
mod support;
use mls::*;
use support::*;

#[test]
fn a_message_of_the_epoch_before_is_read_by_every_member() {
    let (alice, bob, carol) = (device("alice"), device("bob"), device("carol"));
    let groups = group_of(&[&alice, &bob, &carol]);
    let late = say(&groups[0], "late");
    let (update, _) = commit(&groups[0], vec![]);
    for client in [&bob, &carol] {
        assert!(matches!(one(client, &update), EventKind::Committed(_)));
        assert_eq!(text(one(client, &late)), "late");
        assert!(matches!(one(client, &late), EventKind::Ignored(_)));
    }
}
