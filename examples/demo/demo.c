/*
 * The demo: starts a mailbox and devices as processes of their own, tells them what to do, kills some of them, and
 * checks what they show. It uses nothing of libmls and shares no memory with anybody.
 *
 *     demo BUILD DIRECTORY FILE FILE [SEED]      BUILD has mailbox, device-c and device-cpp; two files to be sent
 *
 * DEMO_UNDER is a command to run devices under, as "valgrind -q". Exits 0 only if everything was as it should be.
 */
#define _GNU_SOURCE /* memmem, vdprintf */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DEVICES 5
#define EXPECTED 4096

struct process {
    const char *name, *program, *directory;
    pid_t pid;
    int in;
    FILE *out;
    size_t again; /* what was delivered again, and not shown again */
    size_t since; /* the first of `said` that it is to have shown */
    size_t until; /* the first that it is not to have shown; 0 for no end */
};

/* Everything that was said, in the order of the mailbox. */
static struct {
    const char *by;
    char text[96];
} said[EXPECTED];
static size_t said_count;

static const char *build, *root;
static char socket_path[100];
static struct process mailbox = {"mailbox", "mailbox", NULL, 0, 0, NULL, 0, 0, 0};
static struct process alice = {"alice", "device-c", NULL, 0, 0, NULL, 0, 0, 0};
static struct process bob = {"bob", "device-cpp", NULL, 0, 0, NULL, 0, 0, 0};
static struct process carol = {"carol", "device-c", NULL, 0, 0, NULL, 0, 0, 0};
static struct process dave = {"dave", "device-cpp", NULL, 0, 0, NULL, 0, 0, 0};

static void stop(struct process *process, int signal_number) {
    int status;
    if (process->pid == 0) return;
    kill(process->pid, signal_number);
    waitpid(process->pid, &status, 0);
    process->pid = 0;
    close(process->in);
    fclose(process->out);
}

static void stop_everybody(void) {
    struct process *all[] = {&alice, &bob, &carol, &dave, &mailbox};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) stop(all[i], SIGKILL);
}

__attribute__((format(printf, 1, 2), noreturn)) static void fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "\nFAILED: ");
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\n");
    va_end(arguments);
    stop_everybody();
    exit(1);
}

__attribute__((format(printf, 1, 2))) static void scene(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    printf("\n");
    vprintf(format, arguments);
    printf("\n");
    fflush(stdout);
    va_end(arguments);
}

/* What a process answers: its next line that begins with "= ". Others are shown. */
static const char *answer(struct process *process) {
    static char lines[8][1024];
    static size_t next;
    char *line = lines[next++ % 8];
    struct pollfd waiting = {fileno(process->out), POLLIN, 0};
    for (;;) {
        if (poll(&waiting, 1, 180000) == 0) fail("%s does not answer", process->name);
        if (fgets(line, sizeof lines[0], process->out) == NULL) fail("%s has died", process->name);
        line[strcspn(line, "\n")] = 0;
        if (strncmp(line, "= failed", 8) == 0) fail("%s: %s", process->name, line + 2);
        if (strncmp(line, "= ", 2) == 0) return line + 2;
        printf("  %-6s%s\n", process->name, line);
        fflush(stdout);
    }
}

static void tell(struct process *process, const char *format, va_list arguments) {
    if (vdprintf(process->in, format, arguments) < 0 || write(process->in, "\n", 1) != 1) fail("%s has died", process->name);
}

/* Tells a device what to do, and does not wait. */
__attribute__((format(printf, 2, 3))) static void begin(struct process *process, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    tell(process, format, arguments);
    va_end(arguments);
}

/* Tells a device what to do, and answers what it says. */
__attribute__((format(printf, 2, 3))) static const char *ask(struct process *process, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    tell(process, format, arguments);
    va_end(arguments);
    return answer(process);
}

static void expect(struct process *process, const char *got, const char *wanted) {
    if (strcmp(got, wanted) != 0) fail("%s answers \"%s\", not \"%s\"", process->name, got, wanted);
}

