/*
 * A device behind the C ABI, for the fault harness: it does what its standard input says, one command a line, and answers
 * each with a line. tests/support/remote.rs has the same device in Rust, says what the commands are, and drives both.
 *
 *     device          its store is SQLite's
 *     device own      its store is the application's own: store.h
 *
 * What it allocates ends with it.
 */
#include "mls.h"
#include "store.h"

static mls_client_t *client;
static mls_error_t *error; /* of the last call that failed */
static char *answer;
static size_t answer_len;

#define TRY(call)                                                                                                      \
    do {                                                                                                               \
        mls_status_t status_ = (call);                                                                                 \
        if (status_ != MLS_OK) return status_;                                                                         \
    } while (0)

static void add(const char *text) {
    size_t len = strlen(text);
    answer = wanted(realloc(answer, answer_len + len + 1));
    memcpy(answer + answer_len, text, len + 1);
    answer_len += len;
}

static void add_number(uint64_t number) {
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    add(text);
}

static void add_hex(mls_bytes_t bytes) {
    char *text = wanted(malloc(2 * bytes.len + 1));
    text[0] = 0;
    for (size_t i = 0; i < bytes.len; i++) sprintf(text + 2 * i, "%02x", bytes.data[i]);
    add(text);
    free(text);
    mls_bytes_free(&bytes);
}

static mls_bytes_t unhex(const char *text) {
    mls_bytes_t bytes = {NULL, strlen(text) / 2};
    bytes.data = wanted(malloc(bytes.len + 1));
    for (size_t i = 0; i < bytes.len; i++) {
        unsigned byte = 0;
        sscanf(text + 2 * i, "%2x", &byte);
        bytes.data[i] = (uint8_t)byte;
    }
    return bytes;
}

static const uint8_t *key(void) {
    static uint8_t store_key[MLS_STORE_KEY_LEN];
    memset(store_key, 7, sizeof store_key);
    return store_key;
}

static mls_status_t add_messages(const mls_messages_t *messages) {
    for (size_t i = 0; i < mls_messages_count(messages); i++) {
        mls_bytes_t bytes;
        TRY(mls_messages_at(messages, i, &bytes, &error));
        if (i > 0) add(" ");
        add_hex(bytes);
    }
    return MLS_OK;
}

static mls_status_t add_commit(const mls_commit_t *commit) {
    mls_bytes_t message;
    TRY(mls_commit_message(commit, &message, &error));
    add_number(mls_commit_id(commit));
    add(":");
    add_hex(message);
    return MLS_OK;
}

/* The first group; an unknown one if there is none. */
static mls_status_t the_group(mls_group_t **group) {
    mls_ids_t *ids;
    mls_bytes_t id = {(uint8_t *)"none", 4};
    TRY(mls_client_groups(client, NULL, 0, 1, &ids, &error));
    if (mls_ids_count(ids) > 0) TRY(mls_ids_at(ids, 0, &id, &error));
    return mls_client_group(client, id.data, id.len, group, &error);
}

static mls_status_t the_commit(const char *id, mls_commit_t **commit) {
    mls_group_t *group;
    TRY(the_group(&group));
    return mls_group_find_commit(group, strtoull(id, NULL, 10), commit, &error);
}

static const char *kind_name(int32_t kind) {
    switch (kind) {
    case MLS_EVENT_MESSAGE: return "message";
    case MLS_EVENT_INVITED: return "invited";
    case MLS_EVENT_JOINED: return "joined";
    case MLS_EVENT_PROPOSED: return "proposed";
    case MLS_EVENT_COMMITTED: return "committed";
    case MLS_EVENT_SUPERSEDED: return "superseded";
    case MLS_EVENT_REMOVED: return "removed";
    case MLS_EVENT_HELD: return "held";
    case MLS_EVENT_IGNORED: return "ignored";
    case MLS_EVENT_REJOIN_NEEDED: return "rejoin";
    default: return "other";
    }
}

static mls_status_t add_events(const mls_events_t *events) {
    for (size_t i = 0; i < mls_events_count(events); i++) {
        int32_t kind = mls_events_kind(events, i);
        uint32_t deliveries, generation = 0;
        uint64_t epoch = 0, commit;
        mls_bytes_t data;
        if (i > 0) add(" ");
        TRY(mls_events_deliveries(events, i, &deliveries, &error));
        add_number(mls_events_id(events, i));
        add(":");
        add_number(deliveries);
        add(":");
        add(kind_name(kind));
        add(":");
        if (kind == MLS_EVENT_MESSAGE) {
            TRY(mls_events_data(events, i, &data, &error));
            TRY(mls_events_generation(events, i, &generation, &error));
            add_hex(data);
        } else if (kind == MLS_EVENT_SUPERSEDED) {
            TRY(mls_events_commit(events, i, &commit, &error));
            add_number(commit);
        }
        if (kind == MLS_EVENT_MESSAGE || kind == MLS_EVENT_JOINED || kind == MLS_EVENT_COMMITTED ||
            kind == MLS_EVENT_SUPERSEDED) {
            TRY(mls_events_epoch(events, i, &epoch, &error));
        }
        add(":");
        add_number(generation);
        add(":");
        add_number(epoch);
    }
    return MLS_OK;
}

