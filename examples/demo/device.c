/*
 * A device in C: one process, one identity, one encrypted database. It does what its standard input says, a command a
 * line, and answers "= ..." (demo.c says what is asked of it); device.cpp is the same in C++.
 *
 *     device NAME DIRECTORY SOCKET
 *
 * What an application has to do so that nothing is lost and nothing shown twice, whenever it is killed:
 *   - an incoming event is saved in the application's own log, with its id, then acknowledged; what is pulled again
 *     after a crash has the same id, and is not shown again;
 *   - an outgoing message is saved as it was encrypted, then sent, then marked as sent; after a crash the same bytes are
 *     sent again, which receivers recognise;
 *   - a commit is durable inside the library: it is submitted from mls_group_pending_commits, before and after a crash
 *     the same way, and its `committed` event is acknowledged when its Welcomes are delivered.
 */
#include "mls.h"
#include "wire.h"

#include <fcntl.h>
#include <sys/stat.h>

#define CHUNK 1024

static const char *name, *directory, *mailbox;
static mls_client_t *client;
static mls_group_t *group; /* this demo's only one; NULL before */
static uint64_t *seen;     /* ids of events in the log */
static size_t seen_count;
static size_t pulled, shown, again, sent_count;
static size_t pause_at; /* to be killed when so many messages are saved; 0 for not */

/* A call that must succeed. */
#define MUST(call)                                                                                                     \
    do {                                                                                                               \
        mls_error_t *error = NULL;                                                                                     \
        if ((call) != MLS_OK) {                                                                                        \
            printf("= failed: %s: %s (%s)\n", #call, mls_error_message(error), mls_error_detail(error));               \
            exit(2);                                                                                                   \
        }                                                                                                              \
    } while (0)

static void answer(const char *text) {
    printf("= %s\n", text);
    fflush(stdout);
}

/* Says where it is, and waits to be killed there. */
static void be_killed(const char *where) {
    answer(where);
    for (;;) pause();
}

static FILE *open_file(const char *suffix, const char *mode) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s%s", directory, name, suffix);
    return fopen(path, mode);
}

static void save(FILE *file) {
    if (fflush(file) != 0 || fsync(fileno(file)) != 0 || fclose(file) != 0) exit(2);
}

static size_t load_number(const char *suffix) {
    size_t number = 0;
    FILE *file = open_file(suffix, "r");
    if (file == NULL) return 0;
    if (fscanf(file, "%zu", &number) != 1) number = 0;
    fclose(file);
    return number;
}

/* A number that may be lost or old after a crash: then a little is done again. */
static void save_number(const char *suffix, size_t number) {
    FILE *file = open_file(suffix, "w");
    if (file == NULL) exit(2);
    fprintf(file, "%zu\n", number);
    fclose(file);
}

static int ask_mailbox(const char *verb, const char *about, const mls_bytes_t *body) {
    char word[WIRE_LINE];
    if (!wire_call(mailbox, verb, about, 0, body ? body->data : NULL, body ? body->len : 0, word, NULL, NULL)) return 0;
    return strcmp(word, "OK") == 0 || strcmp(word, "ACCEPTED") == 0 ? 1 : -1;
}

/* ---- what comes in ---------------------------------------------------------------------------------------------- */

static int is_seen(uint64_t id) {
    for (size_t i = seen_count; i > 0; i--) {
        if (seen[i - 1] == id) return 1;
    }
    return 0;
}

static void remember(uint64_t id) {
    seen = realloc(seen, (seen_count + 1) * sizeof *seen);
    if (seen == NULL) exit(2);
    seen[seen_count++] = id;
}

/* Reads the log of what was shown: "id TAB sender TAB text" a line. A last line that has no end was not saved. */
static void load_log(void) {
    char line[4096];
    long good = 0;
    FILE *file = open_file(".log", "a+");
    if (file == NULL) exit(2);
    rewind(file);
    while (fgets(line, sizeof line, file) != NULL && strchr(line, '\n') != NULL) {
        remember(strtoull(line, NULL, 10));
        good = ftell(file);
    }
    if (ftruncate(fileno(file), good) != 0) exit(2);
    fclose(file);
}