#define MUST(process, wanted, ...) expect(process, ask(process, __VA_ARGS__), wanted)

/* Starts a process; a device says how much was delivered again after its last end. */
static const char *start(struct process *process) {
    int to[2], from[2];
    char program[512], *arguments[24];
    size_t count = 0;
    char under[256];
    /* Close-on-exec: no process inherits another's pipes. */
    if (pipe(to) != 0 || pipe(from) != 0) fail("no pipes");
    fcntl(to[1], F_SETFD, FD_CLOEXEC);
    fcntl(from[0], F_SETFD, FD_CLOEXEC);
    snprintf(program, sizeof program, "%s/%s", build, process->program);
    snprintf(under, sizeof under, "%s", getenv("DEMO_UNDER") ? getenv("DEMO_UNDER") : "");
    if (process != &mailbox) {
        for (char *word = strtok(under, " "); word != NULL && count < 16; word = strtok(NULL, " ")) arguments[count++] = word;
    }
    arguments[count++] = program;
    if (process == &mailbox) {
        arguments[count++] = socket_path;
    } else {
        arguments[count++] = (char *)(uintptr_t)process->name;
        arguments[count++] = (char *)(uintptr_t)(process->directory ? process->directory : root);
        arguments[count++] = socket_path;
    }
    arguments[count] = NULL;
    fflush(stdout);
    process->pid = fork();
    if (process->pid == 0) {
        dup2(to[0], 0);
        dup2(from[1], 1);
        close(to[0]);
        close(from[1]);
        execvp(arguments[0], arguments);
        _exit(127);
    }
    close(to[0]);
    close(from[1]);
    process->in = to[1];
    process->out = fdopen(from[0], "r");
    setvbuf(process->out, NULL, _IONBF, 0);
    return answer(process);
}

/* Ends a process as an application ends. */
static void end(struct process *process) {
    int status;
    close(process->in);
    process->in = -1;
    waitpid(process->pid, &status, 0);
    process->pid = 0;
    fclose(process->out);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) fail("%s ends with status %d", process->name, status);
}

/* Kills a device where it is, and starts it again. */
static size_t killed_and_back(struct process *process) {
    size_t again = 0;
    stop(process, SIGKILL);
    const char *ready = start(process);
    if (sscanf(ready, "ready, again %zu", &again) != 1) fail("%s answers \"%s\"", process->name, ready);
    printf("  %-6s  was killed, and is back: %s\n", process->name, ready);
    process->again += again;
    return again;
}

static void sync_everybody(void) {
    struct process *all[] = {&alice, &bob, &carol, &dave};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (all[i]->pid != 0) ask(all[i], "sync");
    }
}

static void is_said(struct process *by, const char *text) {
    if (said_count == EXPECTED) fail("too much is said");
    said[said_count].by = by->name;
    snprintf(said[said_count++].text, sizeof said[0].text, "%s", text);
}

static void say(struct process *by, const char *text) {
    is_said(by, text);
    MUST(by, "said", "say %s", text);
}

static size_t chunks_of(const char *path) {
    struct stat status;
    if (stat(path, &status) != 0) fail("no file %s", path);
    return ((size_t)status.st_size + 1023) / 1024;
}

static const char *base_of(const char *path) {
    return strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
}

static void file_is_said(struct process *by, const char *path) {
    char text[96];
    for (size_t i = 0, total = chunks_of(path); i < total; i++) {
        snprintf(text, sizeof text, "@%.40s %zu/%zu", base_of(path), i, total);
        is_said(by, text);
    }
}

/* ---- checks ----------------------------------------------------------------------------------------------------- */

static char *contents(const char *path, size_t *len) {
    struct stat status;
    char *data;
    FILE *file = fopen(path, "rb");
    if (file == NULL || fstat(fileno(file), &status) != 0) return NULL;
    *len = (size_t)status.st_size;
    data = malloc(*len + 1);
    if (data == NULL || fread(data, 1, *len, file) != *len) fail("cannot read %s", path);
    data[*len] = 0;
    fclose(file);
    return data;
}

