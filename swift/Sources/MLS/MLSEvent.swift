import Foundation
internal import MLSGenerated

/// What happened.
public struct MLSEvent: Identifiable, Sendable {
    /// Never used again in this store. Events of one group are in the order of their ids.
    public let id: UInt64
    /// How often it was returned before: above 0 after a crash or a pull from the inbox. A message that crashes the
    /// application can be recognised by it.
    public let deliveries: Int
    /// The group that it is about.
    public let groupID: Data
    /// What it is.
    public let kind: Kind

    init(_ core: MLSGenerated.Event) {
        id = core.id
        deliveries = Int(core.deliveries)
        groupID = core.groupId
        kind = Kind(core.kind)
    }

    /// The kinds of event. They only grow: keep a `default` branch.
    public enum Kind: Sendable {
        /// Kept. An application message: show it.
        case message(Message)
        /// Kept. A Welcome: join or decline.
        case invited(MLSInvitation)
        /// Kept. This device is in a group now: show it, and refill the key packages.
        case joined(Joined)
        /// A proposal was cached: commit it, or clear it.
        case proposed(Proposed)
        /// Kept. The group has a new epoch: refresh the roster.
        case committed(Committed)
        /// Kept. Another's commit won over ours: commit again, or not.
        case superseded(Superseded)
        /// Kept. This device was removed: the group is closed.
        case removed(Removed)
        /// Kept. The group ended in favour of a successor: create or join it.
        case replaced(Replaced)
        /// The message waits: fetch what is missing.
        case held(Held)
        /// Nothing to do.
        case ignored(Ignored)
        /// This device's policy or the protocol turns it away: nothing to do, or change the policy and receive it
        /// again.
        case denied(Denied)
        /// Nobody in the group is proven to have sent it: count it.
        case undecryptable(Undecryptable)
        /// Kept. A member's genuine commit cannot be applied here; the group is behind until then: change the policy
        /// and receive it again, leave, or rejoin.
        case stalled(Stalled)
        /// Kept. This device's state has parted from the group's: join again by an external commit, with the user's
        /// consent.
        case rejoinNeeded(RejoinNeeded)
        /// A kind that this version does not know. It never makes one: it is here so that a `default` branch is in place.
        case unknown

        init(_ core: MLSGenerated.EventKind) {
            self =
                switch core {
                case .message(let message): .message(Message(message))
                case .invited(let invited): .invited(MLSInvitation(invited))
                case .joined(let joined): .joined(Joined(joined))
                case .proposed(let proposed): .proposed(Proposed(proposed))
                case .committed(let committed): .committed(Committed(committed))
                case .superseded(let superseded): .superseded(Superseded(superseded))
                case .removed(let removed): .removed(Removed(removed))
                case .replaced(let replaced): .replaced(Replaced(replaced))
                case .held(let held): .held(Held(held))
                case .ignored(let ignored): .ignored(Ignored(ignored))
                case .denied(let denied): .denied(Denied(denied))
                case .undecryptable(let undecryptable): .undecryptable(Undecryptable(undecryptable))
                case .stalled(let stalled): .stalled(Stalled(stalled))
                case .rejoinNeeded(let rejoinNeeded): .rejoinNeeded(RejoinNeeded(rejoinNeeded))
                }
        }
    }

    /// An application message (RFC 9420 section 6).
    public struct Message: Sendable {
        /// Who sent it; the signature is checked.
        public let sender: MLSSender
        /// The epoch that it was sent in.
        public let epoch: UInt64
        /// The sender's count of messages in that epoch. Not signed: a member can give another's message a new one.
        public let generation: UInt32
        /// What was sent.
        public let data: Data
        /// Authenticated, not encrypted.
        public let aad: Data

        init(_ core: MLSGenerated.Message) {
            sender = MLSSender(core.sender)
            epoch = core.epoch
            generation = core.generation
            data = core.data
            aad = core.aad
        }
    }

    /// This device is in a group now.
    public struct Joined: Sendable {
        /// How.
        public let by: JoinedBy
        /// The epoch it joined in.
        public let epoch: UInt64
        /// The reference of the key package that was used; empty for an external commit.
        public let keyPackage: Data
        /// The id of our external commit.
        public let commit: UInt64?

        init(_ core: MLSGenerated.Joined) {
            by = JoinedBy(core.by)
            epoch = core.epoch
            keyPackage = core.keyPackage
            commit = core.commit
        }
    }

    /// A proposal was cached (RFC 9420 section 12.1).
    public struct Proposed: Sendable {
        /// The proposal.
        public let proposal: MLSProposalInfo
        /// Authenticated data of its message.
        public let aad: Data

        init(_ core: MLSGenerated.Proposed) {
            proposal = MLSProposalInfo(core.proposal)
            aad = core.aad
        }
    }