static mls_status_t commit(const mls_proposals_t *proposals) {
    mls_group_t *group;
    mls_commit_t *made;
    TRY(the_group(&group));
    TRY(mls_group_commit(group, proposals, MLS_DEFAULTS, &made, &error));
    return add_commit(made);
}

/* ---- the commands -------------------------------------------------------------------------------------------------- */

static mls_status_t create(void) {
    mls_group_t *group;
    mls_bytes_t id;
    TRY(mls_client_create_group(client, MLS_DEFAULTS, &group, &error));
    TRY(mls_group_id(group, &id, &error));
    add_hex(id);
    return MLS_OK;
}

static mls_status_t packages(const char *count) {
    mls_messages_t *messages;
    TRY(mls_client_create_key_packages(client, (uint32_t)strtoul(count, NULL, 10), MLS_DEFAULTS, &messages, &error));
    return add_messages(messages);
}

static mls_status_t inventory(void) {
    mls_key_packages_t *found;
    TRY(mls_client_key_packages(client, &found, &error));
    for (size_t i = 0; i < mls_key_packages_count(found); i++) {
        mls_bytes_t bytes;
        TRY(mls_key_packages_message(found, i, &bytes, &error));
        if (i > 0) add(" ");
        add_hex(bytes);
    }
    return MLS_OK;
}

static mls_status_t say(const char *text) {
    mls_group_t *group;
    mls_bytes_t message;
    TRY(the_group(&group));
    TRY(mls_group_encrypt(group, (const uint8_t *)text, strlen(text), MLS_DEFAULTS, &message, &error));
    add_hex(message);
    return MLS_OK;
}

static mls_status_t receive(char **words, size_t count) {
    mls_messages_t *messages = mls_messages_new();
    mls_events_t *events;
    for (size_t i = 0; i < count; i++) {
        mls_bytes_t bytes = unhex(words[i]);
        TRY(mls_messages_push(messages, bytes.data, bytes.len, &error));
        free(bytes.data);
    }
    TRY(mls_client_receive_many(client, messages, &events, &error));
    return add_events(events);
}

static mls_status_t inbox(void) {
    mls_events_t *events;
    TRY(mls_client_inbox(client, 0, 1000, &events, &error));
    return add_events(events);
}

static mls_status_t commit_adds(char **words, size_t count) {
    mls_proposals_t *proposals = mls_proposals_new();
    for (size_t i = 0; i < count; i++) {
        mls_bytes_t package = unhex(words[i]);
        TRY(mls_proposals_push_add(proposals, package.data, package.len, &error));
    }
    return commit(proposals);
}

static mls_status_t commit_remove(const char *leaf) {
    mls_proposals_t *proposals = mls_proposals_new();
    TRY(mls_proposals_push_remove(proposals, (uint32_t)strtoul(leaf, NULL, 10), &error));
    return commit(proposals);
}

static mls_status_t delete(void) {
    mls_ids_t *ids;
    mls_bytes_t id;
    TRY(mls_client_groups(client, NULL, 0, 1, &ids, &error));
    if (mls_ids_count(ids) == 0) return MLS_OK;
    TRY(mls_ids_at(ids, 0, &id, &error));
    return mls_client_delete_group(client, id.data, id.len, &error);
}

static mls_status_t pending(void) {
    mls_group_t *group;
    mls_commits_t *commits;
    TRY(the_group(&group));
    TRY(mls_group_pending_commits(group, &commits, &error));
    for (size_t i = 0; i < mls_commits_count(commits); i++) {
        mls_commit_t *found;
        TRY(mls_commits_at(commits, i, &found, &error));
        if (i > 0) add(" ");
        TRY(add_commit(found));
    }
    return MLS_OK;
}

static mls_status_t resolve(const char *how, const char *id) {
    mls_commit_t *found;
    mls_messages_t *messages;
    TRY(the_commit(id, &found));
    if (strcmp(how, "accept") == 0) return mls_commit_accept(found, &error);
    if (strcmp(how, "reject") == 0) return mls_commit_reject(found, &error);
    TRY(mls_commit_welcomes(found, &messages, &error));
    return add_messages(messages);
}

static mls_status_t join(const char *invitation) {
    mls_group_t *group;
    mls_bytes_t id;
    TRY(mls_client_join(client, strtoull(invitation, NULL, 10), NULL, 0, &group, &error));
    TRY(mls_group_id(group, &id, &error));
    add_hex(id);
    return MLS_OK;
}