/* A device has shown everything that others said to it, each sender's in order, each once, and nothing else. */
static void check_shown(struct process *device) {
    char path[300], *at;
    size_t len, lines = 0, wanted = 0, last = device->until ? device->until : said_count;
    unsigned long long id;
    size_t places[DEVICES] = {0};
    const char *senders[DEVICES] = {alice.name, bob.name, carol.name, dave.name, NULL};
    static unsigned long long ids[EXPECTED];
    snprintf(path, sizeof path, "%s/%s.log", device->directory ? device->directory : root, device->name);
    char *log = contents(path, &len);
    if (log == NULL) fail("%s has no log", device->name);
    for (size_t i = 0; i < DEVICES; i++) places[i] = device->since;
    for (at = log; *at != 0; at = strchr(at, '\n') + 1) {
        char sender[32];
        int text_at = 0;
        size_t who = 0;
        if (sscanf(at, "%llu\t%31[^\t]\t%n", &id, sender, &text_at) != 2 || strchr(at, '\n') == NULL) fail("%s's log is torn", device->name);
        for (size_t i = 0; i < lines; i++) {
            if (ids[i] == id) fail("%s has shown event %llu twice", device->name, id);
        }
        ids[lines++] = id;
        while (senders[who] != NULL && strcmp(senders[who], sender) != 0) who++;
        while (places[who] < last && strcmp(said[places[who]].by, sender) != 0) places[who]++;
        size_t length = strcspn(at + text_at, "\n");
        if (places[who] == last || strlen(said[places[who]].text) != length ||
            strncmp(said[places[who]].text, at + text_at, length) != 0) {
            fail("%s shows of %s \"%.*s\", where \"%s\" was said", device->name, sender, (int)length, at + text_at,
                 places[who] == last ? "nothing more" : said[places[who]].text);
        }
        places[who]++;
    }
    for (size_t i = device->since; i < last; i++) wanted += strcmp(said[i].by, device->name) != 0;
    if (lines != wanted) fail("%s has shown %zu of %zu messages", device->name, lines, wanted);
    printf("  %-6s  has shown %zu messages, each once (%zu were delivered again, with the same ids)\n", device->name, lines,
           device->again);
    free(log);
}

static void check_file(struct process *device, const char *sent) {
    char path[300];
    size_t sent_len, got_len = 0;
    char *original = contents(sent, &sent_len), *got;
    snprintf(path, sizeof path, "%s/%s.%s", root, device->name, base_of(sent));
    got = contents(path, &got_len);
    if (got == NULL || got_len != sent_len || memcmp(got, original, sent_len) != 0) fail("%s's copy of %s differs", device->name, sent);
    printf("  %-6s  has %s, %zu bytes, equal\n", device->name, base_of(sent), sent_len);
    free(original);
    free(got);
}

/* What was said is in the applications' logs, and nowhere in the databases. */
static void check_sealed(struct process *device, const char *text) {
    const char *suffixes[] = {"log", "db", "db-wal"};
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        char path[300];
        size_t len;
        snprintf(path, sizeof path, "%s/%s.%s", root, device->name, suffixes[i]);
        char *data = contents(path, &len);
        int found = data != NULL && memmem(data, len, text, strlen(text)) != NULL;
        if (i == 0 && !found) fail("\"%s\" is not even in %s", text, path);
        if (i > 0 && found) fail("\"%s\" can be read in %s", text, path);
        free(data);
    }
}

static void copy_into(const char *directory, const char *name) {
    const char *suffixes[] = {"db", "db-wal", "log", "pulled", "sent", "outbox"};
    if (mkdir(directory, 0700) != 0 && errno != EEXIST) fail("cannot make %s", directory);
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        char path[300];
        size_t len;
        snprintf(path, sizeof path, "%s/%s.%s", root, name, suffixes[i]);
        char *data = contents(path, &len);
        if (data == NULL) continue;
        snprintf(path, sizeof path, "%s/%s.%s", directory, name, suffixes[i]);
        FILE *file = fopen(path, "wb");
        if (file == NULL || fwrite(data, 1, len, file) != len || fclose(file) != 0) fail("cannot write %s", path);
        free(data);
    }
}