    /// A new epoch (RFC 9420 section 12.4.2).
    public struct Committed: Sendable {
        /// Who committed.
        public let sender: MLSSender
        /// The new epoch.
        public let epoch: UInt64
        /// The commit's id, if it is ours.
        public let commit: UInt64?
        /// Who was added.
        public let added: [MLSSender]
        /// Who was removed.
        public let removed: [MLSSender]
        /// Whose credential or signature key changed, with the new ones.
        public let updated: [MLSSender]
        /// Ids of the external pre-shared keys that were mixed in.
        public let psks: [Data]
        /// Whether the extensions of the group context changed.
        public let contextChanged: Bool
        /// Custom proposals that were committed.
        public let custom: [MLSProposalInfo]
        /// Our own proposals of the old epoch that were not committed.
        public let dropped: [MLSProposalInfo]
        /// Authenticated data of the commit.
        public let aad: Data

        init(_ core: MLSGenerated.Committed) {
            sender = MLSSender(core.sender)
            epoch = core.epoch
            commit = core.commit
            added = core.added.map(MLSSender.init)
            removed = core.removed.map(MLSSender.init)
            updated = core.updated.map(MLSSender.init)
            psks = core.psks
            contextChanged = core.contextChanged
            custom = core.custom.map(MLSProposalInfo.init)
            dropped = core.dropped.map(MLSProposalInfo.init)
            aad = core.aad
        }
    }

    /// Another's commit won over ours.
    public struct Superseded: Sendable {
        /// The id of our commit.
        public let commit: UInt64
        /// Who won.
        public let winner: MLSSender
        /// The epoch that the winner made.
        public let epoch: UInt64
        /// Our proposals in it that could be committed again: ``MLSGroup/commitAgain(_:options:)`` takes them.
        public let stillValid: [MLSProposalInfo]

        init(_ core: MLSGenerated.Superseded) {
            commit = core.commit
            winner = MLSSender(core.winner)
            epoch = core.epoch
            stillValid = core.stillValid.map(MLSProposalInfo.init)
        }
    }

    /// This device was removed.
    public struct Removed: Sendable {
        /// Who committed it.
        public let sender: MLSSender
        /// The last epoch that this device was part of.
        public let epoch: UInt64

        init(_ core: MLSGenerated.Removed) {
            sender = MLSSender(core.sender)
            epoch = core.epoch
        }
    }

    /// The group ended in favour of a successor (RFC 9420 sections 11.2, 11.3).
    public struct Replaced: Sendable {
        /// The successor's group id.
        public let successor: Data
        /// The successor's cipher suite.
        public let cipherSuite: MLSCipherSuite
        /// Who committed it.
        public let sender: MLSSender

        init(_ core: MLSGenerated.Replaced) {
            successor = core.successor
            cipherSuite = MLSCipherSuite(rawValue: core.cipherSuite)
            sender = MLSSender(core.sender)
        }
    }

    /// A message waits.
    public struct Held: Sendable {
        /// For what.
        public let reason: HeldFor
        /// The epoch that it belongs to; 0 if unknown.
        public let epoch: UInt64
        /// How many messages of this group, or Welcomes, wait now.
        public let waiting: Int

        init(_ core: MLSGenerated.Held) {
            reason = HeldFor(core.reason)
            epoch = core.epoch
            waiting = Int(core.waiting)
        }
    }

    /// Nothing to do.
    public struct Ignored: Sendable {
        /// Why.
        public let reason: IgnoredReason
        /// The epoch that it belongs to; 0 if unknown.
        public let epoch: UInt64

        init(_ core: MLSGenerated.Ignored) {
            reason = IgnoredReason(core.reason)
            epoch = core.epoch
        }
    }

    /// Turned away, with the state unchanged.
    public struct Denied: Sendable {
        /// Why.
        public let reason: DeniedReason
        /// The engine's word for it. Not stable.
        public let detail: String
        /// Who sent it, as far as it is known.
        public let sender: MLSSender?
        /// The message, to receive it again.
        public let message: Data

        init(_ core: MLSGenerated.Denied) {
            reason = DeniedReason(core.reason)
            detail = core.detail
            sender = core.sender.map(MLSSender.init)
            message = core.message
        }
    }

    /// Nobody in the group is proven to have sent it; the state is unchanged.
    public struct Undecryptable: Sendable {
        /// The engine's word for it. Not stable.
        public let detail: String
        /// The epoch that it claims; 0 if unknown.
        public let epoch: UInt64

        init(_ core: MLSGenerated.Undecryptable) {
            detail = core.detail
            epoch = core.epoch
        }
    }

    /// A genuine commit cannot be applied here; the state is unchanged.
    public struct Stalled: Sendable {
        /// Why.
        public let reason: DeniedReason
        /// The engine's word for it. Not stable.
        public let detail: String
        /// The epoch that the commit would end.
        public let epoch: UInt64
        /// Who committed, as far as it is known.
        public let sender: MLSSender?
        /// The commit, to receive it again.
        public let message: Data

        init(_ core: MLSGenerated.Stalled) {
            reason = DeniedReason(core.reason)
            detail = core.detail
            epoch = core.epoch
            sender = core.sender.map(MLSSender.init)
            message = core.message
        }
    }

