/* The five-minute story, from end to end: two devices, each with its own store, a service between them. */
#include "check.h"

#include <unistd.h>

#define TRY(call)                                                                                                      \
    if ((call) != MLS_OK) goto failed /* the example's own: one exit, everything freed there */

enum answer { ACCEPTED, REFUSED, UNKNOWN };

static uint8_t key[MLS_STORE_KEY_LEN] = {7};
static mls_bytes_t welcome, sent;

/* The service: it takes every commit, and keeps what is to be delivered. */
static enum answer server_submit(mls_bytes_t message) {
    return message.len > 0 ? ACCEPTED : REFUSED;
}

static mls_client_t *open_client(const char *path, const char *user, const char *device) {
    mls_error_t *error = NULL;
    mls_options_t *options = mls_options_new();
    mls_client_t *client = NULL;
    // quickstart
    OK(mls_options_set_device(options, user, device, &error));
    OK(mls_options_set_trust_on_first_use(options, &error));
    OK(mls_client_open(path, key, sizeof key, options, &client, &error));
    // end of quickstart
    mls_options_free(options);
    return client;
}

static int alice_begins(const char *path, mls_bytes_t bob_key_package) {
    mls_error_t *error = NULL;
    mls_client_t *alice = open_client(path, "alice@example.org", "phone");
    mls_group_t *group = NULL;
    mls_proposals_t *proposals = mls_proposals_new();
    mls_commit_t *commit = NULL;
    mls_messages_t *welcomes = NULL;
    mls_bytes_t message = no_bytes();

    // quickstart
    TRY(mls_client_create_group(alice, MLS_DEFAULTS, &group, &error));
    TRY(mls_proposals_push_add(proposals, bob_key_package.data, bob_key_package.len, &error));
    TRY(mls_group_commit(group, proposals, MLS_DEFAULTS, &commit, &error));
    TRY(mls_commit_message(commit, &message, &error));
    // end of quickstart
    CHECK(mls_commit_welcomes(commit, &welcomes, NULL) == MLS_ERROR_COMMIT_NOT_ACCEPTED);
    // quickstart
    switch (server_submit(message)) {
    case ACCEPTED:
        TRY(mls_commit_accept(commit, &error));
        TRY(mls_commit_welcomes(commit, &welcomes, &error));
        TRY(mls_messages_at(welcomes, 0, &welcome, &error));
        break;
    case REFUSED:
        TRY(mls_commit_reject(commit, &error));
        break;
    case UNKNOWN:
        break;
    }
    TRY(mls_group_encrypt(group, (const uint8_t *)"hello", 5, MLS_DEFAULTS, &sent, &error));
    // end of quickstart
    CHECK(mls_messages_count(welcomes) == 1);

failed:
    if (error) fprintf(stderr, "%s (%s)\n", mls_error_message(error), mls_error_detail(error));
    int ok = error == NULL;
    mls_bytes_free(&message);
    mls_messages_free(welcomes);
    mls_commit_free(commit);
    mls_proposals_free(proposals);
    mls_group_free(group);
    mls_client_free(alice);
    mls_error_free(error);
    return ok;
}

/* Shows a message; answers whether it is the one that was sent. */
static int show(const mls_events_t *events, size_t i) {
    mls_error_t *error = NULL;
    mls_senders_t *sender = NULL;
    mls_bytes_t text = no_bytes(), user = no_bytes();
    OK(mls_events_data(events, i, &text, &error));
    OK(mls_events_sender(events, i, &sender, &error));
    OK(mls_senders_user(sender, 0, &user, &error));
    printf("  %s: %s\n", user.data, text.data);
    int ok = same(user, "alice@example.org") && same(text, "hello");
    CHECK(mls_events_preview(events, i, &(mls_preview_t *){NULL}, NULL) == MLS_ERROR_INVALID_ARGUMENT);
    mls_bytes_free(&text);
    mls_bytes_free(&user);
    mls_senders_free(sender);
    return ok;
}

/* What bob's device does with any bytes; answers how many messages it showed. */
static int bob_receives(mls_client_t *bob, mls_bytes_t bytes) {
    mls_error_t *error = NULL;
    mls_events_t *events = NULL;
    mls_group_t *group = NULL;
    int shown = 0;

    // quickstart
    TRY(mls_client_receive(bob, bytes.data, bytes.len, &events, &error));
    for (size_t i = 0; i < mls_events_count(events); i++) {
        uint64_t id = mls_events_id(events, i);
        switch (mls_events_kind(events, i)) {
        case MLS_EVENT_INVITED:
            TRY(mls_client_join(bob, id, NULL, 0, &group, &error));
            break;
        case MLS_EVENT_MESSAGE:
            shown += show(events, i); /* mls_events_data, mls_events_sender */
            break;
        default:
            break; /* kinds only grow */
        }
        TRY(mls_client_acknowledge(bob, id, &error));
    }
    // end of quickstart

failed:
    if (error) fprintf(stderr, "%s (%s)\n", mls_error_message(error), mls_error_detail(error));
    CHECK(error == NULL);
    mls_group_free(group);
    mls_events_free(events);
    return shown;
}

static void two_devices_meet_and_one_message_arrives_once(void) {
    mls_error_t *error = NULL;
    mls_messages_t *packages = NULL;
    mls_events_t *events = NULL;
    mls_bytes_t package = no_bytes();
    char directory[] = "/tmp/mls-story-XXXXXX", alice_path[64], bob_path[64];
    CHECK(mkdtemp(directory) != NULL);
    snprintf(alice_path, sizeof alice_path, "%s/alice.db", directory);
    snprintf(bob_path, sizeof bob_path, "%s/bob.db", directory);

    mls_client_t *bob = open_client(bob_path, "bob@example.org", "laptop");
    OK(mls_client_create_key_packages(bob, 1, MLS_DEFAULTS, &packages, &error));
    OK(mls_messages_at(packages, 0, &package, &error));

    CHECK(alice_begins(alice_path, package));
    CHECK(bob_receives(bob, welcome) == 0);
    CHECK(bob_receives(bob, sent) == 1);
    CHECK(bob_receives(bob, sent) == 0);

    OK(mls_client_close(bob, &error));
    OK(mls_client_close(bob, &error));
    CHECK(mls_client_inbox(bob, 0, 10, &events, NULL) == MLS_ERROR_CLOSED);
    mls_client_free(bob);

    bob = open_client(bob_path, "bob@example.org", "laptop");
    OK(mls_client_inbox(bob, 0, 10, &events, &error));
    for (size_t i = 0; i < mls_events_count(events); i++) {
        CHECK(mls_events_kind(events, i) == MLS_EVENT_JOINED); /* what it never acknowledged comes again */
    }
    mls_events_free(events);
    mls_client_free(bob);
    mls_messages_free(packages);
    mls_bytes_free(&package);
    mls_bytes_free(&welcome);
    mls_bytes_free(&sent);
}

int main(void) {
    RUN(two_devices_meet_and_one_message_arrives_once);
    return 0;
}
