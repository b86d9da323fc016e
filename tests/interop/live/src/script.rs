//! One random script: members of two implementations in one group, compared after every step.

use crate::{peer::*, random::Random};
use std::collections::{BTreeMap, BTreeSet};

struct Actor {
    name: String,
    peer: Box<dyn Peer>,
    /// The epoch it came in.
    member_since: Option<u64>,
}

/// An application message that was kept back.
struct Late {
    from: usize,
    epoch: u64,
    message: Vec<u8>,
    data: Vec<u8>,
}

pub struct Script {
    random: Random,
    actors: Vec<Actor>,
    /// One that only follows: it makes nothing, and nobody removes it.
    follower: Option<usize>,
    epoch: u64,
    psks: u32,
    late: Vec<Late>,
    /// What was done, for the one who reads of a failure.
    pub log: Vec<String>,
    /// How many times all members' states were compared.
    pub compared: usize,
    /// How many messages were given to somebody.
    pub delivered: usize,
    /// What was left out because a peer cannot do it, and how often.
    pub left_out: BTreeMap<(&'static str, &'static str), u32>,
    /// The kinds of step that were taken.
    pub steps: BTreeSet<&'static str>,
}

fn fail<T>(why: impl Into<String>) -> Result<T> {
    Err(why.into())
}

impl Script {
    pub fn new(seed: u64, peers: Vec<Box<dyn Peer>>) -> Self {
        let actors = peers
            .into_iter()
            .enumerate()
            .map(|(i, peer)| Actor { name: format!("{}{i}", peer.kind()), peer, member_since: None })
            .collect();
        Self {
            random: Random::new(seed),
            actors,
            follower: None,
            epoch: 0,
            psks: 0,
            late: Vec::new(),
            log: Vec::new(),
            compared: 0,
            delivered: 0,
            left_out: BTreeMap::new(),
            steps: BTreeSet::new(),
        }
    }

    /// The identity of an actor: its peer was made with it.
    pub fn identity(index: usize) -> String {
        format!("member {index}")
    }

    fn members(&self) -> Vec<usize> {
        (0..self.actors.len()).filter(|i| self.actors[*i].member_since.is_some()).collect()
    }

    /// The members that do something.
    fn active(&self) -> Vec<usize> {
        self.members().into_iter().filter(|member| Some(*member) != self.follower).collect()
    }

    fn outsiders(&self) -> Vec<usize> {
        (0..self.actors.len()).filter(|i| self.actors[*i].member_since.is_none()).collect()
    }

    fn at<T>(&mut self, actor: usize, what: &str, call: impl FnOnce(&mut dyn Peer) -> Result<T>) -> Result<T> {
        let actor = &mut self.actors[actor];
        call(actor.peer.as_mut()).map_err(|error| format!("{} {what}: {error}", actor.name))
    }

    /// Runs the whole script.
    pub fn run(&mut self, steps: usize) -> Result<()> {
        let creator = self.random.below(self.actors.len());
        let id = self.random.bytes(16);
        self.log.push(format!("{} creates", self.actors[creator].name));
        self.at(creator, "creates", |peer| peer.create(&id))?;
        self.actors[creator].member_since = Some(0);
        self.compare()?;
        self.add_somebody()?;
        for _ in 0..steps {
            self.step()?;
            self.compare()?;
            if self.random.one_in(4) {
                let who = self.random.below(self.actors.len());
                self.log.push(format!("{} restarts", self.actors[who].name));
                self.at(who, "restarts", |peer| peer.restart())?;
            }
        }
        self.talk()
    }

    /// Runs a script whose first actor only follows: it is added at once, stays, and is never tried with bad messages.
    pub fn follow(&mut self, steps: usize) -> Result<()> {
        self.follower = Some(0);
        let id = self.random.bytes(16);
        self.at(1, "creates", |peer| peer.create(&id))?;
        self.actors[1].member_since = Some(0);
        let add = self.key_package(0)?;
        let how = self.how(false);
        self.commit(1, &[add], &how, &[0], &[])?;
        for _ in 0..steps {
            match self.random.below(8) {
                0 => self.by_value()?,
                1..=3 => self.by_reference()?,
                4 => self.external(false)?,
                5 => self.external(true)?,
                6 => self.resumption()?,
                _ => self.add_somebody()?,
            }
            self.compare()?;
        }
        Ok(())
    }

