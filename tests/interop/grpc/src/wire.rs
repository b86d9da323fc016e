//! The messages and calls of mls_client.proto. The scenarios with Bouncy Castle's harness, which is made from the file,
//! show that they are the same.

/// `NAME { TAG FIELD: KIND, … }` is a message of protobuf.
macro_rules! messages {
    ($($name:ident { $($fields:tt)* })*) => { $(messages!(@fields $name [] $($fields)*);)* };
    (@fields $name:ident [$($done:tt)*]) => {
        #[derive(Clone, PartialEq, prost::Message)]
        pub struct $name { $($done)* }
    };
    (@fields $name:ident [$($done:tt)*] $tag:literal $field:ident: bytes, $($rest:tt)*) => {
        messages!(@fields $name [$($done)* #[prost(bytes = "vec", tag = $tag)] pub $field: Vec<u8>,] $($rest)*);
    };
    (@fields $name:ident [$($done:tt)*] $tag:literal $field:ident: list, $($rest:tt)*) => {
        messages!(@fields $name [$($done)* #[prost(bytes = "vec", repeated, tag = $tag)] pub $field: Vec<Vec<u8>>,]
            $($rest)*);
    };
    (@fields $name:ident [$($done:tt)*] $tag:literal $field:ident: text, $($rest:tt)*) => {
        messages!(@fields $name [$($done)* #[prost(string, tag = $tag)] pub $field: String,] $($rest)*);
    };
    (@fields $name:ident [$($done:tt)*] $tag:literal $field:ident: u32, $($rest:tt)*) => {
        messages!(@fields $name [$($done)* #[prost(uint32, tag = $tag)] pub $field: u32,] $($rest)*);
    };
    (@fields $name:ident [$($done:tt)*] $tag:literal $field:ident: u32s, $($rest:tt)*) => {
        messages!(@fields $name [$($done)* #[prost(uint32, repeated, tag = $tag)] pub $field: Vec<u32>,] $($rest)*);
    };
    (@fields $name:ident [$($done:tt)*] $tag:literal $field:ident: u64, $($rest:tt)*) => {
        messages!(@fields $name [$($done)* #[prost(uint64, tag = $tag)] pub $field: u64,] $($rest)*);
    };
    (@fields $name:ident [$($done:tt)*] $tag:literal $field:ident: bool, $($rest:tt)*) => {
        messages!(@fields $name [$($done)* #[prost(bool, tag = $tag)] pub $field: bool,] $($rest)*);
    };
    (@fields $name:ident [$($done:tt)*] $tag:literal $field:ident: [$kind:ident], $($rest:tt)*) => {
        messages!(@fields $name [$($done)* #[prost(message, repeated, tag = $tag)] pub $field: Vec<$kind>,] $($rest)*);
    };
    (@fields $name:ident [$($done:tt)*] $tag:literal $field:ident: $kind:ident, $($rest:tt)*) => {
        messages!(@fields $name [$($done)* #[prost(message, optional, tag = $tag)] pub $field: Option<$kind>,]
            $($rest)*);
    };
}

messages! {
    NameRequest {}
    NameResponse { "1" name: text, }
    SupportedCiphersuitesRequest {}
    SupportedCiphersuitesResponse { "1" ciphersuites: u32s, }
    CreateGroupRequest { "1" group_id: bytes, "2" cipher_suite: u32, "3" encrypt_handshake: bool, "4" identity: bytes, }
    CreateGroupResponse { "1" state_id: u32, }
    CreateKeyPackageRequest { "1" cipher_suite: u32, "2" identity: bytes, }
    CreateKeyPackageResponse {
        "1" transaction_id: u32, "2" key_package: bytes, "3" init_priv: bytes, "4" encryption_priv: bytes,
        "5" signature_priv: bytes,
    }
    JoinGroupRequest {
        "1" transaction_id: u32, "2" welcome: bytes, "3" encrypt_handshake: bool, "4" identity: bytes,
        "5" ratchet_tree: bytes,
    }
    JoinGroupResponse { "1" state_id: u32, "2" epoch_authenticator: bytes, }
    PreSharedKey { "1" psk_id: bytes, "2" psk_secret: bytes, }
    ExternalJoinRequest {
        "1" group_info: bytes, "2" ratchet_tree: bytes, "3" encrypt_handshake: bool, "4" identity: bytes,
        "5" remove_prior: bool, "6" psks: [PreSharedKey],
    }
    ExternalJoinResponse { "1" state_id: u32, "2" commit: bytes, "3" epoch_authenticator: bytes, }
    GroupInfoRequest { "1" state_id: u32, "2" external_tree: bool, }
    GroupInfoResponse { "1" group_info: bytes, "2" ratchet_tree: bytes, }
    StateAuthRequest { "1" state_id: u32, }
    StateAuthResponse { "1" state_auth_secret: bytes, }
    ExportRequest { "1" state_id: u32, "2" label: text, "3" context: bytes, "4" key_length: u32, }
    ExportResponse { "1" exported_secret: bytes, }
    ProtectRequest { "1" state_id: u32, "2" authenticated_data: bytes, "3" plaintext: bytes, }
    ProtectResponse { "1" ciphertext: bytes, }
    UnprotectRequest { "1" state_id: u32, "2" ciphertext: bytes, }
    UnprotectResponse { "1" authenticated_data: bytes, "2" plaintext: bytes, }
    StorePSKRequest { "1" state_or_transaction_id: u32, "2" psk_id: bytes, "3" psk_secret: bytes, }
    StorePSKResponse {}
    AddProposalRequest { "1" state_id: u32, "2" key_package: bytes, }
    ProposalResponse { "1" proposal: bytes, }
    UpdateProposalRequest { "1" state_id: u32, }
    RemoveProposalRequest { "1" state_id: u32, "2" removed_id: bytes, }
    ExternalPSKProposalRequest { "1" state_id: u32, "2" psk_id: bytes, }
    ResumptionPSKProposalRequest { "1" state_id: u32, "2" epoch_id: u64, }
    Extension { "1" extension_type: u32, "2" extension_data: bytes, }
    GroupContextExtensionsProposalRequest { "1" state_id: u32, "2" extensions: [Extension], }
    ProposalDescription {
        "1" proposal_type: bytes, "2" key_package: bytes, "3" removed_id: bytes, "4" psk_id: bytes, "5" epoch_id: u64,
        "6" extensions: [Extension], "7" group_id: bytes, "8" cipher_suite: u32,
    }
    CommitRequest {
        "1" state_id: u32, "2" by_reference: list, "3" by_value: [ProposalDescription], "4" force_path: bool,
        "5" external_tree: bool,
    }
    CommitResponse { "1" commit: bytes, "2" welcome: bytes, "3" ratchet_tree: bytes, }
    HandleCommitRequest { "1" state_id: u32, "2" proposal: list, "3" commit: bytes, }
    HandleCommitResponse { "1" state_id: u32, "2" epoch_authenticator: bytes, }
    HandlePendingCommitRequest { "1" state_id: u32, }
    ReInitProposalRequest { "1" state_id: u32, "2" cipher_suite: u32, "3" group_id: bytes, "4" extensions: [Extension], }
    HandleReInitCommitResponse { "1" reinit_id: u32, "2" key_package: bytes, "3" epoch_authenticator: bytes, }
    ReInitWelcomeRequest { "1" reinit_id: u32, "2" key_package: list, "3" force_path: bool, "4" external_tree: bool, }
    CreateSubgroupResponse {
        "1" state_id: u32, "2" welcome: bytes, "3" ratchet_tree: bytes, "4" epoch_authenticator: bytes,
    }
    HandleReInitWelcomeRequest { "1" reinit_id: u32, "2" welcome: bytes, "3" ratchet_tree: bytes, }
    CreateBranchRequest {
        "1" state_id: u32, "2" group_id: bytes, "3" extensions: [Extension], "4" key_packages: list,
        "5" force_path: bool, "6" external_tree: bool,
    }
    HandleBranchRequest { "1" state_id: u32, "2" transaction_id: u32, "3" welcome: bytes, "4" ratchet_tree: bytes, }
    HandleBranchResponse { "1" state_id: u32, "2" epoch_authenticator: bytes, }
    NewMemberAddProposalRequest { "1" group_info: bytes, "2" identity: bytes, }
    NewMemberAddProposalResponse {
        "1" transaction_id: u32, "2" proposal: bytes, "3" init_priv: bytes, "4" encryption_priv: bytes,
        "5" signature_priv: bytes,
    }
    CreateExternalSignerRequest { "1" cipher_suite: u32, "2" identity: bytes, }
    CreateExternalSignerResponse { "1" signer_id: u32, "2" external_sender: bytes, }
    AddExternalSignerRequest { "1" state_id: u32, "2" external_sender: bytes, }
    ExternalSignerProposalRequest {
        "1" signer_id: u32, "2" signer_index: u32, "3" group_info: bytes, "4" ratchet_tree: bytes,
        "5" description: ProposalDescription,
    }
    FreeRequest { "1" state_id: u32, }
    FreeResponse {}
}

/// One call of the service.
pub trait Rpc {
    const PATH: &'static str;
    type Request: prost::Message + Default + 'static;
    type Response: prost::Message + Default + 'static;
}

/// Hands every call, as `NAME method REQUEST RESPONSE`, to another macro.
macro_rules! every_rpc {
    ($then:ident) => {
        $then! {
            Name name NameRequest NameResponse
            SupportedCiphersuites supported_ciphersuites SupportedCiphersuitesRequest SupportedCiphersuitesResponse
            CreateGroup create_group CreateGroupRequest CreateGroupResponse
            CreateKeyPackage create_key_package CreateKeyPackageRequest CreateKeyPackageResponse
            JoinGroup join_group JoinGroupRequest JoinGroupResponse
            ExternalJoin external_join ExternalJoinRequest ExternalJoinResponse
            GroupInfo group_info GroupInfoRequest GroupInfoResponse
            StateAuth state_auth StateAuthRequest StateAuthResponse
            Export export ExportRequest ExportResponse
            Protect protect ProtectRequest ProtectResponse
            Unprotect unprotect UnprotectRequest UnprotectResponse
            StorePSK store_psk StorePSKRequest StorePSKResponse
            AddProposal add_proposal AddProposalRequest ProposalResponse
            UpdateProposal update_proposal UpdateProposalRequest ProposalResponse
            RemoveProposal remove_proposal RemoveProposalRequest ProposalResponse
            ExternalPSKProposal external_psk_proposal ExternalPSKProposalRequest ProposalResponse
            ResumptionPSKProposal resumption_psk_proposal ResumptionPSKProposalRequest ProposalResponse
            GroupContextExtensionsProposal group_context_extensions_proposal GroupContextExtensionsProposalRequest
                ProposalResponse
            Commit commit CommitRequest CommitResponse
            HandleCommit handle_commit HandleCommitRequest HandleCommitResponse
            HandlePendingCommit handle_pending_commit HandlePendingCommitRequest HandleCommitResponse
            ReInitProposal reinit_proposal ReInitProposalRequest ProposalResponse
            ReInitCommit reinit_commit CommitRequest CommitResponse
            HandlePendingReInitCommit handle_pending_reinit_commit HandlePendingCommitRequest HandleReInitCommitResponse
            HandleReInitCommit handle_reinit_commit HandleCommitRequest HandleReInitCommitResponse
            ReInitWelcome reinit_welcome ReInitWelcomeRequest CreateSubgroupResponse
            HandleReInitWelcome handle_reinit_welcome HandleReInitWelcomeRequest JoinGroupResponse
            CreateBranch create_branch CreateBranchRequest CreateSubgroupResponse
            HandleBranch handle_branch HandleBranchRequest HandleBranchResponse
            NewMemberAddProposal new_member_add_proposal NewMemberAddProposalRequest NewMemberAddProposalResponse
            CreateExternalSigner create_external_signer CreateExternalSignerRequest CreateExternalSignerResponse
            AddExternalSigner add_external_signer AddExternalSignerRequest ProposalResponse
            ExternalSignerProposal external_signer_proposal ExternalSignerProposalRequest ProposalResponse
            Free free FreeRequest FreeResponse
        }
    };
}
pub(crate) use every_rpc;

/// The calls, as types.
pub mod rpc {
    use super::*;

    macro_rules! declare {
        ($($name:ident $method:ident $request:ident $response:ident)*) => { $(
            pub struct $name;
            impl Rpc for $name {
                const PATH: &'static str = concat!("/mls_client.MLSClient/", stringify!($name));
                type Request = $request;
                type Response = $response;
            }
        )* };
    }
    every_rpc!(declare);
}
