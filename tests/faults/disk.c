/*
 * A disk that fails: preloaded into a process (LD_PRELOAD), it counts what the process does to the files of one
 * directory, and lets one of those calls fail, kill, or meet a power loss. It knows nothing of libmls or of SQLite, so an
 * application can be put on it as well. Linux; docs/testing.md says how to use it.
 *
 *     cc -shared -fPIC -O1 -o disk.so disk.c -ldl
 *     LD_PRELOAD=disk.so DISK_DIR=/path/of/the/directory DISK_FAULT=kill:17 DISK_LOG=/path/of/a/log PROGRAM
 *
 * Two counts, both from 1: *changes* are creations, writes, syncs, truncations, renames and unlinks; *calls* are these,
 * and opens, reads, mappings and locks.
 *
 *     DISK_FAULT=kill:K           SIGKILL before the K-th change
 *     DISK_FAULT=half:K           SIGKILL in the K-th change: if it is a write, half of it is done
 *     DISK_FAULT=power:K:SEED     SIGKILL before the K-th change, and the files become what a power loss may leave
 *     DISK_FAULT=fail:K:ERRNO:N   the K-th to (K+N-1)-th call answers this number (5 EIO, 28 ENOSPC, ...)
 *     DISK_FAULT=full:K:N         from the K-th change on, the next N changes that need space answer ENOSPC
 *     DISK_FAULT=short:K:N        the K-th write does half of its work, and the next N answer ENOSPC
 *     DISK_LOG=FILE               a line for each call: "c" for a change or "-", the call, the file, and what came of it
 *     DISK_SYNC=ignored           syncs are not done and make nothing durable: what a drive that lies does
 *
 * What a power loss leaves. A file has what it had at its last fsync, and of what was written or truncated since, any
 * part: each operation is kept, dropped, or torn at its sectors of 512 bytes, whatever became of those before it. A name
 * that was made, renamed or unlinked since the last fsync of the directory is or is not. Of what was done through a
 * mapping (SQLite's -shm) nothing is promised: the file is gone, as it was, or noise. SEED chooses; SEED % 4 == 0 drops
 * everything, 1 keeps everything but the last operation.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECTOR 512
#define FILES 64
#define FDS 4096

/* ---- what is done underneath --------------------------------------------------------------------------------------- */

static int (*real_open)(const char *, int, ...);
static int (*real_close)(int);
static ssize_t (*real_read)(int, void *, size_t);
static ssize_t (*real_pread)(int, void *, size_t, off_t);
static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static int (*real_ftruncate)(int, off_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_unlink)(const char *);
static int (*real_rename)(const char *, const char *);
static void *(*real_mmap)(void *, size_t, int, int, int, off_t);
static int (*real_fcntl)(int, int, ...);

/* ---- the model of the disk ----------------------------------------------------------------------------------------- */

/* Written or truncated since the last sync. */
struct change {
    int is_truncation;
    off_t at; /* or the new size */
    size_t len;
    uint8_t *data;
    struct change *next;
};

struct file {
    uint8_t *durable;
    size_t durable_len;
    struct change *first, *last;
};

/* A name of the directory that was made (from is empty), renamed, or unlinked (to is empty) since the last sync. */
struct naming {
    char from[NAME_MAX + 1], to[NAME_MAX + 1];
    struct file *file;
    struct naming *next;
};

struct name {
    char name[NAME_MAX + 1];
    struct file *file;
};