    fn step(&mut self) -> Result<()> {
        match self.random.below(12) {
            0 | 1 => self.by_value(),
            2..=4 => self.by_reference(),
            5 => self.talk(),
            6 => self.external(false),
            7 => self.external(true),
            8 => self.race(),
            9 => self.resumption(),
            10 => self.tampered(),
            11 => self.add_somebody(),
            _ => self.renew(),
        }
    }

    /// Whether an actor can do this; what it cannot is counted.
    fn can(&mut self, actor: usize, what: Lack) -> bool {
        let peer = &self.actors[actor].peer;
        match peer.lacks(what) {
            Some(reason) => {
                *self.left_out.entry((peer.kind(), reason)).or_default() += 1;
                false
            }
            None => true,
        }
    }

    /// Everybody agrees on everything.
    fn compare(&mut self) -> Result<()> {
        let members = self.members();
        let mut states = Vec::new();
        for member in &members {
            states.push(self.at(*member, "tells its state", |peer| peer.state())?);
        }
        for (member, state) in members.iter().zip(&states) {
            if *state != states[0] {
                let (a, b) = (&self.actors[members[0]].name, &self.actors[*member].name);
                return fail(format!("{a} and {b} differ: {:?} and {state:?}", states[0]));
            }
        }
        if states[0].epoch != self.epoch {
            return fail(format!("epoch {} in place of {}", states[0].epoch, self.epoch));
        }
        let listed: BTreeSet<Vec<u8>> = states[0].members.iter().map(|(_, identity)| identity.clone()).collect();
        let expected: BTreeSet<Vec<u8>> = members.iter().map(|i| Self::identity(*i).into_bytes()).collect();
        if listed != expected || states[0].members.len() != members.len() {
            return fail(format!("the roster is {listed:?} in place of {expected:?}"));
        }
        self.compared += 1;
        Ok(())
    }

    fn leaf(&mut self, of: usize, seen_by: usize) -> Result<u32> {
        let identity = Self::identity(of).into_bytes();
        let state = self.at(seen_by, "tells its state", |peer| peer.state())?;
        match state.members.iter().find(|(_, bytes)| *bytes == identity) {
            Some((leaf, _)) => Ok(*leaf),
            None => fail("a member is not in the roster"),
        }
    }

    fn new_psk(&mut self) -> Result<Vec<u8>> {
        self.psks += 1;
        let (id, secret) = (format!("psk {}", self.psks).into_bytes(), self.random.bytes(32));
        for actor in 0..self.actors.len() {
            self.at(actor, "keeps a PSK", |peer| peer.add_psk(&id, &secret))?;
        }
        Ok(id)
    }

    fn how(&mut self, path: bool) -> How {
        let len = self.random.below(20);
        How { path: path || self.random.coin(), aad: self.random.bytes(len), tree_inside: self.random.coin() }
    }

    /// The delivery service took this commit: its maker accepts, the others process it, joiners join, who is removed
    /// learns it.
    fn deliver(
        &mut self,
        committer: usize,
        made: &Made,
        tree_inside: bool,
        joiners: &[usize],
        removed: &[usize],
    ) -> Result<()> {
        self.at(committer, "accepts", |peer| peer.accept())?;
        for member in self.members() {
            if member == committer {
                continue;
            }
            let expected = if removed.contains(&member) { Got::Removed } else { Got::Commit };
            if removed.contains(&member) && !self.can(member, Lack::OwnRemoval) {
                continue;
            }
            let got = self.at(member, "handles a commit", |peer| peer.handle(&made.commit))?;
            self.delivered += 1;
            if got != expected {
                return fail(format!("{} got {got:?} from a commit", self.actors[member].name));
            }
        }
        self.epoch += 1;
        for member in removed {
            self.actors[*member].member_since = None;
        }
        if !joiners.is_empty() {
            let Some(welcome) = &made.welcome else { return fail("no Welcome") };
            let tree = match tree_inside {
                true => None,
                false => Some(self.at(committer, "gives its tree", |peer| peer.tree())?),
            };
            for joiner in joiners {
                self.at(*joiner, "joins", |peer| peer.join(welcome, tree.as_deref()))?;
                self.delivered += 1;
                self.actors[*joiner].member_since = Some(self.epoch);
            }
        }
        self.deliver_late()
    }

