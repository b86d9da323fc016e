/* A store of an application's own, for device.c: every row in one file, which each transaction writes anew, syncs, and
 * renames over the old one. Slow, and right. For one process at a time. */
#ifndef STORE_H
#define STORE_H

#include "mls.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct row {
    const uint8_t *key, *value;
    uint32_t key_len, value_len;
};

/* Rows in the order of their keys, and what they point into. */
struct rows {
    struct row *at;
    size_t count;
    uint8_t *bytes;
    size_t len;
};

static struct {
    pthread_mutex_t lock;
    char path[512], fresh[520], directory[512];
    struct rows rows;
    uint64_t version;
} kept = {.lock = PTHREAD_MUTEX_INITIALIZER, .version = 1};

static void *wanted(void *pointer) {
    if (pointer == NULL) abort();
    return pointer;
}

static int compare(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len) {
    int order = memcmp(a, b, a_len < b_len ? a_len : b_len);
    return order != 0 ? order : (a_len > b_len) - (a_len < b_len);
}

/* The first row whose key is at least this one. */
static size_t first_from(const struct rows *rows, const uint8_t *key, size_t len) {
    size_t at = 0;
    while (at < rows->count && compare(rows->at[at].key, rows->at[at].key_len, key, len) < 0) at++;
    return at;
}

static void parse(struct rows *rows) {
    rows->count = 0;
    rows->at = NULL;
    for (size_t at = 0; at < rows->len;) {
        struct row *row;
        rows->at = wanted(realloc(rows->at, (rows->count + 1) * sizeof *rows->at));
        row = &rows->at[rows->count++];
        memcpy(&row->key_len, rows->bytes + at, 4);
        memcpy(&row->value_len, rows->bytes + at + 4, 4);
        row->key = rows->bytes + at + 8;
        row->value = row->key + row->key_len;
        at += 8 + row->key_len + row->value_len;
    }
}

static struct rows serialized(const struct row *rows, size_t count) {
    struct rows made = {NULL, 0, NULL, 0};
    size_t at = 0;
    for (size_t i = 0; i < count; i++) made.len += 8 + rows[i].key_len + rows[i].value_len;
    made.bytes = wanted(malloc(made.len + 1));
    for (size_t i = 0; i < count; i++) {
        memcpy(made.bytes + at, &rows[i].key_len, 4);
        memcpy(made.bytes + at + 4, &rows[i].value_len, 4);
        memcpy(made.bytes + at + 8, rows[i].key, rows[i].key_len);
        memcpy(made.bytes + at + 8 + rows[i].key_len, rows[i].value, rows[i].value_len);
        at += 8 + rows[i].key_len + rows[i].value_len;
    }
    parse(&made);
    return made;
}

static mls_status_t why(void) {
    return errno == ENOSPC ? MLS_ERROR_STORE_FULL : MLS_ERROR_STORE_IO;
}

static int write_all(int fd, const uint8_t *bytes, size_t len) {
    while (len > 0) {
        ssize_t done = write(fd, bytes, len);
        if (done < 0) return 0;
        bytes += done;
        len -= (size_t)done;
    }
    return 1;
}

static int sync_directory(void) {
    int fd = open(kept.directory, O_RDONLY | O_DIRECTORY), done;
    if (fd < 0) return 0;
    done = fsync(fd) == 0;
    close(fd);
    return done;
}

/* Puts the rows in the place of the old ones. `is_new` says whether they are there, whatever the answer. */
static mls_status_t save(const struct rows *rows, int *is_new) {
    int fd = open(kept.fresh, O_WRONLY | O_CREAT | O_TRUNC, 0600), is_written;
    *is_new = 0;
    if (fd < 0) return why();
    is_written = write_all(fd, rows->bytes, rows->len) && fsync(fd) == 0;
    if (!is_written) {
        mls_status_t status = why();
        close(fd);
        return status;
    }
    close(fd);
    if (rename(kept.fresh, kept.path) != 0) return why();
    *is_new = 1;
    return sync_directory() ? MLS_OK : why();
}

static mls_status_t store_version(void *user, uint64_t *version) {
    (void)user;
    pthread_mutex_lock(&kept.lock);
    *version = kept.version;
    pthread_mutex_unlock(&kept.lock);
    return MLS_OK;
}

static mls_status_t give(const struct row *row, mls_store_rows_t *rows) {
    return mls_store_rows_push(rows, row->key, row->key_len, row->value, row->value_len, NULL);
}

static mls_status_t store_get(void *user, const uint8_t *key, size_t len, mls_store_rows_t *rows) {
    mls_status_t status = MLS_OK;
    size_t at;
    (void)user;
    pthread_mutex_lock(&kept.lock);
    at = first_from(&kept.rows, key, len);
    if (at < kept.rows.count && compare(kept.rows.at[at].key, kept.rows.at[at].key_len, key, len) == 0) {
        status = give(&kept.rows.at[at], rows);
    }
    pthread_mutex_unlock(&kept.lock);
    return status;
}