struct names {
    struct name at[FILES];
    size_t count;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char directory[PATH_MAX];
static char kind[16]; /* of the fault */
static long fault_at, fault_number, fault_count = 1;
static int is_sync_ignored, is_power;
static long changes, calls, writes, failing;
static int log_fd = -1;
static uint64_t dice;

static struct names durable, now;
static struct naming *first_naming, *last_naming;

/* Which file a descriptor is. */
static struct {
    struct file *file;
    char name[NAME_MAX + 1];
    int is_watched, is_directory;
} fds[FDS];

static void *must(void *pointer) {
    if (pointer == NULL) abort();
    return pointer;
}

__attribute__((constructor)) static void start(void) {
    const char *value;
    *(void **)&real_open = must(dlsym(RTLD_NEXT, "open"));
    *(void **)&real_close = must(dlsym(RTLD_NEXT, "close"));
    *(void **)&real_read = must(dlsym(RTLD_NEXT, "read"));
    *(void **)&real_pread = must(dlsym(RTLD_NEXT, "pread"));
    *(void **)&real_write = must(dlsym(RTLD_NEXT, "write"));
    *(void **)&real_pwrite = must(dlsym(RTLD_NEXT, "pwrite"));
    *(void **)&real_ftruncate = must(dlsym(RTLD_NEXT, "ftruncate"));
    *(void **)&real_fsync = must(dlsym(RTLD_NEXT, "fsync"));
    *(void **)&real_fdatasync = must(dlsym(RTLD_NEXT, "fdatasync"));
    *(void **)&real_unlink = must(dlsym(RTLD_NEXT, "unlink"));
    *(void **)&real_rename = must(dlsym(RTLD_NEXT, "rename"));
    *(void **)&real_mmap = must(dlsym(RTLD_NEXT, "mmap"));
    *(void **)&real_fcntl = must(dlsym(RTLD_NEXT, "fcntl"));
    if ((value = getenv("DISK_LOG")) != NULL) {
        log_fd = real_open(value, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    }
    is_sync_ignored = (value = getenv("DISK_SYNC")) != NULL && strcmp(value, "ignored") == 0;
    if ((value = getenv("DISK_FAULT")) != NULL) {
        sscanf(value, "%15[a-z]:%ld:%ld:%ld", kind, &fault_at, &fault_number, &fault_count);
        if (strcmp(kind, "full") == 0 || strcmp(kind, "short") == 0) fault_count = fault_number ? fault_number : 1;
    }
    is_power = strcmp(kind, "power") == 0;
    dice = (uint64_t)fault_number * 0x9e3779b97f4a7c15u + (uint64_t)fault_at;
    if ((value = getenv("DISK_DIR")) != NULL && strlen(value) < sizeof directory) strcpy(directory, value);
}

static unsigned roll(unsigned sides) {
    uint64_t mixed = dice += 0x9e3779b97f4a7c15u;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
    return (unsigned)((mixed ^ (mixed >> 31)) % sides);
}

/* The name of a path in the directory, "" for the directory itself, NULL for what is elsewhere. */
static const char *name_of(const char *path) {
    size_t len;
    if (real_open == NULL) start();
    len = strlen(directory);
    if (path == NULL || len == 0 || strncmp(path, directory, len) != 0) return NULL;
    if (path[len] == 0) return path + len;
    if (path[len] != '/' || strchr(path + len + 1, '/') != NULL || strlen(path + len + 1) > NAME_MAX) return NULL;
    return path + len + 1;
}

static int is_fleeting(const char *name) {
    size_t len = strlen(name);
    return len > 4 && strcmp(name + len - 4, "-shm") == 0;
}

static struct file **find(struct names *names, const char *name) {
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->at[i].name, name) == 0) return &names->at[i].file;
    }
    return NULL;
}

static void set(struct names *names, const char *name, struct file *file) {
    struct file **found = find(names, name);
    if (found != NULL) {
        *found = file;
        return;
    }
    if (names->count == FILES) abort();
    strcpy(names->at[names->count].name, name);
    names->at[names->count++].file = file;
}

static void settle(struct file *file, const uint8_t *data, size_t len) {
    while (file->first != NULL) {
        struct change *gone = file->first;
        file->first = gone->next;
        free(gone->data);
        free(gone);
    }
    file->last = NULL;
    if (len > file->durable_len) file->durable = must(realloc(file->durable, len));
    if (len > 0) memcpy(file->durable, data, len);
    file->durable_len = len;
}