    fn commit(
        &mut self,
        committer: usize,
        by_value: &[Change],
        how: &How,
        joiners: &[usize],
        removed: &[usize],
    ) -> Result<()> {
        self.log.push(format!(
            "{} commits {:?} by value, path {}, tree inside {}, joiners {joiners:?}, removed {removed:?}",
            self.actors[committer].name,
            by_value.iter().map(Change::name).collect::<Vec<_>>(),
            how.path,
            how.tree_inside
        ));
        let made = self.at(committer, "commits", |peer| peer.commit(by_value, how))?;
        // Between the commit and its answer everything may stop.
        if self.random.one_in(4) {
            self.at(committer, "restarts with a pending commit", |peer| peer.restart())?;
        }
        self.deliver(committer, &made, how.tree_inside, joiners, removed)
    }

    fn key_package(&mut self, of: usize) -> Result<Change> {
        Ok(Change::Add { key_package: self.at(of, "makes a key package", |peer| peer.key_package())? })
    }

    // The steps.

    fn renew(&mut self) -> Result<()> {
        self.steps.insert("renew");
        let Some(committer) = self.random.pick(&self.active()) else { return Ok(()) };
        let how = self.how(true);
        self.commit(committer, &[], &how, &[], &[])
    }

    fn add_somebody(&mut self) -> Result<()> {
        self.steps.insert("add");
        let mut joiners = self.outsiders();
        self.random.shuffle(&mut joiners);
        joiners.truncate(1 + self.random.below(2));
        let Some(committer) = self.random.pick(&self.active()) else { return Ok(()) };
        let adds = joiners.iter().map(|joiner| self.key_package(*joiner)).collect::<Result<Vec<_>>>()?;
        let how = self.how(adds.is_empty());
        self.commit(committer, &adds, &how, &joiners, &[])
    }

    /// Changes that go together in one commit of `committer`, and who joins and leaves by them.
    fn changes(&mut self, committer: usize, most: usize) -> Result<(Vec<Change>, Vec<usize>, Vec<usize>)> {
        let (mut changes, mut joiners, mut removed) = (Vec::new(), Vec::new(), Vec::new());
        let mut outsiders = self.outsiders();
        let mut others: Vec<usize> = self.active().into_iter().filter(|member| *member != committer).collect();
        self.random.shuffle(&mut outsiders);
        self.random.shuffle(&mut others);
        let mut context = true;
        for _ in 0..=self.random.below(most) {
            match self.random.below(4) {
                0 => {
                    if let Some(joiner) = outsiders.pop() {
                        changes.push(self.key_package(joiner)?);
                        joiners.push(joiner);
                    }
                }
                1 if self.members().len() > 2 && removed.is_empty() => {
                    if let Some(member) = others.pop() {
                        changes.push(Change::Remove { leaf: self.leaf(member, committer)? });
                        removed.push(member);
                    }
                }
                2 => changes.push(Change::Psk { id: self.new_psk()? }),
                _ if context && self.can(committer, Lack::CommitContext) => {
                    changes.push(self.context());
                    context = false;
                }
                _ => {}
            }
        }
        Ok((changes, joiners, removed))
    }

    /// New extensions of the group context, which every member can have.
    fn context(&mut self) -> Change {
        let everybody = (0..self.actors.len()).collect::<Vec<_>>();
        if self.random.coin() || !everybody.into_iter().all(|actor| self.can(actor, Lack::PrivateExtensions)) {
            // None; or basic credentials, which everybody has by default.
            let data = if self.random.coin() { vec![0, 0, 0] } else { vec![0, 0, 2, 0, 1] };
            return Change::Context { extensions: vec![(REQUIRED_CAPABILITIES, data)] };
        }
        let len = self.random.below(10);
        // OpenMLS takes no extension that the group does not require.
        let [high, low] = CONTEXT_EXTENSION.to_be_bytes();
        let required = (REQUIRED_CAPABILITIES, vec![2, high, low, 0, 0]);
        let mut extensions = vec![required, (CONTEXT_EXTENSION, self.random.bytes(len))];
        self.random.shuffle(&mut extensions);
        Change::Context { extensions }
    }

    fn by_value(&mut self) -> Result<()> {
        self.steps.insert("by value");
        let Some(committer) = self.random.pick(&self.active()) else { return Ok(()) };
        let (changes, joiners, removed) = self.changes(committer, 4)?;
        let how = self.how(changes.is_empty());
        self.commit(committer, &changes, &how, &joiners, &removed)
    }

