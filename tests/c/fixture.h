/* One live handle of every noun that an application can hold, for tests that misuse them. */
#ifndef FIXTURE_H
#define FIXTURE_H

#include "check.h"

static struct {
    mls_bundle_t *bundle;
    mls_client_t *client;
    mls_codec_answer_t *codec_answer;
    mls_commit_options_t *commit_options;
    mls_commit_t *commit;
    mls_commits_t *commits;
    mls_credential_t *credential;
    mls_encrypt_options_t *encrypt_options;
    mls_error_t *error;
    mls_events_t *events;
    mls_extensions_t *extensions;
    mls_group_options_t *group_options;
    mls_group_t *group;
    mls_identity_t *identity;
    mls_ids_t *ids;
    mls_join_options_t *join_options;
    mls_key_package_options_t *key_package_options;
    mls_key_package_secrets_t *key_package_secrets;
    mls_key_packages_t *key_packages;
    mls_members_t *members;
    mls_message_info_t *message_info;
    mls_messages_t *messages;
    mls_options_t *options;
    mls_preview_t *preview;
    mls_proposal_infos_t *proposal_infos;
    mls_proposals_t *proposals;
    mls_senders_t *senders;
    mls_signing_key_t *signing_key;
    mls_store_rows_t *store_rows;
    mls_store_t *store;
    mls_store_writes_t *store_writes;
    mls_validation_t *validation;
} live;

/* A handle that was freed, and one whose noun no call here expects. */
static void *freed;
static void *foreign;

static const uint8_t some_bytes[8] = "8 bytes";

/* Callbacks that are fine, if they are called at all. */
static int32_t some_validator(void *user, const mls_validation_t *request) {
    (void)user, (void)request;
    return MLS_VERDICT_ACCEPT;
}

static uint64_t some_clock(void *user) {
    (void)user;
    return 1;
}

static int32_t some_anchor_load(void *user, uint64_t *mark) {
    (void)user, (void)mark;
    return MLS_OK;
}

static int32_t some_anchor_store(void *user, uint64_t mark) {
    (void)user, (void)mark;
    return MLS_OK;
}

static int32_t some_codec_encode(void *user, const char *name, const char *device, mls_codec_answer_t *answer) {
    (void)user, (void)name, (void)device, (void)answer;
    return MLS_OK;
}

static int32_t some_codec_decode(void *user, const uint8_t *data, size_t len, mls_codec_answer_t *answer) {
    (void)user, (void)data, (void)len, (void)answer;
    return MLS_OK;
}

static mls_status_t some_store_version(void *user, uint64_t *version) {
    (void)user, (void)version;
    return MLS_OK;
}

static mls_status_t some_store_get(void *user, const uint8_t *key, size_t len, mls_store_rows_t *rows) {
    (void)user, (void)key, (void)len, (void)rows;
    return MLS_OK;
}

static mls_status_t some_store_scan(void *user, const uint8_t *from, size_t from_len, const uint8_t *to, size_t to_len,
                                    int32_t reverse, uint32_t limit, mls_store_rows_t *rows) {
    (void)user, (void)from, (void)from_len, (void)to, (void)to_len, (void)reverse, (void)limit, (void)rows;
    return MLS_OK;
}

static mls_status_t some_store_commit(void *user, uint64_t version, const mls_store_writes_t *writes, uint64_t *out) {
    (void)user, (void)version, (void)writes, (void)out;
    return MLS_ERROR_STORE_FULL;
}

static mls_status_t some_store(void *user) {
    (void)user;
    return MLS_OK;
}

static void some_drop(void *user) {
    (void)user;
}

static mls_client_t *fixture_client(const char *user) {
    mls_error_t *error = NULL;
    mls_client_t *client = NULL;
    mls_options_t *options = mls_options_new();
    OK(mls_options_set_device(options, user, "phone", &error));
    OK(mls_options_set_validator(options, some_validator, NULL, NULL, &error));
    OK(mls_client_open_in_memory(options, &client, &error));
    mls_options_free(options);
    return client;
}

