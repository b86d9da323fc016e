//! Any mix of proposals: whatever waits and whatever is added by value, every peer and a public observer accept the
//! commit, and all of them are in the same state after it.
mod support;

use mls::*;
use mls_rs::{MlsMessage, external_client::ExternalClient, identity::basic::BasicIdentityProvider};
use mls_rs_crypto_awslc::AwsLcCryptoProvider;
use support::dice::{Dice, tier};
use support::*;

struct World {
    members: Vec<(Client, Group)>,
    newcomers: usize,
    public: bool,
}

impl World {
    fn client(&mut self) -> Client {
        self.newcomers += 1;
        let name = format!("device {}", self.newcomers);
        open(if self.public { public(&name) } else { options(&name) })
    }

    /// A proposal of some kind, by reference or by value; one that cannot be made is answered by an error.
    fn proposal(&mut self, dice: &mut Dice, adds: &mut Vec<Client>) -> Proposal {
        let leaves: Vec<u32> = self.members.iter().map(|(_, group)| group.own_leaf().expect("a leaf")).collect();
        match dice.below(6) {
            0 | 1 => {
                let client = self.client();
                let key_package = key_package(&client);
                adds.push(client);
                Proposal::add(key_package)
            }
            2 => Proposal::remove(leaves[dice.below(leaves.len())]),
            3 => Proposal::external_psk(*b"shared"),
            4 => Proposal::GroupContextExtensions { extensions: vec![] },
            // Twice in a row from one sender, when the dice say so.
            _ => Proposal::update(),
        }
    }

    fn step(&mut self, dice: &mut Dice) {
        let mut adds = Vec::new();
        let observer = ExternalClient::builder()
            .crypto_provider(AwsLcCryptoProvider::new())
            .identity_provider(BasicIdentityProvider)
            .build();
        let info = self.members[0].1.group_info(false, true).expect("a GroupInfo");
        let info = MlsMessage::from_bytes(&info).expect("decoded");
        let mut observed = self.public.then(|| observer.observe_group(info, None, None).expect("observed"));
        for _ in 0..dice.below(6) {
            let sender = dice.below(self.members.len());
            let proposal = self.proposal(dice, &mut adds);
            let Ok(messages) = self.members[sender].1.propose(vec![proposal], vec![]) else { continue };
            for (at, (client, _)) in self.members.iter().enumerate() {
                // The same proposal of the same sender has the same reference.
                if at != sender && !matches!(one(client, &messages[0]), EventKind::Proposed(_) | EventKind::Ignored(_))
                {
                    panic!("a proposal was not taken");
                }
            }
            if let Some(observed) = &mut observed {
                let message = MlsMessage::from_bytes(&messages[0]).expect("decoded");
                observed.process_incoming_message(message).expect("a proposal that the observer takes");
            }
        }
        let committer = dice.below(self.members.len());
        let by_value: Vec<Proposal> = (0..dice.below(3)).map(|_| self.proposal(dice, &mut adds)).collect();
        let shape = CommitOptions { force_path: dice.below(2) == 0, ..CommitOptions::default() };
        // A mix by value that is not valid in itself is the caller's fault: then what waits is committed alone.
        let group = &self.members[committer].1;
        let commit = group
            .commit(by_value, shape.clone())
            .or_else(|_| group.commit(vec![], shape))
            .expect("what waits can always be committed");
        let message = commit.message().expect("its message");
        commit.accept().expect("accepted");
        let welcomes = commit.welcomes().expect("its Welcomes");
        if let Some(observed) = &mut observed {
            let message = MlsMessage::from_bytes(&message).expect("decoded");
            observed.process_incoming_message(message).expect("a commit that the observer accepts");
        }
        let mut removed = Vec::new();
        for (at, (client, _)) in self.members.iter().enumerate() {
            if at == committer {
                continue;
            }
            match one(client, &message) {
                EventKind::Committed(_) => {}
                EventKind::Removed(_) => removed.push(at),
                other => panic!("member {at} of commit by {committer}: {other:?}"),
            }
        }
        for at in removed.into_iter().rev() {
            self.members.remove(at);
        }
        for client in adds {
            let events =
                welcomes.first().map_or_else(Vec::new, |welcome| client.receive(welcome.to_vec()).expect("received"));
            for event in events {
                if let EventKind::Invited(invitation) = event.kind {
                    let group = client.join(invitation.id, None).expect("joined");
                    self.members.push((client.clone(), group));
                }
            }
        }
        for (client, _) in &self.members {
            client.add_psk(b"shared".to_vec(), vec![7; 32]).expect("kept");
        }
        let groups: Vec<&Group> = self.members.iter().map(|(_, group)| group).collect();
        agree(&groups);
        let members: Vec<_> = self.members.iter().map(|(client, group)| (client, group)).collect();
        talk(&members);
    }
}

fn run(name: &str, public: bool) {
    let mut dice = Dice::new(name);
    for _ in 0..tier(6, 100) {
        let mut world = World { members: Vec::new(), newcomers: 0, public };
        let client = world.client();
        let group = client.create_group(GroupOptions::default()).expect("a group");
        client.add_psk(b"shared".to_vec(), vec![7; 32]).expect("kept");
        world.members.push((client, group));
        for _ in 0..25 {
            world.step(&mut dice);
            // Small enough to be quick, and never alone for long.
            while world.members.len() > 6 {
                let (message, _) = commit(
                    &world.members[0].1,
                    vec![Proposal::remove(world.members[world.members.len() - 1].1.own_leaf().expect("a leaf"))],
                );
                world.members.pop();
                for (client, _) in &world.members[1..] {
                    committed(client, &message);
                }
            }
        }
    }
}

#[test]
fn public_mixes_are_accepted_by_every_peer_and_by_an_observer() {
    run("public mixes", true);
}

#[test]
fn encrypted_mixes_are_accepted_by_every_peer() {
    run("encrypted mixes", false);
}