    fn propose(&mut self, proposer: usize, change: &Change, removed: &[usize]) -> Result<()> {
        self.log.push(format!("{} proposes {}", self.actors[proposer].name, change.name()));
        let len = self.random.below(10);
        let aad = self.random.bytes(len);
        let message = self.at(proposer, "proposes", |peer| peer.propose(change, &aad))?;
        for member in self.members() {
            let leaves = removed.contains(&member) && matches!(change, Change::Remove { .. });
            if member != proposer && (!leaves || self.can(member, Lack::OwnRemoval)) {
                let got = self.at(member, "handles a proposal", |peer| peer.handle(&message))?;
                self.delivered += 1;
                if got != Got::Proposal {
                    return fail(format!("{} got {got:?} from a proposal", self.actors[member].name));
                }
            }
        }
        Ok(())
    }

    /// Proposals by reference of several members, and some more by value.
    fn by_reference(&mut self) -> Result<()> {
        self.steps.insert("by reference");
        let Some(committer) = self.random.pick(&self.active()) else { return Ok(()) };
        let (changes, joiners, removed) = self.changes(committer, 4)?;
        let mut by_value = Vec::new();
        // Whoever is removed proposes nothing: his Update would be left out.
        let proposers: Vec<usize> = self.active().into_iter().filter(|m| !removed.contains(m)).collect();
        for change in changes {
            let proposer = self.random.pick(&proposers).unwrap_or(committer);
            let alike = matches!(change, Change::Psk { .. }) && !self.can(committer, Lack::MixedPsks);
            match self.random.one_in(4) && !alike {
                true => by_value.push(change),
                false => self.propose(proposer, &change, &removed)?,
            }
        }
        let updaters: Vec<usize> = proposers.into_iter().filter(|member| *member != committer).collect();
        for updater in updaters {
            if self.random.one_in(3) && self.can(updater, Lack::Update) {
                self.propose(updater, &Change::Update, &removed)?;
            }
        }
        let how = self.how(false);
        self.commit(committer, &by_value, &how, &joiners, &removed)
    }

    /// Messages with AAD, out of order, some twice, some kept for later epochs.
    fn talk(&mut self) -> Result<()> {
        self.steps.insert("talk");
        let mut messages = Vec::new();
        for from in self.members() {
            self.late.retain(|late| late.from != from);
            for _ in 0..self.random.below(4) {
                let (len, aad_len) = (self.random.below(300), self.random.below(10));
                let (data, aad) = (self.random.bytes(len), self.random.bytes(aad_len));
                let message = self.at(from, "encrypts", |peer| peer.encrypt(&data, &aad))?;
                messages.push((from, message, data, aad));
            }
        }
        self.log.push(format!("{} messages", messages.len()));
        self.random.shuffle(&mut messages);
        if self.random.coin() {
            // OpenMLS keeps the keys of the last five messages of a sender.
            if let Some((from, message, data, _)) = messages.pop() {
                self.late.push(Late { from, epoch: self.epoch, message, data });
            }
        }
        for (from, message, data, aad) in messages {
            for member in self.members() {
                if member == from {
                    continue;
                }
                let got = self.at(member, "reads", |peer| peer.handle(&message))?;
                self.delivered += 1;
                if got != (Got::Message { data: data.clone(), aad: aad.clone() }) {
                    return fail(format!("{} read {got:?}", self.actors[member].name));
                }
                if self.random.one_in(4) {
                    let again = self.at(member, "reads again", |peer| peer.handle(&message))?;
                    if !matches!(again, Got::Nothing(_)) {
                        return fail(format!("{} read a message twice", self.actors[member].name));
                    }
                }
            }
        }
        Ok(())
    }

    /// Messages of an epoch that is over, while its keys are kept.
    fn deliver_late(&mut self) -> Result<()> {
        for late in std::mem::take(&mut self.late) {
            if late.epoch + 2 < self.epoch || self.random.coin() && late.epoch + 2 != self.epoch {
                if late.epoch + 2 >= self.epoch {
                    self.late.push(late);
                }
                continue;
            }
            self.steps.insert("past epoch");
            for member in self.members() {
                let since = self.actors[member].member_since.unwrap_or(u64::MAX);
                if member == late.from || since > late.epoch {
                    continue;
                }
                let got = self.at(member, "reads late", |peer| peer.handle(&late.message))?;
                self.delivered += 1;
                if !matches!(&got, Got::Message { data, .. } if *data == late.data) {
                    return fail(format!("{} read {got:?} of a past epoch", self.actors[member].name));
                }
            }
        }
        Ok(())
    }