    /// Join again by an external commit.
    public struct RejoinNeeded: Sendable {
        /// How it was noticed.
        public let reason: RejoinReason
        /// The epoch that this device is in.
        public let epoch: UInt64

        init(_ core: MLSGenerated.RejoinNeeded) {
            reason = RejoinReason(core.reason)
            epoch = core.epoch
        }
    }

    /// How this device came into a group.
    public struct JoinedBy: MLSCode {
        /// A Welcome.
        public static let welcome = Self(.welcome)
        /// Its own external commit.
        public static let externalCommit = Self(.externalCommit)

        /// The number that C has for it.
        public let rawValue: Int32
        /// The name of the constant here.
        public let description: String

        init(_ core: MLSGenerated.JoinedBy) {
            rawValue = core.rawValue
            description = "\(core)"
        }
    }

    /// What a held message waits for.
    public struct HeldFor: MLSCode {
        /// An earlier commit.
        public static let epoch = Self(.epoch)
        /// The Welcome to its group.
        public static let group = Self(.group)
        /// The validator's decision: ``MLSClient/retryHeld()``.
        public static let validator = Self(.validator)
        /// A client with larger limits (the application, not its extension).
        public static let limits = Self(.limits)
        /// A proposal that a commit refers to.
        public static let proposal = Self(.proposal)
        /// A pre-shared key of a Welcome: ``MLSClient/addPsk(id:secret:)``, then ``MLSClient/retryHeld()``.
        public static let psk = Self(.psk)

        /// The number that C has for it.
        public let rawValue: Int32
        /// The name of the constant here.
        public let description: String

        init(_ core: MLSGenerated.HeldFor) {
            rawValue = core.rawValue
            description = "\(core)"
        }
    }

    /// Why there is nothing to do.
    public struct IgnoredReason: MLSCode {
        /// It was processed before.
        public static let duplicate = Self(.duplicate)
        /// It is our own.
        public static let ownEcho = Self(.ownEcho)
        /// Its epoch is over and its keys are gone.
        public static let tooOld = Self(.tooOld)
        /// The group is closed.
        public static let groupClosed = Self(.groupClosed)
        /// Too much waits for this group already; it was not kept.
        public static let holdFull = Self(.holdFull)
        /// A Welcome for key packages that this device does not have.
        public static let notForUs = Self(.notForUs)
        /// A Welcome to a group that this device is in.
        public static let alreadyMember = Self(.alreadyMember)

        /// The number that C has for it.
        public let rawValue: Int32
        /// The name of the constant here.
        public let description: String

        init(_ core: MLSGenerated.IgnoredReason) {
            rawValue = core.rawValue
            description = "\(core)"
        }
    }

    /// Why something was turned away.
    public struct DeniedReason: MLSCode {
        /// This device's policy.
        public static let policy = Self(.policy)
        /// The trust policy denied a credential.
        public static let trust = Self(.trust)
        /// It is not valid in the protocol.
        public static let `protocol` = Self(.protocol)
        /// Over a limit.
        public static let limit = Self(.limit)

        /// The number that C has for it.
        public let rawValue: Int32
        /// The name of the constant here.
        public let description: String

        init(_ core: MLSGenerated.DeniedReason) {
            rawValue = core.rawValue
            description = "\(core)"
        }
    }

    /// How this device's state parted from the group's.
    public struct RejoinReason: MLSCode {
        /// Our own message at a generation that this store never set aside, or a proposal of ours that it does not
        /// know: the store was rolled back.
        public static let rolledBack = Self(.rolledBack)
        /// A commit of ours that this store does not know.
        public static let unknownOwnCommit = Self(.unknownOwnCommit)
        /// The anchor is ahead of the store.
        public static let anchor = Self(.anchor)
        /// Reserved, and not told: what belongs to a group changes in one transaction, so a store that lacks some of it
        /// is an older copy (the other reasons) or damaged (`StoreCorrupt`), and one that lacks all of it knows of no
        /// group.
        public static let lostState = Self(.lostState)

        /// The number that C has for it.
        public let rawValue: Int32
        /// The name of the constant here.
        public let description: String

        init(_ core: MLSGenerated.RejoinReason) {
            rawValue = core.rawValue
            description = "\(core)"
        }
    }
}

extension MLSEvent: Discreet {}
extension MLSEvent.Kind: Discreet {}
extension MLSEvent.Message: Discreet {}
extension MLSEvent.Joined: Discreet {}
extension MLSEvent.Proposed: Discreet {}
extension MLSEvent.Committed: Discreet {}
extension MLSEvent.Superseded: Discreet {}
extension MLSEvent.Removed: Discreet {}
extension MLSEvent.Replaced: Discreet {}
extension MLSEvent.Held: Discreet {}
extension MLSEvent.Ignored: Discreet {}
extension MLSEvent.Denied: Discreet {}
extension MLSEvent.Undecryptable: Discreet {}
extension MLSEvent.Stalled: Discreet {}
extension MLSEvent.RejoinNeeded: Discreet {}