/* What the file has by now becomes durable. */
static void settle_from(struct file *file, int fd) {
    struct stat about;
    uint8_t *data;
    if (fstat(fd, &about) != 0) abort();
    data = must(malloc((size_t)about.st_size + 1));
    for (off_t at = 0; at < about.st_size;) {
        ssize_t got = real_pread(fd, data + at, (size_t)(about.st_size - at), at);
        if (got <= 0) abort();
        at += got;
    }
    settle(file, data, (size_t)about.st_size);
    free(data);
}

/* The file of a name, which was there before this process began if it is met for the first time. */
static struct file *known(const char *name) {
    struct file **found = find(&now, name), *file;
    char path[PATH_MAX + NAME_MAX + 2];
    int fd;
    if (found != NULL) return *found;
    snprintf(path, sizeof path, "%s/%s", directory, name);
    fd = real_open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return NULL;
    file = must(calloc(1, sizeof *file));
    settle_from(file, fd);
    real_close(fd);
    set(&now, name, file);
    set(&durable, name, file);
    return file;
}

static void note_change(struct file *file, int is_truncation, off_t at, const void *data, size_t len) {
    struct change *change = must(calloc(1, sizeof *change));
    change->is_truncation = is_truncation;
    change->at = at;
    change->len = len;
    if (len > 0) memcpy(change->data = must(malloc(len)), data, len);
    if (file->last == NULL) file->first = change;
    else file->last->next = change;
    file->last = change;
}

static void note_naming(const char *from, const char *to, struct file *file) {
    struct naming *naming = must(calloc(1, sizeof *naming));
    strcpy(naming->from, from);
    strcpy(naming->to, to);
    naming->file = file;
    if (from[0] != 0) set(&now, from, NULL);
    if (to[0] != 0) set(&now, to, file);
    if (last_naming == NULL) first_naming = naming;
    else last_naming->next = naming;
    last_naming = naming;
}

static void settle_names(void) {
    while (first_naming != NULL) {
        struct naming *gone = first_naming;
        first_naming = gone->next;
        free(gone);
    }
    last_naming = NULL;
    durable = now;
}

/* ---- a power loss -------------------------------------------------------------------------------------------------- */

enum fate { DROPPED, KEPT, TORN };

static enum fate fate(int is_last) {
    unsigned side;
    switch (fault_number % 4) {
    case 0: return DROPPED;
    case 1: return is_last ? TORN : KEPT;
    }
    side = roll(10);
    return side < 4 ? KEPT : side < 8 ? DROPPED : TORN;
}

static void reach(uint8_t **data, size_t *len, size_t wanted) {
    if (wanted <= *len) return;
    *data = must(realloc(*data, wanted));
    memset(*data + *len, 0, wanted - *len);
    *len = wanted;
}

/* What the file has when the power is back. */
static void fade(struct file *file, uint8_t **data, size_t *len) {
    *len = file->durable_len;
    *data = must(malloc(*len + 1));
    memcpy(*data, file->durable, *len);
    for (struct change *change = file->first; change != NULL; change = change->next) {
        enum fate fated = fate(change->next == NULL);
        if (fated == DROPPED) continue;
        if (change->is_truncation) {
            if (fated == TORN && roll(2) == 0) continue;
            if ((size_t)change->at <= *len) *len = (size_t)change->at;
            else reach(data, len, (size_t)change->at);
            continue;
        }
        for (size_t at = 0; at < change->len;) {
            size_t to = (size_t)change->at + at, part = SECTOR - to % SECTOR;
            if (part > change->len - at) part = change->len - at;
            if (fated == KEPT || roll(2) == 0) {
                reach(data, len, to + part);
                memcpy(*data + to, change->data + at, part);
            }
            at += part;
        }
    }
}

static void replace(const char *name, const uint8_t *data, size_t len) {
    char path[PATH_MAX + NAME_MAX + 2];
    int fd;
    snprintf(path, sizeof path, "%s/%s", directory, name);
    real_unlink(path);
    if (data == NULL) return;
    fd = real_open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || (len > 0 && real_write(fd, data, len) != (ssize_t)len)) abort();
    real_close(fd);
}