/* The first line of a message says what it is: "text", or a piece of a file. */
static void show(uint64_t id, const char *sender, mls_bytes_t message) {
    const char *body = memchr(message.data, '\n', message.len), *text = (const char *)message.data;
    char file_name[64];
    size_t index = 0, total = 0, body_len;
    FILE *file;
    if (body == NULL) return;
    body_len = message.len - (size_t)(++body - text);
    if (sscanf(text, "file %63s %zu %zu\n", file_name, &index, &total) == 3) {
        char suffix[80];
        int fd;
        snprintf(suffix, sizeof suffix, ".%s", file_name);
        file = open_file(suffix, "a");
        if (file == NULL) exit(2);
        fclose(file);
        file = open_file(suffix, "r+");
        if (file == NULL) exit(2);
        fd = fileno(file);
        if (pwrite(fd, body, body_len, (off_t)(index * CHUNK)) != (ssize_t)body_len) exit(2);
        save(file);
    } else {
        printf("  %s says: %.*s\n", sender, (int)body_len, body);
    }
    file = open_file(".log", "a");
    if (file == NULL) exit(2);
    if (total > 0) {
        fprintf(file, "%llu\t%s\t@%s %zu/%zu\n", (unsigned long long)id, sender, file_name, index, total);
    } else {
        fprintf(file, "%llu\t%s\t%.*s\n", (unsigned long long)id, sender, (int)body_len, body);
    }
    save(file);
    remember(id);
    if (++shown == pause_at) be_killed("saved, not acknowledged");
}

static void take_message(const mls_events_t *events, size_t i) {
    mls_bytes_t data, user;
    mls_senders_t *sender;
    uint64_t id = mls_events_id(events, i);
    if (is_seen(id)) {
        again++;
        return;
    }
    MUST(mls_events_data(events, i, &data, &error));
    MUST(mls_events_sender(events, i, &sender, &error));
    MUST(mls_senders_user(sender, 0, &user, &error));
    show(id, (const char *)user.data, data);
    mls_bytes_free(&data);
    mls_bytes_free(&user);
    mls_senders_free(sender);
}

static void deliver_welcomes(mls_commit_t *commit, mls_senders_t *added) {
    mls_messages_t *welcomes;
    mls_bytes_t welcome, user;
    MUST(mls_commit_welcomes(commit, &welcomes, &error));
    for (size_t i = 0; i < mls_senders_count(added); i++) {
        MUST(mls_messages_at(welcomes, 0, &welcome, &error)); /* one for all */
        MUST(mls_senders_user(added, i, &user, &error));
        ask_mailbox("WELCOME", (const char *)user.data, &welcome);
        printf("  sent %s the Welcome\n", user.data);
        mls_bytes_free(&welcome);
        mls_bytes_free(&user);
    }
    mls_messages_free(welcomes);
}

static void take_committed(const mls_events_t *events, size_t i) {
    mls_commit_t *commit;
    mls_senders_t *added, *by;
    mls_bytes_t user;
    uint64_t id, epoch;
    MUST(mls_events_commit(events, i, &id, &error));
    MUST(mls_events_added(events, i, &added, &error));
    MUST(mls_events_epoch(events, i, &epoch, &error));
    MUST(mls_events_sender(events, i, &by, &error));
    MUST(mls_senders_user(by, 0, &user, &error));
    printf("  epoch %llu, by %s\n", (unsigned long long)epoch, id != 0 ? "this device" : (const char *)user.data);
    if (id != 0 && mls_senders_count(added) > 0) {
        MUST(mls_group_find_commit(group, id, &commit, &error));
        deliver_welcomes(commit, added);
        mls_commit_free(commit);
    }
    mls_bytes_free(&user);
    mls_senders_free(by);
    mls_senders_free(added);
}

/* Another's commit won: what is still valid of ours is committed again. */
static void take_superseded(const mls_events_t *events, size_t i) {
    mls_proposal_infos_t *valid;
    mls_commit_t *commit;
    MUST(mls_events_still_valid(events, i, &valid, &error));
    printf("  another's commit won; %zu of this device's proposals are still valid\n", mls_proposal_infos_count(valid));
    if (mls_proposal_infos_count(valid) > 0) {
        MUST(mls_group_commit_again(group, valid, MLS_DEFAULTS, &commit, &error));
        mls_commit_free(commit);
    }
    mls_proposal_infos_free(valid);
}

