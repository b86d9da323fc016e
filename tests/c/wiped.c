/* What was freed is gone from the heap: plaintexts, exported and private keys. The test reads its own memory; a control
 * finds the same bytes while they are held. Linux only. */
#include "check.h"

/* The needle is kept masked, so that the test's own copy is not found. */
#define MASK 0x5a
#define NEEDLE_LEN 32

static unsigned char masked[NEEDLE_LEN];

static void mask(const uint8_t *bytes) {
    for (size_t i = 0; i < NEEDLE_LEN; i++) masked[i] = bytes[i] ^ MASK;
}

static size_t count_in(const unsigned char *from, const unsigned char *to) {
    size_t found = 0;
    for (const unsigned char *at = from; at + NEEDLE_LEN <= to; at++) {
        size_t i = 0;
        while (i < NEEDLE_LEN && (at[i] ^ MASK) == masked[i]) i++;
        found += i == NEEDLE_LEN;
    }
    return found;
}

/* How often the needle is in memory that can be written and belongs to no file: the heap, not the stack. */
static size_t count_in_heap(void) {
    char line[512];
    size_t found = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    CHECK(maps != NULL);
    while (fgets(line, sizeof line, maps)) {
        unsigned long from, to, offset, inode;
        char mode[5];
        CHECK(sscanf(line, "%lx-%lx %4s %lx %*s %lu", &from, &to, mode, &offset, &inode) == 5);
        if (strncmp(mode, "rw", 2) == 0 && inode == 0 && !strstr(line, "[stack") && !strstr(line, "[v")) {
            found += count_in((const unsigned char *)from, (const unsigned char *)to);
        }
    }
    fclose(maps);
    return found;
}

static mls_client_t *open_client(const char *user) {
    mls_error_t *error = NULL;
    mls_options_t *options = mls_options_new();
    mls_client_t *client = NULL;
    OK(mls_options_set_device(options, user, "phone", &error));
    OK(mls_options_set_trust_on_first_use(options, &error));
    OK(mls_client_open_in_memory(options, &client, &error));
    mls_options_free(options);
    return client;
}

static mls_bytes_t encrypted_for(mls_client_t *alice, mls_client_t *bob) {
    mls_error_t *error = NULL;
    mls_messages_t *packages = NULL, *welcomes = NULL;
    mls_proposals_t *proposals = mls_proposals_new();
    mls_group_t *group = NULL, *joined = NULL;
    mls_commit_t *commit = NULL;
    mls_events_t *events = NULL;
    mls_bytes_t bytes = no_bytes(), message = no_bytes();
    OK(mls_client_create_key_packages(bob, 1, MLS_DEFAULTS, &packages, &error));
    OK(mls_messages_at(packages, 0, &bytes, &error));
    OK(mls_proposals_push_add(proposals, bytes.data, bytes.len, &error));
    mls_bytes_free(&bytes);
    OK(mls_client_create_group(alice, MLS_DEFAULTS, &group, &error));
    OK(mls_group_commit(group, proposals, MLS_DEFAULTS, &commit, &error));
    OK(mls_commit_accept(commit, &error));
    OK(mls_commit_welcomes(commit, &welcomes, &error));
    OK(mls_messages_at(welcomes, 0, &bytes, &error));
    OK(mls_client_receive(bob, bytes.data, bytes.len, &events, &error));
    OK(mls_client_join(bob, mls_events_id(events, 0), NULL, 0, &joined, &error));

    uint8_t text[NEEDLE_LEN];
    for (size_t i = 0; i < NEEDLE_LEN; i++) text[i] = masked[i] ^ MASK;
    OK(mls_group_encrypt(group, text, sizeof text, MLS_DEFAULTS, &message, &error));
    memset(text, 0, sizeof text);

    mls_bytes_free(&bytes);
    mls_events_free(events);
    mls_messages_free(packages);
    mls_messages_free(welcomes);
    mls_proposals_free(proposals);
    mls_commit_free(commit);
    mls_group_free(group);
    mls_group_free(joined);
    return message;
}

static void a_plaintext_is_gone_when_its_events_are_freed_and_acknowledged(void) {
    mls_error_t *error = NULL;
    mls_events_t *events = NULL;
    mls_bytes_t data = no_bytes();
    mls_client_t *alice = open_client("alice"), *bob = open_client("bob");
    for (size_t i = 0; i < NEEDLE_LEN; i++) masked[i] = (unsigned char)(201 + i * 7);
    mls_bytes_t message = encrypted_for(alice, bob);
    CHECK(count_in_heap() == 0);
    OK(mls_client_receive(bob, message.data, message.len, &events, &error));
    CHECK(mls_events_kind(events, 0) == MLS_EVENT_MESSAGE);
    OK(mls_events_data(events, 0, &data, &error));
    CHECK(data.len == NEEDLE_LEN);
    CHECK(count_in_heap() >= 2); /* the control */
    OK(mls_client_acknowledge(bob, mls_events_id(events, 0), &error));
    mls_bytes_free(&data);
    mls_events_free(events);
    CHECK(count_in_heap() == 0);
    mls_bytes_free(&message);
    mls_client_free(alice);
    mls_client_free(bob);
}

static void a_private_key_is_gone_when_its_client_is_freed(void) {
    mls_error_t *error = NULL;
    mls_signing_key_t *key = NULL;
    mls_bytes_t secret = no_bytes();
    mls_client_t *alice = open_client("alice");
    OK(mls_client_export_signing_key(alice, 0, &key, &error));
    OK(mls_signing_key_secret(key, &secret, &error));
    CHECK(secret.len >= NEEDLE_LEN);
    mask(secret.data);
    CHECK(count_in_heap() >= 2); /* the control */
    mls_bytes_free(&secret);
    mls_signing_key_free(key);
    mls_client_free(alice);
    CHECK(count_in_heap() == 0);
}

static void an_exported_secret_is_gone_when_it_is_freed(void) {
    mls_error_t *error = NULL;
    mls_group_t *group = NULL;
    mls_bytes_t secret = no_bytes();
    mls_client_t *alice = open_client("alice");
    OK(mls_client_create_group(alice, MLS_DEFAULTS, &group, &error));
    OK(mls_group_export_secret(group, "label", NULL, 0, NEEDLE_LEN, &secret, &error));
    mask(secret.data);
    CHECK(count_in_heap() >= 1); /* the control */
    mls_bytes_free(&secret);
    CHECK(count_in_heap() == 0);
    mls_group_free(group);
    mls_client_free(alice);
}

int main(void) {
#if defined(__SANITIZE_ADDRESS__)
    printf("skipped: the address sanitizer's own memory is too large to look through\n");
    return 0;
#endif
    RUN(a_plaintext_is_gone_when_its_events_are_freed_and_acknowledged);
    RUN(a_private_key_is_gone_when_its_client_is_freed);
    RUN(an_exported_secret_is_gone_when_it_is_freed);
    return 0;
}
