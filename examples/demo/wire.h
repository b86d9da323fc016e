/*
 * How a device talks to the mailbox: one request and one answer for each connection to a Unix socket.
 *
 *     request   VERB NAME NUMBER LENGTH \n  and LENGTH bytes
 *     answer    WORD LENGTH \n              and LENGTH bytes
 *
 *     HELLO name           opens a mailbox                                  OK
 *     PUBLISH name, body   keeps a key package for others                   OK
 *     FETCH name           takes one of that name's key packages            OK body, NONE
 *     SUBMIT name, body    asks for a commit to be ordered                  ACCEPTED, REFUSED
 *     SEND name, body      a message, for every mailbox                     OK
 *     WELCOME name, body   a Welcome, for that mailbox                      OK
 *     PULL name, number    the message at this place of the mailbox         OK body, NONE
 *     LOSE name            does what SUBMIT asks next, and does not say so  OK
 */
#ifndef WIRE_H
#define WIRE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define WIRE_LINE 128
#define WIRE_NAME 32

static inline int wire_address(const char *path, struct sockaddr_un *address) {
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    return (size_t)snprintf(address->sun_path, sizeof address->sun_path, "%s", path) < sizeof address->sun_path;
}

static inline int wire_write(int fd, const void *data, size_t len) {
    const char *at = (const char *)data;
    while (len > 0) {
        ssize_t n = send(fd, at, len, MSG_NOSIGNAL);
        if (n <= 0) return 0;
        at += n;
        len -= (size_t)n;
    }
    return 1;
}

static inline int wire_read(int fd, void *data, size_t len) {
    char *at = (char *)data;
    while (len > 0) {
        ssize_t n = recv(fd, at, len, 0);
        if (n <= 0) return 0;
        at += n;
        len -= (size_t)n;
    }
    return 1;
}

/* Reads a line without its end. */
static inline int wire_read_line(int fd, char line[WIRE_LINE]) {
    for (size_t i = 0; i < WIRE_LINE; i++) {
        if (!wire_read(fd, &line[i], 1)) return 0;
        if (line[i] == '\n') {
            line[i] = 0;
            return 1;
        }
    }
    return 0;
}

/* Reads the bytes that follow a line; the caller's to free. NULL if they do not come. */
static inline uint8_t *wire_read_body(int fd, size_t len) {
    uint8_t *body = (uint8_t *)malloc(len + 1);
    if (body != NULL && !wire_read(fd, body, len)) {
        free(body);
        return NULL;
    }
    return body;
}

/* Asks the mailbox. Answers 0 if there is no answer: whether it did what was asked is not known then. */
static inline int wire_call(const char *socket_path, const char *verb, const char *name, size_t number,
                            const void *body, size_t body_len, char word[WIRE_LINE], uint8_t **answer,
                            size_t *answer_len) {
    struct sockaddr_un address;
    char line[WIRE_LINE];
    int fd, length, ok;
    size_t len = 0;
    uint8_t *bytes = NULL;
    if (!wire_address(socket_path, &address)) return 0;
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0) return 0;
    length = snprintf(line, sizeof line, "%s %s %zu %zu\n", verb, name, number, body_len);
    ok = connect(fd, (struct sockaddr *)&address, sizeof address) == 0 && wire_write(fd, line, (size_t)length) &&
         wire_write(fd, body, body_len) && wire_read_line(fd, line) && sscanf(line, "%31s %zu", word, &len) == 2 &&
         (bytes = wire_read_body(fd, len)) != NULL;
    close(fd);
    if (ok && answer != NULL) {
        *answer = bytes;
        *answer_len = len;
    } else {
        free(bytes);
    }
    return ok;
}

#endif
