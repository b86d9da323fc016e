//! Groups that continue a group: branches, and successors after a ReInit (RFC 9420 sections 11.2, 11.3).

use super::{
    Group, GroupStatus, Locked, Session,
    commit::CommitRow,
    propose::{check_key_package, reinit_id},
    row::{EpochRow, StoredTree},
    session::run,
};
use crate::{
    CipherSuite, Commit, CommitOptions, Committed, ErrorCode, EventKind, Extension, MlsError, Result, SenderKind,
    client::ClientCore,
    engine::{
        self, CommitShape, Continued, EngineGroup, Graft, KeyPackageFields, Own, Parts, Snapshot,
        with_context_extensions, with_signer,
    },
    error::fail,
    ledger::encode,
    trust::Purpose,
};
use mls_rs::{
    MlsMessage,
    crypto::SignatureSecretKey,
    group::{ExportedTree, NewMemberInfo},
    identity::SigningIdentity,
};
use zeroize::Zeroizing;

/// The epoch that a Welcome continues is gone, and does not come back.
pub(crate) const PASSED: &str = "EpochPassed";

#[cfg_attr(feature = "uniffi", uniffi::export)]
impl Group {
    /// Makes a new group of some members of this one, bound to this epoch: a key package for each of them but this
    /// device. They have to join while they are in the same epoch. The group context's `extensions` are this group's if
    /// they are not given. The returned commit is accepted already: its `group` is the new group, its `welcomes` are for
    /// the members. Of the options a path, the tree and the Welcomes can be chosen.
    ///
    /// Errors: `GroupExists`, `InvalidKeyPackage`, `KeyPackageExpired` (by the client's clock or the system's),
    /// `NoSuccessor` if somebody is not a member of this group, `InvalidArgument` for the other options,
    /// `InvalidProposal` for extensions that a member does not have, and those of [`encrypt`](Self::encrypt) but
    /// `CommitRequired`.
    pub fn branch(
        &self,
        group_id: Option<Vec<u8>>,
        key_packages: Vec<Vec<u8>>,
        extensions: Option<Vec<Extension>>,
        options: CommitOptions,
    ) -> Result<Commit> {
        let shape = shape_of(&options)?;
        let id = reinit_id(&group_id)?;
        let extensions = extensions.map(|list| engine::extensions(&list)).transpose()?;
        let now = engine::time(self.client.settings.now()?);
        let (group, welcomes, parts) = {
            let mut locked = self.lock_whole()?;
            self.check_sending(locked.session())?;
            let session = locked.session();
            let packages = decode_all(&self.client, session.row.cipher_suite, &key_packages)?;
            let parts = self.client.parts();
            parts.rules.set_shape(shape);
            // The engine gives a branch its parent's extensions: so the parent gets the branch's, in a copy.
            let (_, tree) = StoredTree::read(&self.client.store, self.core.tag, &session.row)?;
            let mut whole = Snapshot::join(&session.row.snapshot, &tree)?;
            if let Some(extensions) = &extensions {
                whole = with_context_extensions(&whole, extensions)?;
            }
            let copy = self.client.load_engine(&parts, &self.core.id, whole)?;
            let (group, welcomes) = run(|| copy.branch(id.clone(), packages, Some(now)))?;
            (group, welcomes, parts)
        };
        self.store_successor(group, &parts, &welcomes)
    }