static void lose_power(void) {
    struct names left = durable;
    for (struct naming *naming = first_naming; naming != NULL; naming = naming->next) {
        enum fate fated = fate(naming->next == NULL);
        if (fated == DROPPED || (fated == TORN && roll(2) == 0)) continue;
        if (naming->from[0] != 0) set(&left, naming->from, NULL);
        if (naming->to[0] != 0) set(&left, naming->to, naming->file);
    }
    for (size_t i = 0; i < now.count; i++) {
        const char *name = now.at[i].name;
        struct file **file = find(&left, name);
        uint8_t *data = NULL;
        size_t len = 0;
        if (is_fleeting(name)) {
            unsigned side = roll(3);
            if (side == 0 || now.at[i].file == NULL) {
                replace(name, NULL, 0);
            } else if (side == 1) {
                uint8_t noise[32768];
                for (size_t at = 0; at < sizeof noise; at++) noise[at] = (uint8_t)roll(256);
                replace(name, noise, sizeof noise);
            }
            continue;
        }
        if (file == NULL || *file == NULL) {
            replace(name, NULL, 0);
            continue;
        }
        fade(*file, &data, &len);
        replace(name, data, len);
        free(data);
    }
}

/* ---- the faults ---------------------------------------------------------------------------------------------------- */

static void die(void) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

enum what { CALL, CHANGE, GROWTH }; /* growth: a change that needs space */

/* Counts a call, and answers the number that it has to fail with, or 0. With the lock held. */
static int meet(enum what what, const char *call, const char *name) {
    int answer = 0, is_now;
    calls++;
    if (what != CALL) changes++;
    is_now = what != CALL && changes == fault_at;
    if (is_now && strcmp(kind, "power") == 0) {
        lose_power();
        die();
    }
    if (is_now && (strcmp(kind, "kill") == 0 || (strcmp(kind, "half") == 0 && strcmp(call, "write") != 0))) die();
    if (strcmp(kind, "fail") == 0 && calls >= fault_at && calls < fault_at + fault_count) answer = (int)fault_number;
    if (strcmp(kind, "full") == 0 && changes >= fault_at && what == GROWTH && failing < fault_count) {
        failing++;
        answer = ENOSPC;
    }
    if (log_fd >= 0) {
        char line[NAME_MAX + 64];
        int len = snprintf(line, sizeof line, "%c %s %s %d\n", what == CALL ? '-' : 'c', call, name[0] ? name : ".", answer);
        if (real_write(log_fd, line, (size_t)len) != len) abort();
    }
    return answer;
}

/* As `meet`, for a write: how much of it is done is up to the fault. */
static int meet_write(const char *name, size_t *len, int *is_fatal) {
    int answer = meet(GROWTH, "write", name);
    writes++;
    if (strcmp(kind, "half") == 0 && changes == fault_at) {
        *is_fatal = 1;
        *len /= 2;
    }
    if (strcmp(kind, "short") == 0 && writes >= fault_at) {
        if (failing++ == 0) *len = *len > 1 ? *len / 2 : *len;
        else if (failing <= fault_count + 1) answer = ENOSPC;
    }
    return answer;
}

/* ---- the calls ----------------------------------------------------------------------------------------------------- */

#define LOCK pthread_mutex_lock(&lock)
#define UNLOCK pthread_mutex_unlock(&lock)
/* Ends a call that has to fail. */
#define FAIL(number, result)                                                                                           \
    do {                                                                                                               \
        UNLOCK;                                                                                                        \
        errno = (number);                                                                                              \
        return (result);                                                                                               \
    } while (0)

static int is_watched(int fd) {
    if (real_open == NULL) start();
    return directory[0] != 0 && fd >= 0 && fd < FDS && fds[fd].is_watched;
}

