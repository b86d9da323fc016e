/* A program that uses an installed libmls: one group, one message. */
#include <mls.h>

#include <stdio.h>
#include <string.h>

int main(void) {
    mls_error_t *error = NULL;
    mls_options_t *options = mls_options_new();
    mls_client_t *client = NULL;
    mls_group_t *group = NULL;
    mls_bytes_t message = {NULL, 0};
    int done = strncmp(mls_version(), CONSUMER_EXPECTS, strlen(CONSUMER_EXPECTS) + 1) == 0 &&
               mls_abi_version() == MLS_ABI_VERSION &&
               mls_options_set_device(options, "alice@example.org", "phone", &error) == MLS_OK &&
               mls_options_set_trust_on_first_use(options, &error) == MLS_OK &&
               mls_client_open_in_memory(options, &client, &error) == MLS_OK &&
               mls_client_create_group(client, MLS_DEFAULTS, &group, &error) == MLS_OK &&
               mls_group_encrypt(group, (const uint8_t *)"hello", 5, MLS_DEFAULTS, &message, &error) == MLS_OK;
    if (done) printf("C: libmls %s made %zu bytes\n", mls_version(), message.len);
    else fprintf(stderr, "libmls %s: %s\n", mls_version(), mls_error_message(error));
    mls_bytes_free(&message);
    mls_group_free(group);
    mls_client_free(client);
    mls_options_free(options);
    mls_error_free(error);
    return !done;
}