static mls_status_t resync(const char *info) {
    mls_bytes_t bytes = unhex(info);
    mls_join_options_t *options = mls_join_options_new();
    mls_commit_t *made;
    TRY(mls_join_options_set_resync(options, 1, &error));
    TRY(mls_client_join_external(client, bytes.data, bytes.len, options, &made, &error));
    return add_commit(made);
}

static mls_status_t state(void) {
    mls_group_t *group;
    uint64_t epoch;
    mls_bytes_t authenticator;
    TRY(the_group(&group));
    TRY(mls_group_epoch(group, &epoch, &error));
    TRY(mls_group_epoch_authenticator(group, &authenticator, &error));
    add_number(epoch);
    add(" ");
    add_hex(authenticator);
    return MLS_OK;
}

static mls_status_t obey(char **words, size_t count) {
    const char *verb = words[0], *first = count > 1 ? words[1] : "";
    if (strcmp(verb, "create") == 0) return create();
    if (strcmp(verb, "packages") == 0) return packages(first);
    if (strcmp(verb, "inventory") == 0) return inventory();
    if (strcmp(verb, "say") == 0) return say(first);
    if (strcmp(verb, "receive") == 0) return receive(words + 1, count - 1);
    if (strcmp(verb, "inbox") == 0) return inbox();
    if (strcmp(verb, "acknowledge") == 0) return mls_client_acknowledge(client, strtoull(first, NULL, 10), &error);
    if (strcmp(verb, "flush") == 0) return mls_client_flush(client, &error);
    if (strcmp(verb, "rekey") == 0) return mls_client_rekey(client, key(), MLS_STORE_KEY_LEN, &error);
    if (strcmp(verb, "commit") == 0) return commit_adds(words + 1, count - 1);
    if (strcmp(verb, "remove") == 0) return commit_remove(first);
    if (strcmp(verb, "delete") == 0) return delete();
    if (strcmp(verb, "pending") == 0) return pending();
    if (strcmp(verb, "join") == 0) return join(first);
    if (strcmp(verb, "resync") == 0) return resync(first);
    if (strcmp(verb, "state") == 0) return state();
    if (strcmp(verb, "accept") == 0 || strcmp(verb, "reject") == 0 || strcmp(verb, "welcomes") == 0) {
        return resolve(verb, first);
    }
    fprintf(stderr, "no such command: %s\n", verb);
    exit(2);
}

static mls_status_t open_client(const char *path, int is_own) {
    mls_options_t *options = mls_options_new();
    TRY(mls_options_set_device(options, getenv("LIBMLS_DEVICE_NAME"), "phone", &error));
    TRY(mls_options_set_insecure_accept_any(options, &error));
    TRY(mls_options_set_limit_fold_distance(options, 8, &error));
    TRY(mls_options_set_limit_send_window(options, 4, &error));
    if (is_own) {
        mls_store_t *store = NULL;
        TRY(store_open(path, &store));
        return mls_client_open_store(store, key(), MLS_STORE_KEY_LEN, options, &client, &error);
    }
    return mls_client_open(path, key(), MLS_STORE_KEY_LEN, options, &client, &error);
}

/* In one piece, for who counts system calls. */
static void tell(const char *how, const char *what) {
    size_t len = strlen(how) + strlen(what) + 5;
    char *line = wanted(malloc(len + 1));
    snprintf(line, len + 1, "\n> %s%s\n", how, what);
    if (write(1, line, strlen(line)) < 0) exit(1);
    free(line);
}

static void tell_error(const char *how, mls_status_t status) {
    char text[512];
    const char *name = error ? mls_error_name(error) : status == MLS_ERROR_STORE_FULL ? "STORE_FULL" : "STORE_IO";
    snprintf(text, sizeof text, "%s %s", name, error ? mls_error_detail(error) : "of the application's store");
    for (char *at = strchr(text, ' ') + 1; *at; at++) {
        if (*at == ' ') *at = '_';
    }
    tell(how, text);
    mls_error_free(error);
    error = NULL;
}

int main(int argc, char **argv) {
    char *line = NULL;
    size_t room = 0;
    mls_status_t status = open_client(getenv("LIBMLS_DEVICE_FILE"), argc > 1 && strcmp(argv[1], "own") == 0);
    if (status != MLS_OK) {
        tell_error("failed ", status);
        return 0;
    }
    tell("open", "");
    while (getline(&line, &room, stdin) > 0) {
        char **words = wanted(calloc(strlen(line) + 2, sizeof *words)), *rest = line;
        size_t count = 0;
        for (char *word; (word = strtok_r(rest, " \n", &rest)) != NULL;) words[count++] = word;
        add("");
        answer_len = 0;
        answer[0] = 0;
        status = count == 0 ? MLS_OK : obey(words, count);
        if (status == MLS_OK) tell("ok ", answer);
        else tell_error("err ", status);
        free(words);
    }
    return 0;
}