static void take(const mls_events_t *events, size_t i) {
    uint64_t id = mls_events_id(events, i);
    switch (mls_events_kind(events, i)) {
    case MLS_EVENT_MESSAGE:
        take_message(events, i);
        break;
    case MLS_EVENT_INVITED:
        mls_group_free(group);
        MUST(mls_client_join(client, id, NULL, 0, &group, &error));
        puts("  joined the group");
        break;
    case MLS_EVENT_COMMITTED:
        take_committed(events, i);
        break;
    case MLS_EVENT_SUPERSEDED:
        take_superseded(events, i);
        break;
    case MLS_EVENT_REMOVED:
        puts("  was removed from the group");
        break;
    default:
        break; /* kinds only grow */
    }
    MUST(mls_client_acknowledge(client, id, &error));
}

static void take_all(mls_events_t *events) {
    for (size_t i = 0; i < mls_events_count(events); i++) take(events, i);
    mls_events_free(events);
}

static int is_commit(const uint8_t *message, size_t len) {
    mls_message_info_t *info;
    int is;
    if (mls_message_info_read(message, len, &info, NULL) != MLS_OK) return 0;
    is = mls_message_info_content(info) == MLS_CONTENT_COMMIT;
    mls_message_info_free(info);
    return is;
}

/* Pulls what is in the mailbox. One who does not want to hear of his removal leaves the commits out. */
static void sync_mailbox(int without_commits) {
    char word[WIRE_LINE], counts[96];
    uint8_t *message = NULL;
    size_t len;
    mls_events_t *late;
    shown = again = 0;
    while (wire_call(mailbox, "PULL", name, pulled, NULL, 0, word, &message, &len) && strcmp(word, "OK") == 0) {
        mls_events_t *events;
        if (!without_commits || !is_commit(message, len)) {
            MUST(mls_client_receive(client, message, len, &events, &error));
            take_all(events);
        }
        free(message);
        message = NULL;
        save_number(".pulled", ++pulled);
    }
    free(message);
    MUST(mls_client_inbox(client, 0, 10000, &late, &error)); /* what a join has released */
    take_all(late);
    MUST(mls_client_flush(client, &error));
    snprintf(counts, sizeof counts, "shown %zu", shown);
    answer(counts);
}

/* ---- what goes out ---------------------------------------------------------------------------------------------- */

/* Sends what was encrypted and not sent, the same bytes as before a crash. Records: "LABEL TAB LENGTH \n bytes \n". */
static void send_outbox(const char *searched, int *found) {
    char label[128];
    size_t len, count = 0;
    long good = 0;
    FILE *file = open_file(".outbox", "a+");
    if (file == NULL) exit(2);
    rewind(file);
    while (fscanf(file, "%127[^\t]\t%zu", label, &len) == 2 && fgetc(file) == '\n') {
        uint8_t *bytes = malloc(len + 1);
        if (bytes == NULL) exit(2);
        if (fread(bytes, 1, len + 1, file) == len + 1 && bytes[len] == '\n') {
            mls_bytes_t message = {bytes, len};
            if (count >= sent_count) {
                if (ask_mailbox("SEND", name, &message) != 1) exit(2);
                save_number(".sent", ++sent_count);
            }
            if (searched != NULL && strcmp(searched, label) == 0) *found = 1;
            count++;
            good = ftell(file);
        }
        free(bytes);
    }
    if (ftruncate(fileno(file), good) != 0) exit(2);
    fclose(file);
}

/* Encrypts and saves under a label, then sends. */
static void post(const char *label, const void *data, size_t len) {
    mls_bytes_t message;
    FILE *file = open_file(".outbox", "a");
    MUST(mls_group_encrypt(group, data, len, MLS_DEFAULTS, &message, &error));
    if (file == NULL) exit(2);
    fprintf(file, "%s\t%zu\n", label, message.len);
    fwrite(message.data, 1, message.len, file);
    fputc('\n', file);
    save(file);
    if (ask_mailbox("SEND", name, &message) != 1) exit(2);
    save_number(".sent", ++sent_count);
    mls_bytes_free(&message);
}

static void say(const char *text) {
    char message[1024];
    int len = snprintf(message, sizeof message, "text\n%s", text);
    post("text", message, (size_t)len);
    answer("said");
}

