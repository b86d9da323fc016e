/*
 * The mailbox: a delivery service (RFC 9750 section 5) that knows no secret. It keeps key packages until they are
 * fetched, a mailbox for each device, and one order of commits: the first one for an epoch is accepted, every other one
 * for it refused, and the same bytes are answered the same way again. What it has to know of a message it reads with
 * mls_message_info_read; the messages themselves are encrypted.
 *
 *     mailbox SOCKET
 */
#include "mls.h"
#include "wire.h"

#include <signal.h>

struct message {
    uint8_t *data;
    size_t len;
};

struct list {
    struct message *items;
    size_t count;
};

struct box {
    char name[WIRE_NAME];
    struct list mail, key_packages;
    size_t fetched;
    int lose_next;
};

/* The commits that were accepted: of each group in the order of its epochs. */
struct accepted {
    struct message group, commit;
    uint64_t epoch;
};

static struct box boxes[16];
static size_t boxes_count;
static struct accepted *accepted;
static size_t accepted_count;

static void *resized(void *memory, size_t bytes) {
    memory = realloc(memory, bytes);
    if (memory == NULL) exit(2);
    return memory;
}

static struct message copy_of(const uint8_t *data, size_t len) {
    struct message copy = {resized(NULL, len + 1), len};
    memcpy(copy.data, data, len);
    return copy;
}

static int same(struct message a, const uint8_t *data, size_t len) {
    return a.len == len && memcmp(a.data, data, len) == 0;
}

static void append(struct list *list, const uint8_t *data, size_t len) {
    list->items = resized(list->items, (list->count + 1) * sizeof *list->items);
    list->items[list->count++] = copy_of(data, len);
}

static struct box *box_of(const char *name) {
    for (size_t i = 0; i < boxes_count; i++) {
        if (strcmp(boxes[i].name, name) == 0) return &boxes[i];
    }
    if (boxes_count == sizeof boxes / sizeof *boxes) exit(2);
    snprintf(boxes[boxes_count].name, WIRE_NAME, "%s", name);
    return &boxes[boxes_count++];
}

static void to_everybody(const uint8_t *data, size_t len) {
    for (size_t i = 0; i < boxes_count; i++) append(&boxes[i].mail, data, len);
}

/* Whether a commit is the first one for its epoch; the same one may ask again. */
static int order(const uint8_t *data, size_t len) {
    mls_message_info_t *info = NULL;
    mls_bytes_t group = {NULL, 0};
    uint64_t epoch = 0;
    int answer = 0, known = 0;
    if (mls_message_info_read(data, len, &info, NULL) != MLS_OK) return 0;
    if (mls_message_info_content(info) == MLS_CONTENT_COMMIT && mls_message_info_group_id(info, &group, NULL) == MLS_OK &&
        mls_message_info_epoch(info, &epoch, NULL) == MLS_OK) {
        answer = 1;
        for (size_t i = 0; i < accepted_count; i++) {
            if (!same(accepted[i].group, group.data, group.len)) continue;
            if (same(accepted[i].commit, data, len)) known = 1;
            if (accepted[i].epoch >= epoch) answer = 0;
        }
        if (answer) {
            accepted = resized(accepted, (accepted_count + 1) * sizeof *accepted);
            accepted[accepted_count].group = copy_of(group.data, group.len);
            accepted[accepted_count].commit = copy_of(data, len);
            accepted[accepted_count++].epoch = epoch;
            to_everybody(data, len);
        }
    }
    mls_bytes_free(&group);
    mls_message_info_free(info);
    return answer || known;
}

/* Does what a request asks. Answers the word to say, with `body`, or NULL to say nothing. */
static const char *serve(const char *verb, struct box *box, size_t number, const uint8_t *data, size_t len,
                         struct message *body) {
    if (strcmp(verb, "HELLO") == 0) {
        return "OK";
    } else if (strcmp(verb, "PUBLISH") == 0) {
        append(&box->key_packages, data, len);
    } else if (strcmp(verb, "FETCH") == 0) {
        if (box->fetched == box->key_packages.count) return "NONE";
        *body = box->key_packages.items[box->fetched++];
    } else if (strcmp(verb, "SUBMIT") == 0) {
        int ordered = order(data, len), lose = box->lose_next;
        box->lose_next = 0;
        return lose ? NULL : ordered ? "ACCEPTED" : "REFUSED";
    } else if (strcmp(verb, "SEND") == 0) {
        to_everybody(data, len);
    } else if (strcmp(verb, "WELCOME") == 0) {
        append(&box->mail, data, len);
    } else if (strcmp(verb, "PULL") == 0) {
        if (number >= box->mail.count) return "NONE";
        *body = box->mail.items[number];
    } else if (strcmp(verb, "LOSE") == 0) {
        box->lose_next = 1;
    } else {
        return "WHAT";
    }
    return "OK";
}

static void serve_one(int fd) {
    char line[WIRE_LINE], verb[WIRE_NAME], name[WIRE_NAME];
    size_t number, len;
    uint8_t *data;
    if (!wire_read_line(fd, line) || sscanf(line, "%31s %31s %zu %zu", verb, name, &number, &len) != 4) return;
    data = wire_read_body(fd, len);
    if (data == NULL) return; /* it died while it was asking */
    struct message body = {NULL, 0};
    const char *word = serve(verb, box_of(name), number, data, len, &body);
    if (word != NULL) {
        int length = snprintf(line, sizeof line, "%s %zu\n", word, body.len);
        if (wire_write(fd, line, (size_t)length)) wire_write(fd, body.data, body.len);
    }
    free(data);
}

static void stop(int signal_number) {
    (void)signal_number;
    _exit(0);
}

int main(int argc, char **argv) {
    struct sockaddr_un address;
    int listening = socket(AF_UNIX, SOCK_STREAM, 0);
    if (argc != 2 || listening < 0 || !wire_address(argv[1], &address)) return 2;
    signal(SIGTERM, stop);
    if (bind(listening, (struct sockaddr *)&address, sizeof address) != 0 || listen(listening, 16) != 0) return 2;
    puts("= ready");
    fflush(stdout);
    for (;;) {
        int fd = accept(listening, NULL, NULL);
        if (fd < 0) return 2;
        serve_one(fd);
        close(fd);
    }
}