static int open_watched(const char *path, const char *name, int flags, mode_t mode) {
    struct file *file = NULL;
    int fd, answer, is_directory = name[0] == 0, is_new = 0;
    LOCK;
    if (!is_directory) {
        file = known(name);
        is_new = file == NULL && (flags & O_CREAT);
    }
    answer = meet(is_new ? GROWTH : CALL, is_new ? "create" : "open", name);
    if (answer != 0) FAIL(answer, -1);
    fd = real_open(path, flags, mode);
    if (fd >= 0 && fd < FDS) {
        if (is_new) {
            file = must(calloc(1, sizeof *file));
            note_naming("", name, file);
        } else if (file != NULL && (flags & O_TRUNC)) {
            note_change(file, 1, 0, NULL, 0);
        }
        fds[fd].file = file;
        fds[fd].is_watched = 1;
        fds[fd].is_directory = is_directory;
        strcpy(fds[fd].name, name);
    }
    UNLOCK;
    return fd;
}

#define OPEN(symbol, ...)                                                                                              \
    {                                                                                                                  \
        mode_t mode = 0;                                                                                               \
        const char *name = name_of(path);                                                                              \
        if (flags & (O_CREAT | __O_TMPFILE)) {                                                                         \
            va_list more;                                                                                              \
            va_start(more, flags);                                                                                     \
            mode = va_arg(more, mode_t);                                                                               \
            va_end(more);                                                                                              \
        }                                                                                                              \
        if (name == NULL) {                                                                                            \
            int (*symbol)() = dlsym(RTLD_NEXT, #symbol);                                                               \
            return symbol(__VA_ARGS__);                                                                                \
        }                                                                                                              \
        return open_watched(path, name, flags, mode);                                                                  \
    }

int open(const char *path, int flags, ...) OPEN(open, path, flags, mode)
int open64(const char *path, int flags, ...) OPEN(open64, path, flags, mode)
int openat(int at, const char *path, int flags, ...) OPEN(openat, at, path, flags, mode)
int openat64(int at, const char *path, int flags, ...) OPEN(openat64, at, path, flags, mode)

int close(int fd) {
    if (is_watched(fd)) {
        LOCK;
        fds[fd].is_watched = 0;
        UNLOCK;
    }
    return real_close(fd);
}

static ssize_t write_watched(int fd, const void *data, size_t len, off_t at) {
    int is_fatal = 0, answer;
    ssize_t done;
    LOCK;
    answer = meet_write(fds[fd].name, &len, &is_fatal);
    if (answer != 0) FAIL(answer, -1);
    done = real_pwrite(fd, data, len, at);
    if (is_fatal) die();
    if (done > 0 && is_power) note_change(fds[fd].file, 0, at, data, (size_t)done);
    UNLOCK;
    return done;
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t at) {
    return is_watched(fd) ? write_watched(fd, data, len, at) : real_pwrite(fd, data, len, at);
}
ssize_t pwrite64(int fd, const void *data, size_t len, off64_t at) {
    return is_watched(fd) ? write_watched(fd, data, len, at) : real_pwrite(fd, data, len, at);
}

ssize_t write(int fd, const void *data, size_t len) {
    off_t at;
    ssize_t done;
    if (!is_watched(fd)) return real_write(fd, data, len);
    at = lseek(fd, 0, real_fcntl(fd, F_GETFL) & O_APPEND ? SEEK_END : SEEK_CUR);
    done = write_watched(fd, data, len, at);
    if (done > 0) lseek(fd, at + done, SEEK_SET);
    return done;
}

#define MEET(call)                                                                                                     \
    if (is_watched(fd)) {                                                                                              \
        int answer;                                                                                                    \
        LOCK;                                                                                                          \
        answer = meet(CALL, call, fds[fd].name);                                                                       \
        if (answer != 0) FAIL(answer, FAILED);                                                                         \
        UNLOCK;                                                                                                        \
    }

#define FAILED (-1)
ssize_t read(int fd, void *data, size_t len) {
    MEET("read");
    return real_read(fd, data, len);
}
ssize_t pread(int fd, void *data, size_t len, off_t at) {
    MEET("read");
    return real_pread(fd, data, len, at);
}
ssize_t pread64(int fd, void *data, size_t len, off64_t at) {
    MEET("read");
    return real_pread(fd, data, len, at);
}

static int lock_file(int fd, int command, void *argument) {
    if (!is_watched(fd)) return real_fcntl(fd, command, argument);
    /* No system fails to give back a lock that is held. */
    if ((command == F_SETLK || command == F_SETLKW) && ((struct flock *)argument)->l_type != F_UNLCK) MEET("lock");
    return real_fcntl(fd, command, argument);
}
int fcntl(int fd, int command, ...) {
    void *argument;
    va_list more;
    va_start(more, command);
    argument = va_arg(more, void *);
    va_end(more);
    return lock_file(fd, command, argument);
}
int fcntl64(int fd, int command, ...) {
    void *argument;
    va_list more;
    va_start(more, command);
    argument = va_arg(more, void *);
    va_end(more);
    return lock_file(fd, command, argument);
}
#undef FAILED

#define FAILED MAP_FAILED
void *mmap(void *where, size_t len, int protection, int flags, int fd, off_t at) {
    MEET("map");
    return real_mmap(where, len, protection, flags, fd, at);
}
void *mmap64(void *where, size_t len, int protection, int flags, int fd, off64_t at) {
    MEET("map");
    return real_mmap(where, len, protection, flags, fd, at);
}
#undef FAILED

static int truncate_watched(int fd, off_t size) {
    int answer;
    LOCK;
    answer = meet(GROWTH, "truncate", fds[fd].name);
    if (answer != 0) FAIL(answer, -1);
    answer = real_ftruncate(fd, size);
    if (answer == 0 && is_power) note_change(fds[fd].file, 1, size, NULL, 0);
    UNLOCK;
    return answer;
}
int ftruncate(int fd, off_t size) {
    return is_watched(fd) ? truncate_watched(fd, size) : real_ftruncate(fd, size);
}
int ftruncate64(int fd, off64_t size) {
    return is_watched(fd) ? truncate_watched(fd, size) : real_ftruncate(fd, size);
}

static int sync_watched(int fd, int (*sync)(int)) {
    int answer;
    LOCK;
    answer = meet(CHANGE, "sync", fds[fd].name);
    if (answer != 0) FAIL(answer, -1);
    if (!is_sync_ignored) {
        answer = sync(fd);
        if (answer == 0 && is_power) {
            if (fds[fd].is_directory) settle_names();
            else settle_from(fds[fd].file, fd);
        }
    }
    UNLOCK;
    return answer;
}
int fsync(int fd) {
    return is_watched(fd) ? sync_watched(fd, real_fsync) : real_fsync(fd);
}
int fdatasync(int fd) {
    return is_watched(fd) ? sync_watched(fd, real_fdatasync) : real_fdatasync(fd);
}

int unlink(const char *path) {
    const char *name = name_of(path);
    struct file *file;
    int answer;
    if (name == NULL || name[0] == 0) return real_unlink(path);
    LOCK;
    file = known(name);
    answer = meet(CHANGE, "unlink", name);
    if (answer != 0) FAIL(answer, -1);
    answer = real_unlink(path);
    if (answer == 0) note_naming(name, "", file);
    UNLOCK;
    return answer;
}

int rename(const char *from, const char *to) {
    const char *from_name = name_of(from), *to_name = name_of(to);
    struct file *file;
    int answer;
    if (from_name == NULL || to_name == NULL) return real_rename(from, to);
    LOCK;
    file = known(from_name);
    known(to_name);
    answer = meet(CHANGE, "rename", from_name);
    if (answer != 0) FAIL(answer, -1);
    answer = real_rename(from, to);
    if (answer == 0) note_naming(from_name, to_name, file);
    UNLOCK;
    return answer;
}