    /// Makes the successor that a ReInit announced, with a key package for every other member. The returned commit is
    /// accepted already, and the options are those, as for [`branch`](Self::branch).
    ///
    /// Errors: `NoSuccessor` if none is announced or the members are not the same, `GroupExists`, `InvalidKeyPackage`,
    /// `KeyPackageExpired` (by the client's clock or the system's), `InvalidArgument` for the other options.
    pub fn create_successor(&self, key_packages: Vec<Vec<u8>>, options: CommitOptions) -> Result<Commit> {
        self.client.settings.full()?;
        let shape = shape_of(&options)?;
        let now = engine::time(self.client.settings.now()?);
        let mut locked = self.lock_whole()?;
        if locked.session().row.status != GroupStatus::Replaced {
            return fail(ErrorCode::NoSuccessor, "no successor is announced for this group");
        }
        let suite = locked.session().announced_suite().map_or(locked.session().row.cipher_suite, |suite| suite.0);
        let packages = decode_all(&self.client, suite, &key_packages)?;
        let own = self.client.successor_identity(&mut locked)?;
        let session = locked.session();
        let parts = self.client.parts();
        parts.rules.set_shape(shape);
        let parent = Graft::parent(&session.row.snapshot, &session.identities()?)?;
        let engine = self.client.load_engine(&parts, &self.core.id, parent)?;
        let (group, welcomes) = run(|| {
            let client = engine.get_reinit_client(own.signer, Some(own.identity))?;
            client.commit(packages, mls_rs::ExtensionList::new(), Some(now))
        })?;
        drop(locked);
        self.store_successor(group, &parts, &welcomes)
    }
}

/// How the commit that makes a successor is to look. It has no message, and so nothing that a message could carry.
fn shape_of(options: &CommitOptions) -> Result<CommitShape> {
    let CommitOptions {
        force_path,
        aad,
        new_identity,
        leaf_extensions,
        tree_out_of_band,
        welcome_for_each,
        group_info,
    } = options;
    if !aad.is_empty() || new_identity.is_some() || leaf_extensions.is_some() || group_info.is_some() {
        return fail(
            ErrorCode::InvalidArgument,
            "a path, the tree and the Welcomes are all that can be chosen of the commit that makes a group",
        );
    }
    Ok(CommitShape {
        force_path: *force_path,
        tree_out_of_band: *tree_out_of_band,
        welcome_for_each: *welcome_for_each,
        ..CommitShape::default()
    })
}

impl Group {
    /// Stores a group that this device has made, with its Welcomes.
    fn store_successor(&self, mut engine: EngineGroup, parts: &Parts, welcomes: &[MlsMessage]) -> Result<Commit> {
        let client = &self.client;
        let group = client.group(engine.group_id());
        let mut slot = group.core.enter()?;
        client.absent(&group)?;
        let trust = super::join::ask_trust(client, parts, &engine, Purpose::Add)?.into_result()?;
        run(|| engine.write_to_storage())?;
        let written = parts.provider.take_written().expect("the engine has just written");
        let snapshot = Snapshot::cut(&written.snapshot)?;
        let welcomes: Vec<Vec<u8>> = welcomes.iter().map(|welcome| welcome.to_bytes()).collect::<Result<_, _>>()?;
        let own = engine.current_member_index();
        let members: Vec<_> = engine.roster().members();
        let sender = |leaf: u32, id| client.settings.sender(SenderKind::Member, Some(leaf), Some(id));
        let by = members.iter().find(|member| member.index == own).map(|member| sender(own, &member.signing_identity));
        let Some(by) = by else { return fail(ErrorCode::Engine, "the new group is without its maker") };
        let epoch = engine.context().epoch;
        let id = client.step(|tx| {
            client.absent(&group)?;
            let id = tx.id();
            group.arrive(tx, &snapshot, &engine, Some(id))?;
            let row = CommitRow::made(id, epoch, Vec::new(), welcomes.clone());
            tx.batch.put(CommitRow::key(&group, id), encode(&row));
            trust.remember(&client.store, &mut tx.batch)?;
            let others = members.iter().filter(|member| member.index != own);
            let mut committed = Committed::new(by.clone(), epoch);
            committed.commit = Some(id);
            committed.added = others.map(|member| sender(member.index, &member.signing_identity)).collect();
            tx.event(Some(group.core.tag), &group.core.id, EventKind::Committed(committed));
            Ok(id)
        })?;
        // It may be the group that has ended, under the same id.
        *slot = None;
        drop(slot);
        Ok(Commit { group, id })
    }
}