static void send_file(const char *path) {
    char message[CHUNK + 160], counts[64];
    const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    struct stat status;
    size_t total, posted = 0;
    FILE *file = fopen(path, "rb");
    if (file == NULL || fstat(fileno(file), &status) != 0) exit(2);
    total = ((size_t)status.st_size + CHUNK - 1) / CHUNK;
    for (size_t index = 0; index < total; index++) {
        int found = 0, head = snprintf(message, 160, "file %s %zu %zu", base, index, total);
        char label[160];
        memcpy(label, message, (size_t)head + 1);
        message[head++] = '\n';
        size_t len = fread(message + head, 1, CHUNK, file);
        send_outbox(label, &found);
        if (!found) {
            post(label, message, (size_t)head + len);
            posted++;
        }
        if (pause_at != 0 && posted == pause_at) be_killed("in the middle of sending");
    }
    fclose(file);
    snprintf(counts, sizeof counts, "sent %zu of %zu", posted, total);
    answer(counts);
}

/* ---- changes of the group --------------------------------------------------------------------------------------- */

static void publish(void) {
    mls_messages_t *packages;
    mls_bytes_t package;
    MUST(mls_client_create_key_packages(client, 2, MLS_DEFAULTS, &packages, &error));
    for (size_t i = 0; i < mls_messages_count(packages); i++) {
        MUST(mls_messages_at(packages, i, &package, &error));
        ask_mailbox("PUBLISH", name, &package);
        mls_bytes_free(&package);
    }
    mls_messages_free(packages);
    answer("published");
}

static void commit(mls_proposals_t *proposals) {
    mls_commit_t *pending;
    MUST(mls_group_commit(group, proposals, MLS_DEFAULTS, &pending, &error));
    mls_commit_free(pending); /* it is in the store, and comes back with mls_group_pending_commits */
    mls_proposals_free(proposals);
    answer("pending");
}

static void invite(char *names) {
    mls_proposals_t *proposals = mls_proposals_new();
    for (char *who = strtok(names, " "); who != NULL; who = strtok(NULL, " ")) {
        char word[WIRE_LINE];
        uint8_t *package;
        size_t len;
        if (!wire_call(mailbox, "FETCH", who, 0, NULL, 0, word, &package, &len) || strcmp(word, "OK") != 0) exit(2);
        MUST(mls_proposals_push_add(proposals, package, len, &error));
        free(package);
    }
    commit(proposals);
}

static void update(void) {
    mls_proposals_t *proposals = mls_proposals_new();
    MUST(mls_proposals_push_update(proposals, NULL, NULL, &error));
    commit(proposals);
}

static void remove_member(const char *who) {
    mls_proposals_t *proposals = mls_proposals_new();
    mls_members_t *members;
    MUST(mls_group_members(group, &members, &error));
    for (size_t i = 0; i < mls_members_count(members); i++) {
        mls_bytes_t user;
        uint32_t leaf;
        MUST(mls_members_user(members, i, &user, &error));
        MUST(mls_members_leaf(members, i, &leaf, &error));
        if (strcmp((const char *)user.data, who) == 0) MUST(mls_proposals_push_remove(proposals, leaf, &error));
        mls_bytes_free(&user);
    }
    mls_members_free(members);
    commit(proposals);
}

/* Submits the oldest pending commit. "refused" leaves it pending: the winner in the mailbox will supersede it;
 * "refused reject" frees its slot at once. */
static void submit(const char *how) {
    mls_commits_t *commits;
    mls_commit_t *pending;
    mls_bytes_t message;
    mls_events_t *events;
    MUST(mls_group_pending_commits(group, &commits, &error));
    if (mls_commits_count(commits) == 0) {
        mls_commits_free(commits);
        answer("nothing pending");
        return;
    }
    MUST(mls_commits_at(commits, 0, &pending, &error));
    MUST(mls_commit_message(pending, &message, &error));
    switch (ask_mailbox("SUBMIT", name, &message)) {
    case 1:
        MUST(mls_commit_accept(pending, &error));
        if (strcmp(how, "and die") == 0) be_killed("accepted, Welcome not delivered");
        MUST(mls_client_inbox(client, 0, 100, &events, &error)); /* the `committed` event */
        take_all(events);
        answer("accepted");
        break;
    case -1:
        if (strcmp(how, "or reject") == 0) MUST(mls_commit_reject(pending, &error));
        answer("refused");
        break;
    default:
        answer("unknown"); /* send the same bytes again, or wait for the echo */
    }
    mls_bytes_free(&message);
    mls_commit_free(pending);
    mls_commits_free(commits);
}