/* ---- the story -------------------------------------------------------------------------------------------------- */

/* A moment, up to so many milliseconds. */
static void a_moment(unsigned milliseconds) {
    struct timespec moment = {0, (long)(rand() % (int)milliseconds) * 1000000L};
    nanosleep(&moment, NULL);
}

static void three_devices_meet(void) {
    scene("Three devices, each a process with its own database: alice and carol in C, bob in C++.");
    start(&mailbox);
    start(&alice);
    start(&bob);
    start(&carol);
    MUST(&bob, "published", "publish");
    MUST(&carol, "published", "publish");
    MUST(&alice, "created", "create");
    MUST(&alice, "pending", "invite bob carol");
    MUST(&alice, "accepted", "submit");
    sync_everybody();
    say(&alice, "Hello, both of you.");
    say(&bob, "Hello from C++.");
    say(&carol, "And from C.");
    sync_everybody();
}

static void one_is_killed_while_it_receives(const char *file) {
    size_t kills = 0, total = chunks_of(file);
    scene("alice sends %s in %zu pieces; bob is killed again and again while they come in.", base_of(file), total);
    file_is_said(&alice, file);
    ask(&alice, "file %s", file);
    MUST(&bob, "so be it", "die at %zu", total / 3);
    MUST(&bob, "saved, not acknowledged", "sync");
    if (killed_and_back(&bob) == 0) fail("what bob had not acknowledged is not delivered again");
    for (; kills < 3; kills++) { /* anywhere */
        begin(&bob, "sync");
        a_moment(60);
        killed_and_back(&bob);
    }
    sync_everybody();
    check_file(&bob, file);
    check_file(&carol, file);
}

static void one_is_killed_while_it_sends(const char *file) {
    size_t total = chunks_of(file);
    scene("bob sends %s in %zu pieces, and is killed in the middle of that too.", base_of(file), total);
    file_is_said(&bob, file);
    MUST(&bob, "so be it", "die at %zu", total / 2);
    MUST(&bob, "in the middle of sending", "file %s", file);
    killed_and_back(&bob);
    begin(&bob, "file %s", file); /* anywhere */
    a_moment(60);
    killed_and_back(&bob);
    ask(&bob, "file %s", file);
    sync_everybody();
    check_file(&alice, file);
    check_file(&carol, file);
}

static void two_commit_at_once_and_one_dies_before_its_welcome(void) {
    scene("alice invites dave, and at the same time bob renews his keys. bob's commit comes first.");
    dave.since = said_count;
    start(&dave);
    MUST(&dave, "published", "publish");
    MUST(&alice, "pending", "invite dave");
    MUST(&bob, "pending", "update");
    MUST(&bob, "accepted", "submit");
    MUST(&alice, "refused", "submit");
    printf("  alice   is refused; she receives the winner, and commits again\n");
    ask(&alice, "sync");
    scene("This one is accepted. alice is killed before the Welcome goes out.");
    MUST(&alice, "accepted, Welcome not delivered", "submit and die");
    MUST(&dave, "shown 0", "sync");
    killed_and_back(&alice);
    sync_everybody();
    say(&dave, "I am in, and in C++ too.");
    say(&alice, "Welcome, dave.");
    sync_everybody();
}

static void an_acknowledgement_is_lost(void) {
    scene("carol's commit is accepted, and the answer is lost: she sends the same bytes again.");
    MUST(&carol, "so be it", "lose");
    MUST(&carol, "pending", "update");
    MUST(&carol, "unknown", "submit");
    MUST(&carol, "accepted", "submit");
    sync_everybody();
    scene("dave's too; he is killed, and just receives: his own commit comes back to him, and is merged.");
    MUST(&dave, "so be it", "lose");
    MUST(&dave, "pending", "update");
    MUST(&dave, "unknown", "submit");
    killed_and_back(&dave);
    sync_everybody();
    MUST(&dave, "nothing pending", "submit");
    scene("bob and carol commit at once; carol drops hers, and makes a new one.");
    MUST(&bob, "pending", "update");
    MUST(&carol, "pending", "update");
    MUST(&bob, "accepted", "submit");
    MUST(&carol, "refused", "submit or reject");
    ask(&carol, "sync");
    MUST(&carol, "nothing pending", "submit");
    MUST(&carol, "pending", "update");
    MUST(&carol, "accepted", "submit");
    sync_everybody();
}

