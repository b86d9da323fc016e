/* What every test in C needs: CHECK, which says where it failed, and a client to test with. */
#ifndef CHECK_H
#define CHECK_H

#include "mls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                                            \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)

/* A call that must succeed; says why it did not. `error` is the test's own. */
#define OK(call)                                                                                                       \
    do {                                                                                                               \
        if ((call) != MLS_OK) {                                                                                        \
            fprintf(stderr, "%s:%d: %s: %s (%s)\n", __FILE__, __LINE__, #call, mls_error_message(error),               \
                    mls_error_detail(error));                                                                          \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)

/* Runs a test and says its name. */
#define RUN(test)                                                                                                      \
    do {                                                                                                               \
        test();                                                                                                        \
        printf("ok %s\n", #test);                                                                                      \
    } while (0)

static inline mls_bytes_t no_bytes(void) {
    mls_bytes_t none = {NULL, 0};
    return none;
}

static inline int same(mls_bytes_t bytes, const char *text) {
    return bytes.len == strlen(text) && memcmp(bytes.data, text, bytes.len) == 0;
}

#endif
