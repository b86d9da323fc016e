/* NULL where it means something: no callback, every default, nothing of a list. Where it is misuse: misuse.py. */
#include "fixture.h"

static const uint8_t key[MLS_STORE_KEY_LEN] = {3};

static void callbacks_need_no_release(void) {
    mls_error_t *error = NULL;
    mls_options_t *options = mls_options_new();
    OK(mls_options_set_codec(options, some_codec_encode, some_codec_decode, NULL, NULL, &error));
    OK(mls_options_set_clock(options, some_clock, NULL, NULL, &error));
    OK(mls_options_set_anchor(options, some_anchor_load, some_anchor_store, NULL, NULL, &error));
    mls_options_free(options);
}

static void a_store_whose_callbacks_were_taken_away_opens_nothing(void) {
    mls_error_t *error = NULL;
    mls_client_t *client = NULL;
    mls_options_t *options = mls_options_new();
    mls_store_t *store = mls_store_new(NULL, NULL);
    OK(mls_options_set_device(options, "alice", "phone", &error));
    OK(mls_options_set_trust_on_first_use(options, &error));
    OK(mls_store_set_version(store, NULL, &error));
    OK(mls_store_set_get(store, NULL, &error));
    OK(mls_store_set_scan(store, NULL, &error));
    OK(mls_store_set_commit(store, NULL, &error));
    OK(mls_store_set_checkpoint(store, NULL, &error));
    OK(mls_store_set_suspend(store, NULL, &error));
    OK(mls_store_set_resume(store, NULL, &error));
    CHECK(mls_client_open_store(store, key, sizeof key, options, &client, NULL) == MLS_ERROR_INVALID_ARGUMENT);
    CHECK(client == NULL);
    mls_store_free(store);
    mls_options_free(options);
}

static void a_client_has_no_default_for_whom_to_trust(void) {
    mls_client_t *client = NULL;
    CHECK(mls_client_open("unopened.db", key, sizeof key, NULL, &client, NULL) == MLS_ERROR_INVALID_ARGUMENT);
    CHECK(mls_client_open_store(live.store, key, sizeof key, NULL, &client, NULL) == MLS_ERROR_INVALID_ARGUMENT);
    CHECK(client == NULL);
}

static void an_update_and_a_reinit_change_only_what_is_given(void) {
    mls_error_t *error = NULL;
    mls_proposals_t *proposals = mls_proposals_new();
    OK(mls_proposals_push_update(proposals, NULL, NULL, &error));
    OK(mls_proposals_push_reinit(proposals, NULL, 0, MLS_CIPHER_SUITE_X25519_AES128, NULL, &error));
    mls_proposals_free(proposals);
}

static void a_group_may_be_continued_as_it_is(void) {
    mls_error_t *error = NULL;
    mls_commit_t *commit = NULL;
    mls_messages_t *nobody = mls_messages_new();
    OK(mls_group_branch(live.group, NULL, 0, nobody, NULL, NULL, &commit, &error));
    mls_commit_free(commit);
    CHECK(mls_group_create_successor(live.group, nobody, NULL, &commit, NULL) == MLS_ERROR_NO_SUCCESSOR);
    CHECK(commit == NULL);
    mls_messages_free(nobody);
}

static void a_commit_of_nothing_is_a_commit(void) {
    mls_error_t *error = NULL;
    mls_commit_t *commit = NULL;
    OK(mls_group_commit(live.group, NULL, NULL, &commit, &error));
    OK(mls_commit_reject(commit, &error));
    mls_commit_free(commit);
    OK(mls_group_commit_again(live.group, live.proposal_infos, NULL, &commit, &error)); /* of an empty list */
    OK(mls_commit_reject(commit, &error));
    mls_commit_free(commit);
}

static void what_is_no_message_is_so_with_every_default_too(void) {
    mls_commit_t *commit = NULL;
    CHECK(mls_client_join_external(live.client, some_bytes, 8, NULL, &commit, NULL) == MLS_ERROR_INVALID_MESSAGE);
    CHECK(commit == NULL);
}

int main(void) {
    set_up();
    RUN(callbacks_need_no_release);
    RUN(a_store_whose_callbacks_were_taken_away_opens_nothing);
    RUN(a_client_has_no_default_for_whom_to_trust);
    RUN(an_update_and_a_reinit_change_only_what_is_given);
    RUN(a_commit_of_nothing_is_a_commit);
    RUN(a_group_may_be_continued_as_it_is);
    RUN(what_is_no_message_is_so_with_every_default_too);
    tear_down();
    return 0;
}