static void one_is_removed(void) {
    static char kept[200];
    struct process cheat = {"carol", "device-c", kept, 0, 0, NULL, 0, 0, 0};
    char before[300], after[300];
    scene("dave removes carol. She keeps a copy of her database that never hears of it.");
    say(&alice, "The last thing that carol may read.");
    sync_everybody();
    snprintf(before, sizeof before, "%s", ask(&carol, "authenticator"));
    end(&carol);
    snprintf(kept, sizeof kept, "%s/kept", root);
    copy_into(kept, "carol");
    start(&carol);
    MUST(&dave, "pending", "remove carol");
    MUST(&dave, "accepted", "submit");
    ask(&alice, "sync");
    ask(&bob, "sync");
    carol.until = cheat.until = said_count;
    say(&alice, "This is not for carol.");
    say(&bob, "Nor is this.");
    MUST(&carol, "shown 0", "sync");
    MUST(&carol, "GROUP_CLOSED", "try to send");
    start(&cheat);
    MUST(&cheat, "shown 0", "sync without commits");
    snprintf(after, sizeof after, "%s", ask(&cheat, "authenticator"));
    if (strcmp(before, after) != 0) fail("the copy has moved on");
    end(&cheat);
    check_shown(&cheat);
    printf("  carol   can neither read on nor send, nor can her copy\n");
    sync_everybody();
    if (strcmp(ask(&alice, "authenticator"), before) == 0) fail("the group has not moved on");
}

static void all_agree(const char *first, const char *second) {
    char wanted[300];
    struct process *members[] = {&alice, &bob, &dave}, *everybody[] = {&alice, &bob, &carol, &dave};
    size_t again = 0;
    scene("What was shown:");
    for (size_t i = 0; i < 4; i++) check_shown(everybody[i]), again += everybody[i]->again;
    if (again == 0) fail("nothing was ever delivered again: nobody was killed at a bad moment");
    check_file(&alice, second);
    check_file(&carol, first);
    for (size_t i = 0; i < 4; i++) {
        if (everybody[i] != &alice) check_sealed(everybody[i], i == 3 ? "Welcome, dave." : "Hello, both of you.");
    }
    printf("  nothing of it can be read in the databases\n");
    scene("The epoch and its authenticator, by each member:");
    snprintf(wanted, sizeof wanted, "%s", ask(&alice, "authenticator"));
    for (size_t i = 0; i < 3; i++) {
        const char *got = ask(members[i], "authenticator");
        printf("  %-6s  %s\n", members[i]->name, got);
        if (strcmp(got, wanted) != 0) fail("%s differs", members[i]->name);
    }
}

int main(int argc, char **argv) {
    unsigned seed;
    if (argc < 5) return 2;
    build = argv[1];
    root = argv[2];
    seed = argc > 5 ? (unsigned)strtoul(argv[5], NULL, 10) : (unsigned)time(NULL);
    srand(seed);
    signal(SIGPIPE, SIG_IGN);
    snprintf(socket_path, sizeof socket_path, "%s/mailbox", root);
    printf("seed %u\n", seed);
    three_devices_meet();
    one_is_killed_while_it_receives(argv[3]);
    one_is_killed_while_it_sends(argv[4]);
    two_commit_at_once_and_one_dies_before_its_welcome();
    an_acknowledgement_is_lost();
    one_is_removed();
    all_agree(argv[3], argv[4]);
    end(&alice);
    end(&bob);
    end(&carol);
    end(&dave);
    stop(&mailbox, SIGTERM);
    printf("\nAll agree. Nothing was lost, and nothing shown twice.\n");
    return 0;
}