/// Key packages that are valid now by the client's clock. The engine asks the system's too here, and cannot be told not to.
fn decode_all(client: &ClientCore, suite: u16, key_packages: &[Vec<u8>]) -> Result<Vec<MlsMessage>> {
    let now = client.settings.now()?;
    key_packages
        .iter()
        .map(|bytes| {
            let message = check_key_package(client, suite, bytes)?;
            KeyPackageFields::read(bytes)?.check_lifetime(now)?;
            Ok(message)
        })
        .collect()
}

/// As whom this device makes a successor. No signer: the parent's.
struct Successor {
    signer: Option<SignatureSecretKey>,
    identity: SigningIdentity,
}

impl ClientCore {
    fn successor_identity(&self, locked: &mut Locked) -> Result<Successor> {
        let session = locked.session();
        let suite = session.announced_suite().filter(|suite| suite.0 != session.row.cipher_suite);
        Ok(match suite {
            Some(suite) => {
                let own = self.own(engine::suite(suite)?)?;
                Successor { signer: Some(own.signer), identity: own.identity }
            }
            None => {
                let identity = session.engine.current_member_signing_identity().map_err(MlsError::from)?.clone();
                Successor { signer: None, identity }
            }
        })
    }

    /// The epoch that a Welcome continues, as the engine needs it. `NoSuccessor` if it is not known, or not any more:
    /// then the detail is [`PASSED`].
    pub(super) fn parent_of(&self, continued: &Continued) -> Result<Zeroizing<Vec<u8>>> {
        let unknown =
            || MlsError::new(ErrorCode::NoSuccessor, "the Welcome continues an epoch that this device does not know");
        let passed = || unknown().with_detail(PASSED);
        let tag = self.store.group_tag(&continued.group_id);
        let session = match Session::load(self, tag) {
            Err(error) if error.code() == ErrorCode::GroupNotFound => return Err(unknown()),
            session => session?,
        };
        if session.row.epoch < continued.epoch {
            return Err(unknown());
        }
        match (continued.reinit, session.row.status == GroupStatus::Replaced) {
            (true, false) if session.row.epoch == continued.epoch => return Err(unknown()),
            (announced, ended) if announced != ended => return Err(passed()),
            _ => {}
        }
        if session.row.epoch == continued.epoch {
            return Graft::parent(&session.row.snapshot, &session.identities()?);
        }
        let past = EpochRow::get(&self.store, tag, continued.epoch)?;
        match past.zip(session.past_identities(&self.store, tag, continued.epoch)?) {
            Some((past, identities)) => {
                let whole = Graft::join(&session.row.snapshot, &past.small, &identities)?;
                Graft::parent(&whole, &identities)
            }
            None => Err(passed()),
        }
    }

    /// Joins what continues one of our groups.
    pub(super) fn join_successor(
        &self,
        parts: &Parts,
        parent: &[u8],
        reinit: bool,
        own: &Own,
        welcome: &MlsMessage,
        tree: Option<ExportedTree<'static>>,
    ) -> Result<(EngineGroup, NewMemberInfo)> {
        // The engine signs in a branch with the parent's key: it has to be the key package's.
        let parent = with_signer(parent, own.signer.as_bytes())?;
        if reinit {
            let engine = self.load_engine(parts, &[], parent)?;
            return Ok(run(|| {
                let client = engine.get_reinit_client(Some(own.signer.clone()), Some(own.identity.clone()))?;
                client.join(welcome, tree, None)
            })?);
        }
        let engine = self.load_engine(parts, &[], parent)?;
        Ok(match reinit {
            true => run(|| {
                let client = engine.get_reinit_client(Some(own.signer.clone()), Some(own.identity.clone()))?;
                client.join(welcome, tree, None)
            })?,
            false => run(|| engine.join_subgroup(welcome, tree, None))?,
        })
    }
}

impl Session {
    /// The suite of the successor that a ReInit announced.
    fn announced_suite(&self) -> Option<CipherSuite> {
        engine::announced_suite(&self.row.snapshot).ok().flatten().map(CipherSuite)
    }
}
