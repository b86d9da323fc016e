/* What a call of the C ABI costs, for the benchmarks of the Swift and Kotlin packages, which load this beside it. */
#include "mls.h"

#include <stdlib.h>
#include <time.h>

static mls_group_t *group;

static int prepare(void) {
    mls_options_t *options = mls_options_new();
    mls_client_t *client = NULL;
    int ok = mls_options_set_device(options, "carol", "phone", NULL) == MLS_OK &&
             mls_options_set_insecure_accept_any(options, NULL) == MLS_OK &&
             mls_client_open_in_memory(options, &client, NULL) == MLS_OK &&
             mls_client_create_group(client, MLS_DEFAULTS, &group, NULL) == MLS_OK;
    mls_options_free(options);
    return ok;
}

/* Encrypts 1 KiB so often. Answers the nanoseconds of one call. */
double bench_encrypt(int calls) {
    static uint8_t data[1024];
    struct timespec begun, ended;
    if (group == NULL && !prepare()) abort();
    clock_gettime(CLOCK_MONOTONIC, &begun);
    for (int i = 0; i < calls; i++) {
        mls_bytes_t message;
        if (mls_group_encrypt(group, data, sizeof data, MLS_DEFAULTS, &message, NULL) != MLS_OK) abort();
        mls_bytes_free(&message);
    }
    clock_gettime(CLOCK_MONOTONIC, &ended);
    return ((double)(ended.tv_sec - begun.tv_sec) * 1e9 + (double)(ended.tv_nsec - begun.tv_nsec)) / calls;
}