static void set_up(void) {
    mls_error_t *error = NULL;
    mls_client_t *other = fixture_client("bob");
    mls_messages_t *packages = NULL, *welcomes = NULL;
    mls_bytes_t package = no_bytes(), welcome = no_bytes(), info = no_bytes();

    live.client = fixture_client("alice");
    live.options = mls_options_new();
    live.commit_options = mls_commit_options_new();
    live.encrypt_options = mls_encrypt_options_new();
    live.group_options = mls_group_options_new();
    live.join_options = mls_join_options_new();
    live.key_package_options = mls_key_package_options_new();
    live.key_package_secrets = mls_key_package_secrets_new();
    live.identity = mls_identity_new();
    live.extensions = mls_extensions_new();
    live.messages = mls_messages_new();
    live.proposals = mls_proposals_new();
    live.store = mls_store_new(NULL, some_drop);
    OK(mls_store_set_version(live.store, some_store_version, &error));
    OK(mls_store_set_get(live.store, some_store_get, &error));
    OK(mls_store_set_scan(live.store, some_store_scan, &error));
    OK(mls_store_set_commit(live.store, some_store_commit, &error));
    OK(mls_store_set_checkpoint(live.store, some_store, &error));
    live.credential = mls_credential_new_x509();
    OK(mls_signing_key_new(some_bytes, 8, some_bytes, 8, &live.signing_key, &error));

    OK(mls_client_create_key_packages(other, 2, MLS_DEFAULTS, &packages, &error));
    OK(mls_client_key_packages(other, &live.key_packages, &error));
    OK(mls_messages_at(packages, 0, &package, &error));
    OK(mls_proposals_push_add(live.proposals, package.data, package.len, &error));
    OK(mls_client_create_group(live.client, MLS_DEFAULTS, &live.group, &error));
    OK(mls_group_commit(live.group, live.proposals, MLS_DEFAULTS, &live.commit, &error));
    OK(mls_group_pending_commits(live.group, &live.commits, &error));
    OK(mls_commit_bundle(live.commit, &live.bundle, &error));
    OK(mls_commit_accept(live.commit, &error));
    OK(mls_commit_welcomes(live.commit, &welcomes, &error));
    OK(mls_messages_at(welcomes, 0, &welcome, &error));
    OK(mls_message_info_read(welcome.data, welcome.len, &live.message_info, &error));
    OK(mls_client_receive(other, welcome.data, welcome.len, &live.events, &error));
    CHECK(mls_events_kind(live.events, 0) == MLS_EVENT_INVITED);
    OK(mls_group_members(live.group, &live.members, &error));
    CHECK(mls_members_count(live.members) == 2);
    OK(mls_client_groups(live.client, NULL, 0, 9, &live.ids, &error));
    OK(mls_group_proposals(live.group, &live.proposal_infos, &error));
    OK(mls_group_info(live.group, 1, 1, &info, &error));
    OK(mls_client_preview(other, info.data, info.len, NULL, 0, &live.preview, &error));
    OK(mls_preview_members(live.preview, &live.senders, &error));
    CHECK(mls_options_set_role(NULL, 0, &live.error) == MLS_ERROR_NULL_POINTER);

    mls_options_t *gone = mls_options_new();
    mls_options_free(gone);
    freed = gone;
    foreign = mls_proposals_new();
    mls_bytes_free(&package);
    mls_bytes_free(&welcome);
    mls_bytes_free(&info);
    mls_messages_free(packages);
    mls_messages_free(welcomes);
    mls_client_free(other);
}

static void tear_down(void) {
    mls_bundle_free(live.bundle);
    mls_commit_options_free(live.commit_options);
    mls_commit_free(live.commit);
    mls_commits_free(live.commits);
    mls_credential_free(live.credential);
    mls_encrypt_options_free(live.encrypt_options);
    mls_error_free(live.error);
    mls_events_free(live.events);
    mls_extensions_free(live.extensions);
    mls_group_options_free(live.group_options);
    mls_group_free(live.group);
    mls_identity_free(live.identity);
    mls_ids_free(live.ids);
    mls_join_options_free(live.join_options);
    mls_key_package_options_free(live.key_package_options);
    mls_key_package_secrets_free(live.key_package_secrets);
    mls_key_packages_free(live.key_packages);
    mls_members_free(live.members);
    mls_message_info_free(live.message_info);
    mls_messages_free(live.messages);
    mls_options_free(live.options);
    mls_preview_free(live.preview);
    mls_proposal_infos_free(live.proposal_infos);
    mls_proposals_free(live.proposals);
    mls_proposals_free((mls_proposals_t *)foreign);
    mls_senders_free(live.senders);
    mls_signing_key_free(live.signing_key);
    mls_store_free(live.store);
    mls_client_free(live.client);
}

#endif