    fn external(&mut self, resync: bool) -> Result<()> {
        let members = self.active();
        let joiner = match resync {
            true if members.len() > 1 => self.random.pick(&members),
            true => None,
            false => self.random.pick(&self.outsiders()),
        };
        let Some(joiner) = joiner else { return self.renew() };
        self.steps.insert(if resync { "resync" } else { "external join" });
        let others: Vec<usize> = members.into_iter().filter(|member| *member != joiner).collect();
        let Some(helper) = self.random.pick(&others) else { return self.renew() };
        if !self.can(joiner, Lack::External) || !self.can(helper, Lack::External) {
            return self.renew();
        }
        let inside = self.random.coin();
        let psk = match self.random.coin() && self.can(joiner, Lack::ExternalPsk) {
            true => Some(self.new_psk()?),
            false => None,
        };
        self.log.push(format!(
            "{} joins by external commit, helped by {}, resync {resync}, tree inside {inside}, PSK {}",
            self.actors[joiner].name,
            self.actors[helper].name,
            psk.is_some()
        ));
        let info = self.at(helper, "gives a GroupInfo", |peer| peer.info(inside))?;
        let tree = match inside {
            true => None,
            false => Some(self.at(helper, "gives its tree", |peer| peer.tree())?),
        };
        let commit = self.at(joiner, "joins by external commit", |peer| {
            peer.join_external(&info, tree.as_deref(), psk.as_deref(), resync)
        })?;
        self.actors[joiner].member_since = Some(self.epoch + 1);
        self.late.retain(|late| late.from != joiner);
        self.deliver(joiner, &Made { commit, welcome: None }, false, &[], &[])
    }

    /// Two commits at once: the loser takes the winner's.
    fn race(&mut self) -> Result<()> {
        let mut members = self.active();
        if members.len() < 2 {
            return self.renew();
        }
        self.steps.insert("race");
        self.random.shuffle(&mut members);
        let (winner, loser) = (members[0], members[1]);
        self.log.push(format!("{} and {} race", self.actors[winner].name, self.actors[loser].name));
        let (how, other) = (self.how(true), self.how(true));
        self.at(loser, "commits", |peer| peer.commit(&[], &other))?;
        let made = self.at(winner, "commits", |peer| peer.commit(&[], &how))?;
        self.at(loser, "is refused", |peer| peer.reject())?;
        self.deliver(winner, &made, true, &[], &[])
    }

    /// The resumption secret of an epoch that every member has seen.
    fn resumption(&mut self) -> Result<()> {
        let members = self.members();
        let first = members.iter().filter_map(|member| self.actors[*member].member_since).max().unwrap_or(0) + 1;
        let first = first.max(self.epoch.saturating_sub(3));
        let members = self.active();
        let Some(committer) = self.random.pick(&members) else { return Ok(()) };
        if first >= self.epoch {
            return self.renew();
        }
        self.steps.insert("resumption PSK");
        let epoch = first + self.random.below((self.epoch - first) as usize) as u64;
        let how = self.how(false);
        let proposer = self.random.pick(&members).unwrap_or(committer);
        if self.random.coin() && self.can(proposer, Lack::ProposeResumption) {
            self.propose(proposer, &Change::Resumption { epoch }, &[])?;
            return self.commit(committer, &[], &how, &[], &[]);
        }
        self.commit(committer, &[Change::Resumption { epoch }], &how, &[], &[])
    }

    /// A commit that was changed on the way is turned away and changes nothing; the genuine one is taken then.
    fn tampered(&mut self) -> Result<()> {
        self.steps.insert("tampered commit");
        let Some(committer) = self.random.pick(&self.active()) else { return Ok(()) };
        let how = self.how(true);
        let made = self.at(committer, "commits", |peer| peer.commit(&[], &how))?;
        for member in self.members() {
            if member == committer || !self.actors[member].peer.survives_tampering() {
                continue;
            }
            for _ in 0..4 {
                let mut changed = made.commit.clone();
                // Behind version, wire format, group id and epoch: those decide whose message it is at all.
                let front = 4 + 17 + 8;
                let at = front + self.random.below(changed.len() - front);
                changed[at] ^= 1 << self.random.below(8);
                let before = self.at(member, "tells its state", |peer| peer.state())?;
                let outcome = self.actors[member].peer.handle(&changed);
                let after = self.at(member, "tells its state", |peer| peer.state())?;
                if before != after || matches!(outcome, Ok(Got::Commit | Got::Removed | Got::Message { .. })) {
                    return fail(format!("{} took a commit changed at {at}: {outcome:?}", self.actors[member].name));
                }
            }
        }
        self.log.push(format!("{} commits, tampered with", self.actors[committer].name));
        self.deliver(committer, &made, how.tree_inside, &[], &[])
    }
}
