/* A program with a SQLite of its own and OpenSSL, which has names in common with the AWS-LC inside libmls.a: each call
 * must reach the one that is meant. */
#include <mls.h>

#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

int sqlite3_open_v2(const char *path, void **database, int flags, const char *vfs);

static int opened;

/* Ours, which opens nothing. If libmls called it, its store would not open. */
int sqlite3_open_v2(const char *path, void **database, int flags, const char *vfs) {
    (void)path, (void)database, (void)flags, (void)vfs;
    opened++;
    return 4242;
}

static int store_works(const char *path) {
    static const uint8_t key[MLS_STORE_KEY_LEN] = {1};
    mls_error_t *error = NULL;
    mls_options_t *options = mls_options_new();
    mls_client_t *client = NULL;
    mls_group_t *group = NULL;
    mls_bytes_t message = {NULL, 0};
    int works = mls_options_set_device(options, "alice@example.org", "phone", &error) == MLS_OK &&
                mls_options_set_trust_on_first_use(options, &error) == MLS_OK &&
                mls_client_open(path, key, sizeof key, options, &client, &error) == MLS_OK &&
                mls_client_create_group(client, MLS_DEFAULTS, &group, &error) == MLS_OK &&
                mls_group_encrypt(group, (const uint8_t *)"hello", 5, MLS_DEFAULTS, &message, &error) == MLS_OK;
    if (!works) fprintf(stderr, "libmls: %s\n", mls_error_message(error));
    mls_bytes_free(&message);
    mls_group_free(group);
    mls_client_free(client);
    mls_options_free(options);
    mls_error_free(error);
    return works;
}

static int openssl_works(void) {
    static const unsigned char abc[4] = {0xba, 0x78, 0x16, 0xbf}; /* SHA-256 of "abc" begins so */
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256((const unsigned char *)"abc", 3, digest);
    return memcmp(digest, abc, sizeof abc) == 0 && strncmp(OpenSSL_version(OPENSSL_VERSION), "OpenSSL ", 8) == 0 &&
           OpenSSL_version_num() >> 28 == OPENSSL_VERSION_NUMBER >> 28;
}

int main(int argc, char **argv) {
    if (argc != 2 || !store_works(argv[1])) return 1;
    if (opened != 0) return fprintf(stderr, "libmls opened its store with our SQLite\n"), 1;
    if (!openssl_works()) return fprintf(stderr, "OpenSSL is not OpenSSL: %s\n", OpenSSL_version(OPENSSL_VERSION)), 1;
    if (sqlite3_open_v2("", NULL, 0, NULL) != 4242 || opened != 1) return fprintf(stderr, "our SQLite is not ours\n"), 1;
    printf("libmls %s, %s and our own SQLite, each by its name\n", mls_version(), OpenSSL_version(OPENSSL_VERSION));
    return 0;
}
