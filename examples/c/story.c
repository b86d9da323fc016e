/* Five minutes of libmls in C: Alice makes a group, adds Bob and says hello; Bob's device joins and shows it. In life the
 * two are on two machines, and `service` is yours: it orders commits and carries bytes. */
#include <mls.h>

#include <stdio.h>
#include <string.h>

#define TRY(call) if ((call) != MLS_OK) goto failed /* the example's own: one exit, everything freed there */

enum answer { ACCEPTED, REFUSED, UNKNOWN };

/* The service: one place for a Welcome and one for a message. This one takes every commit. */
static struct {
    mls_bytes_t welcome, message;
} service;

static enum answer service_submit(mls_bytes_t commit) {
    return commit.len > 0 ? ACCEPTED : REFUSED;
}

/* A device opens its store, with the key that it keeps in the platform's keystore. */
static mls_client_t *open_device(const char *path, const uint8_t *key, const char *user, const char *device) {
    mls_error_t *error = NULL;
    mls_options_t *options = mls_options_new();
    mls_client_t *client = NULL;

    TRY(mls_options_set_device(options, user, device, &error));
    TRY(mls_options_set_trust_on_first_use(options, &error));
    TRY(mls_client_open(path, key, MLS_STORE_KEY_LEN, options, &client, &error));

failed:
    if (error) fprintf(stderr, "%s: %s\n", user, mls_error_message(error));
    mls_options_free(options);
    mls_error_free(error);
    return client; /* NULL after an error */
}

static int alice_begins(mls_client_t *alice, mls_bytes_t bob_key_package) {
    mls_error_t *error = NULL;
    mls_group_t *group = NULL;
    mls_proposals_t *proposals = mls_proposals_new();
    mls_commit_t *commit = NULL;
    mls_messages_t *welcomes = NULL;
    mls_bytes_t message = {NULL, 0};
    int done;

    TRY(mls_client_create_group(alice, MLS_DEFAULTS, &group, &error));
    TRY(mls_proposals_push_add(proposals, bob_key_package.data, bob_key_package.len, &error));
    TRY(mls_group_commit(group, proposals, MLS_DEFAULTS, &commit, &error));
    TRY(mls_commit_message(commit, &message, &error));
    switch (service_submit(message)) {
    case ACCEPTED: /* only now may the Welcome leave the device */
        TRY(mls_commit_accept(commit, &error));
        TRY(mls_commit_welcomes(commit, &welcomes, &error));
        TRY(mls_messages_at(welcomes, 0, &service.welcome, &error));
        break;
    case REFUSED: /* receive the winner, then commit again */
        TRY(mls_commit_reject(commit, &error));
        break;
    case UNKNOWN: /* keep it: the same bytes go out again */
        break;
    }
    TRY(mls_group_encrypt(group, (const uint8_t *)"hello", 5, MLS_DEFAULTS, &service.message, &error));

failed:
    if (error) fprintf(stderr, "alice: %s\n", mls_error_message(error));
    done = error == NULL;
    mls_bytes_free(&message);
    mls_messages_free(welcomes);
    mls_commit_free(commit);
    mls_proposals_free(proposals);
    mls_group_free(group);
    mls_error_free(error);
    return done;
}

/* Whatever bytes come in: an event says what they meant. */
static int bob_receives(mls_client_t *bob, mls_bytes_t bytes) {
    mls_error_t *error = NULL;
    mls_events_t *events = NULL;
    mls_group_t *group = NULL;
    mls_senders_t *sender = NULL;
    mls_bytes_t text = {NULL, 0}, user = {NULL, 0};
    size_t i;
    int done;

    TRY(mls_client_receive(bob, bytes.data, bytes.len, &events, &error));
    for (i = 0; i < mls_events_count(events); i++) {
        uint64_t id = mls_events_id(events, i);
        switch (mls_events_kind(events, i)) {
        case MLS_EVENT_INVITED:
            TRY(mls_client_join(bob, id, NULL, 0, &group, &error));
            break;
        case MLS_EVENT_MESSAGE:
            TRY(mls_events_data(events, i, &text, &error));
            TRY(mls_events_sender(events, i, &sender, &error));
            TRY(mls_senders_user(sender, 0, &user, &error));
            printf("%.*s: %.*s\n", (int)user.len, (const char *)user.data, (int)text.len, (const char *)text.data);
            mls_bytes_free(&text);
            mls_bytes_free(&user);
            mls_senders_free(sender);
            sender = NULL;
            break;
        default: /* kinds only grow */
            break;
        }
        TRY(mls_client_acknowledge(bob, id, &error)); /* after the app has saved what it needs */
    }

failed:
    if (error) fprintf(stderr, "bob: %s\n", mls_error_message(error));
    done = error == NULL;
    mls_bytes_free(&text);
    mls_bytes_free(&user);
    mls_senders_free(sender);
    mls_group_free(group);
    mls_events_free(events);
    mls_error_free(error);
    return done;
}

int main(int argc, char **argv) {
    static const uint8_t alice_key[MLS_STORE_KEY_LEN] = {1}, bob_key[MLS_STORE_KEY_LEN] = {2}; /* yours are random */
    mls_error_t *error = NULL;
    mls_client_t *alice, *bob;
    mls_messages_t *packages = NULL;
    mls_bytes_t package = {NULL, 0};
    int done = 0;

    if (argc != 3) return fprintf(stderr, "usage: story ALICE.db BOB.db\n"), 2;
    alice = open_device(argv[1], alice_key, "alice@example.org", "phone");
    bob = open_device(argv[2], bob_key, "bob@example.org", "laptop");
    TRY(mls_client_create_key_packages(bob, 1, MLS_DEFAULTS, &packages, &error));
    TRY(mls_messages_at(packages, 0, &package, &error));
    done = alice_begins(alice, package) && bob_receives(bob, service.welcome) && bob_receives(bob, service.message);

failed:
    if (error) fprintf(stderr, "%s\n", mls_error_message(error));
    mls_bytes_free(&service.welcome);
    mls_bytes_free(&service.message);
    mls_bytes_free(&package);
    mls_messages_free(packages);
    mls_client_free(alice);
    mls_client_free(bob);
    mls_error_free(error);
    return !done;
}