static void tell_authenticator(void) {
    mls_bytes_t authenticator;
    uint64_t epoch;
    MUST(mls_group_epoch(group, &epoch, &error));
    MUST(mls_group_epoch_authenticator(group, &authenticator, &error));
    printf("= %llu ", (unsigned long long)epoch);
    for (size_t i = 0; i < authenticator.len; i++) printf("%02x", authenticator.data[i]);
    printf("\n");
    fflush(stdout);
    mls_bytes_free(&authenticator);
}

/* What a removed member is answered when it tries to send. */
static void try_to_send(void) {
    mls_bytes_t message;
    mls_status_t status = mls_group_encrypt(group, (const uint8_t *)"?", 1, MLS_DEFAULTS, &message, NULL);
    answer(mls_status_name(status));
    mls_bytes_free(&message);
}

/* ---- opening ---------------------------------------------------------------------------------------------------- */

static void open_client(void) {
    static const uint8_t key[MLS_STORE_KEY_LEN] = "from the platform's keystore!!!";
    mls_options_t *options = mls_options_new();
    char path[256];
    snprintf(path, sizeof path, "%s/%s.db", directory, name);
    MUST(mls_options_set_device(options, name, "demo", &error));
    MUST(mls_options_set_trust_on_first_use(options, &error));
    MUST(mls_client_open(path, key, sizeof key, options, &client, &error));
    mls_options_free(options);
}

static void open_group(void) {
    mls_ids_t *ids;
    mls_bytes_t id;
    MUST(mls_client_groups(client, NULL, 0, 1, &ids, &error));
    if (mls_ids_count(ids) > 0) {
        MUST(mls_ids_at(ids, 0, &id, &error));
        MUST(mls_client_group(client, id.data, id.len, &group, &error));
        mls_bytes_free(&id);
    }
    mls_ids_free(ids);
}

/* After a start: first what the library still keeps for us, then what was not sent. */
static void recover(void) {
    mls_events_t *events;
    char counts[96];
    load_log();
    pulled = load_number(".pulled");
    sent_count = load_number(".sent");
    MUST(mls_client_inbox(client, 0, 10000, &events, &error));
    take_all(events);
    if (group != NULL) send_outbox(NULL, NULL);
    snprintf(counts, sizeof counts, "ready, again %zu, new %zu", again, shown);
    answer(counts);
}

static void obey(char *line) {
    if (strcmp(line, "publish") == 0) publish();
    else if (strcmp(line, "create") == 0) { MUST(mls_client_create_group(client, MLS_DEFAULTS, &group, &error)); answer("created"); }
    else if (strncmp(line, "invite ", 7) == 0) invite(line + 7);
    else if (strcmp(line, "update") == 0) update();
    else if (strncmp(line, "remove ", 7) == 0) remove_member(line + 7);
    else if (strncmp(line, "submit", 6) == 0) submit(line[6] ? line + 7 : "");
    else if (strncmp(line, "say ", 4) == 0) say(line + 4);
    else if (strncmp(line, "file ", 5) == 0) send_file(line + 5);
    else if (strncmp(line, "die at ", 7) == 0) { pause_at = strtoul(line + 7, NULL, 10); answer("so be it"); }
    else if (strcmp(line, "lose") == 0) { ask_mailbox("LOSE", name, NULL); answer("so be it"); }
    else if (strcmp(line, "sync") == 0) sync_mailbox(0);
    else if (strcmp(line, "sync without commits") == 0) sync_mailbox(1);
    else if (strcmp(line, "authenticator") == 0) tell_authenticator();
    else if (strcmp(line, "try to send") == 0) try_to_send();
    else answer("what?");
}

int main(int argc, char **argv) {
    char line[1024];
    if (argc != 4) return 2;
    name = argv[1];
    directory = argv[2];
    mailbox = argv[3];
    open_client();
    open_group();
    if (ask_mailbox("HELLO", name, NULL) != 1) return 2;
    recover();
    while (fgets(line, sizeof line, stdin) != NULL) {
        line[strcspn(line, "\n")] = 0;
        obey(line);
    }
    mls_group_free(group);
    MUST(mls_client_close(client, &error));
    mls_client_free(client);
    free(seen);
    return 0;
}