static mls_status_t store_scan(void *user, const uint8_t *from, size_t from_len, const uint8_t *to, size_t to_len,
                               int32_t reverse, uint32_t limit, mls_store_rows_t *rows) {
    mls_status_t status = MLS_OK;
    size_t first, end;
    (void)user;
    pthread_mutex_lock(&kept.lock);
    first = first_from(&kept.rows, from, from_len);
    end = first_from(&kept.rows, to, to_len);
    for (; first < end && limit > 0 && status == MLS_OK; limit--) {
        status = give(&kept.rows.at[reverse ? --end : first++], rows);
    }
    pthread_mutex_unlock(&kept.lock);
    return status;
}

/* Applies one write to a list that has room for one more row. The bytes are its caller's. */
static void change(struct rows *list, int32_t kind, mls_bytes_t key, mls_bytes_t more) {
    size_t at = first_from(list, key.data, key.len), end = at;
    int is_there = at < list->count && compare(list->at[at].key, list->at[at].key_len, key.data, key.len) == 0;
    if (kind == MLS_STORE_WRITE_PUT) {
        struct row row = {key.data, more.data, (uint32_t)key.len, (uint32_t)more.len};
        if (!is_there) memmove(list->at + at + 1, list->at + at, (list->count++ - at) * sizeof row);
        list->at[at] = row;
        return;
    }
    end = kind == MLS_STORE_WRITE_DELETE ? at + (size_t)is_there : first_from(list, more.data, more.len);
    if (end <= at) return;
    memmove(list->at + at, list->at + end, (list->count - end) * sizeof *list->at);
    list->count -= end - at;
}

static mls_status_t store_commit(void *user, uint64_t version, const mls_store_writes_t *writes, uint64_t *out) {
    size_t count = mls_store_writes_count(writes);
    mls_bytes_t *bytes = wanted(calloc(2 * count + 1, sizeof *bytes));
    struct rows list, made;
    mls_status_t status = MLS_OK;
    int is_new = 0;
    (void)user;
    pthread_mutex_lock(&kept.lock);
    if (version != kept.version) {
        pthread_mutex_unlock(&kept.lock);
        free(bytes);
        return MLS_ERROR_STALE;
    }
    list.count = kept.rows.count;
    list.at = wanted(malloc((list.count + count + 1) * sizeof *list.at));
    if (list.count > 0) memcpy(list.at, kept.rows.at, list.count * sizeof *list.at);
    for (size_t i = 0; i < count && status == MLS_OK; i++) {
        int32_t kind = mls_store_writes_kind(writes, i);
        status = mls_store_writes_key(writes, i, &bytes[2 * i], NULL);
        if (status == MLS_OK && kind == MLS_STORE_WRITE_PUT) {
            status = mls_store_writes_value(writes, i, &bytes[2 * i + 1], NULL);
        }
        if (status == MLS_OK && kind == MLS_STORE_WRITE_DELETE_RANGE) {
            status = mls_store_writes_end(writes, i, &bytes[2 * i + 1], NULL);
        }
        if (status == MLS_OK) change(&list, kind, bytes[2 * i], bytes[2 * i + 1]);
    }
    made = serialized(list.at, list.count);
    if (status == MLS_OK) status = save(&made, &is_new);
    if (is_new) { /* also if it is not known to last: then it is as if the answer had been lost */
        struct rows old = kept.rows;
        kept.rows = made;
        made = old;
        *out = ++kept.version;
    }
    pthread_mutex_unlock(&kept.lock);
    free(made.at);
    free(made.bytes);
    free(list.at);
    for (size_t i = 0; i < 2 * count; i++) mls_bytes_free(&bytes[i]);
    free(bytes);
    return status;
}

/* Opens the file, or begins one. */
static mls_status_t store_open(const char *path, mls_store_t **out) {
    struct stat about;
    int fd;
    snprintf(kept.path, sizeof kept.path, "%s", path);
    snprintf(kept.fresh, sizeof kept.fresh, "%s.fresh", path);
    snprintf(kept.directory, sizeof kept.directory, "%.*s", (int)(strrchr(path, '/') - path), path);
    fd = open(path, O_RDONLY);
    if (fd < 0 && errno != ENOENT) return why();
    if (fd >= 0) {
        size_t len = 0;
        if (fstat(fd, &about) != 0) return why();
        kept.rows.bytes = wanted(malloc((size_t)about.st_size + 1));
        while (len < (size_t)about.st_size) {
            ssize_t got = read(fd, kept.rows.bytes + len, (size_t)about.st_size - len);
            if (got <= 0) return why();
            len += (size_t)got;
        }
        kept.rows.len = len;
        close(fd);
        parse(&kept.rows);
    }
    *out = mls_store_new(NULL, NULL);
    if (mls_store_set_version(*out, store_version, NULL) != MLS_OK || mls_store_set_get(*out, store_get, NULL) != MLS_OK ||
        mls_store_set_scan(*out, store_scan, NULL) != MLS_OK || mls_store_set_commit(*out, store_commit, NULL) != MLS_OK) {
        return MLS_ERROR_CALLBACK_FAILED;
    }
    return MLS_OK;
}

#endif
