/* Members with X.509 certificates, which the openssl command makes anew for each run: roots are chosen, and decide. */
#include "check.h"

#include <time.h>
#include <unistd.h>

static char directory[] = "/tmp/mls-x509-XXXXXX";
static uint64_t now;

static uint64_t the_clock(void *user) {
    (void)user;
    return now;
}

/* Runs a command in the directory. */
static void run(const char *command) {
    char line[600];
    snprintf(line, sizeof line, "cd %s && { %s; } 2>>openssl.log", directory, command);
    if (system(line) != 0) {
        fprintf(stderr, "failed (%s/openssl.log): %s\n", directory, command);
        exit(1);
    }
}

/* A file of the directory: NAME.KIND. */
static size_t file(const char *name, const char *kind, uint8_t *data, size_t size) {
    char path[200];
    snprintf(path, sizeof path, "%s/%s.%s", directory, name, kind);
    FILE *in = fopen(path, "rb");
    CHECK(in != NULL);
    size_t len = fread(data, 1, size, in);
    CHECK(len > 0 && len < size);
    fclose(in);
    return len;
}

/* A key pair. */
static void generate(const char *name, const char *algorithm) {
    char line[400];
    snprintf(line, sizeof line,
             "openssl genpkey -algorithm %s -outform DER -out %s.key && "
             "openssl pkey -in %s.key -inform DER -pubout -outform DER -out %s.pub",
             algorithm, name, name, name);
    run(line);
}

/* A key, and a certificate for it by `issuer` that is valid for so many days. */
static void certify(const char *name, const char *algorithm, const char *issuer, int days) {
    char line[400];
    generate(name, algorithm);
    snprintf(line, sizeof line, "openssl req -new -key %s.key -keyform DER -subj /CN=%s -out %s.csr", name, name, name);
    run(line);
    snprintf(line, sizeof line,
             "openssl x509 -req -in %s.csr -CA %s.der -CAform DER -CAkey %s.key -CAkeyform DER -days %d -extfile %s "
             "-set_serial 0x$(openssl rand -hex 8) -outform DER -out %s.der",
             name, issuer, issuer, days, strncmp(name, "under", 5) == 0 ? "authority" : "member", name);
    run(line);
}

static void root(const char *name) {
    char line[400];
    generate(name, "ED25519");
    snprintf(line, sizeof line,
             "openssl req -x509 -new -key %s.key -keyform DER -subj /CN=%s -days 100 -addext "
             "basicConstraints=critical,CA:TRUE -outform DER -out %s.der",
             name, name, name);
    run(line);
}

/* A chain: the member's certificate, and its issuer's if that is no root. */
static mls_credential_t *chain(const char *name, const char *issuer) {
    mls_error_t *error = NULL;
    uint8_t der[2000];
    mls_credential_t *credential = mls_credential_new_x509();
    OK(mls_credential_push_certificate(credential, der, file(name, "der", der, sizeof der), &error));
    if (issuer != NULL) {
        OK(mls_credential_push_certificate(credential, der, file(issuer, "der", der, sizeof der), &error));
    }
    CHECK(mls_credential_kind(credential) == MLS_CREDENTIAL_X509);
    CHECK(mls_credential_certificates_count(credential) == (issuer != NULL ? 2 : 1));
    return credential;
}

/* The key pair of a key file. The secret key is a string of 32 bytes; the public key ends its own file. */
static mls_signing_key_t *signing_key(const char *name) {
    mls_error_t *error = NULL;
    mls_signing_key_t *key = NULL;
    uint8_t der[200], public[200];
    size_t at = 0, len = file(name, "key", der, sizeof der), public_len = file(name, "pub", public, sizeof public);
    size_t size = public_len == 44 ? 32 : 65; /* Ed25519, or a point of P-256 */
    while (at + 34 <= len && (der[at] != 0x04 || der[at + 1] != 32)) at++;
    CHECK(at + 34 <= len);
    OK(mls_signing_key_new(der + at + 2, 32, public + public_len - size, size, &key, &error));
    return key;
}

/* Options of a device with this chain and this key, which trusts these roots; anybody if there are none. */
static mls_options_t *options_of(const char *name, const char *issuer, const char *key_name, const char *const *roots) {
    mls_error_t *error = NULL;
    mls_options_t *options = mls_options_new();
    mls_credential_t *credential = chain(name, issuer);
    mls_signing_key_t *key = signing_key(key_name);
    uint8_t der[2000];
    OK(mls_options_set_credential(options, credential, &error));
    OK(mls_options_set_signing_key(options, key, &error));
    OK(mls_options_set_clock(options, the_clock, NULL, NULL, &error));
    OK(mls_options_set_insecure_accept_any(options, &error));
    for (; roots != NULL && *roots != NULL; roots++) {
        OK(mls_options_push_trust_root(options, der, file(*roots, "der", der, sizeof der), &error));
    }
    mls_signing_key_free(key);
    mls_credential_free(credential);
    return options;
}

static mls_client_t *device(const char *name, const char *issuer, const char *const *roots) {
    mls_error_t *error = NULL;
    mls_client_t *client = NULL;
    mls_options_t *options = options_of(name, issuer, name, roots);
    if (strstr(name, "p256") != NULL) OK(mls_options_set_cipher_suite(options, MLS_CIPHER_SUITE_P256_AES128, &error));
    OK(mls_client_open_in_memory(options, &client, &error));
    mls_options_free(options);
    return client;
}

/* The proposal to add a device. */
static mls_proposals_t *adding(mls_client_t *client) {
    mls_error_t *error = NULL;
    mls_messages_t *packages = NULL;
    mls_bytes_t package = no_bytes();
    mls_proposals_t *proposals = mls_proposals_new();
    OK(mls_client_create_key_packages(client, 1, MLS_DEFAULTS, &packages, &error));
    OK(mls_messages_at(packages, 0, &package, &error));
    OK(mls_proposals_push_add(proposals, package.data, package.len, &error));
    mls_bytes_free(&package);
    mls_messages_free(packages);
    return proposals;
}

/* Adds a device to a new group of the first one's, and tells it; answers what joining answers. */
static mls_status_t invite(mls_client_t *by, mls_client_t *other, mls_group_t **mine, mls_group_t **theirs) {
    mls_error_t *error = NULL;
    mls_commit_t *commit = NULL;
    mls_messages_t *welcomes = NULL;
    mls_events_t *events = NULL;
    mls_bytes_t welcome = no_bytes();
    mls_proposals_t *add = adding(other);
    OK(mls_client_create_group(by, MLS_DEFAULTS, mine, &error));
    OK(mls_group_commit(*mine, add, MLS_DEFAULTS, &commit, &error));
    OK(mls_commit_accept(commit, &error));
    OK(mls_commit_welcomes(commit, &welcomes, &error));
    OK(mls_messages_at(welcomes, 0, &welcome, &error));
    OK(mls_client_receive(other, welcome.data, welcome.len, &events, &error));
    CHECK(mls_events_count(events) == 1 && mls_events_kind(events, 0) == MLS_EVENT_INVITED);
    mls_status_t joined = mls_client_join(other, mls_events_id(events, 0), NULL, 0, theirs, NULL);
    mls_bytes_free(&welcome);
    mls_events_free(events);
    mls_messages_free(welcomes);
    mls_commit_free(commit);
    mls_proposals_free(add);
    return joined;
}

static void hears(mls_client_t *client, mls_group_t *from, const char *text) {
    mls_error_t *error = NULL;
    mls_events_t *events = NULL;
    mls_bytes_t sent = no_bytes(), heard = no_bytes();
    OK(mls_group_encrypt(from, (const uint8_t *)text, strlen(text), MLS_DEFAULTS, &sent, &error));
    OK(mls_client_receive(client, sent.data, sent.len, &events, &error));
    CHECK(mls_events_kind(events, 0) == MLS_EVENT_MESSAGE);
    OK(mls_events_data(events, 0, &heard, &error));
    CHECK(same(heard, text));
    mls_bytes_free(&sent);
    mls_bytes_free(&heard);
    mls_events_free(events);
}

static const char *const chosen[] = {"root", NULL};
static const char *const both[] = {"other", "root", NULL};

static void meet(mls_client_t *alice, mls_client_t *bob, const char *bobs, size_t certificates) {
    mls_error_t *error = NULL;
    mls_group_t *mine = NULL, *theirs = NULL;
    mls_members_t *members = NULL;
    mls_credential_t *credential = NULL;
    mls_bytes_t first = no_bytes(), user = no_bytes();
    uint8_t der[2000];
    CHECK(invite(alice, bob, &mine, &theirs) == MLS_OK);
    hears(bob, mine, "from alice");
    hears(alice, theirs, "from bob");
    OK(mls_group_members(mine, &members, &error));
    OK(mls_members_credential(members, 1, &credential, &error));
    CHECK(mls_credential_kind(credential) == MLS_CREDENTIAL_X509);
    CHECK(mls_credential_certificates_count(credential) == certificates);
    OK(mls_credential_certificate(credential, 0, &first, &error));
    CHECK(first.len == file(bobs, "der", der, sizeof der) && memcmp(first.data, der, first.len) == 0);
    OK(mls_members_user(members, 1, &user, &error));
    CHECK(user.data == NULL); /* a certificate names nobody in the client's form */
    mls_bytes_free(&first);
    mls_credential_free(credential);
    mls_members_free(members);
    mls_group_free(mine);
    mls_group_free(theirs);
    mls_client_free(alice);
    mls_client_free(bob);
}

static void members_whose_chains_lead_to_a_chosen_root_meet_and_talk(void) {
    meet(device("alice", NULL, chosen), device("bob", NULL, chosen), "bob", 1);
    meet(device("alice", NULL, chosen), device("carol", "under", chosen), "carol", 2);
    meet(device("carol", "under", both), device("bob", NULL, chosen), "bob", 1);
    meet(device("alice-p256", NULL, chosen), device("bob-p256", NULL, chosen), "bob-p256", 1);
}

/* Neither added, nor proposed, nor joined when he adds. */
static void is_denied(mls_client_t *mallory) {
    mls_error_t *error = NULL;
    mls_client_t *alice = device("alice", NULL, chosen);
    mls_group_t *group = NULL, *theirs = NULL, *joined = NULL;
    mls_commit_t *commit = NULL;
    mls_messages_t *messages = NULL;
    mls_proposals_t *add = adding(mallory);
    OK(mls_client_create_group(alice, MLS_DEFAULTS, &group, &error));
    CHECK(mls_group_commit(group, add, MLS_DEFAULTS, &commit, &error) == MLS_ERROR_CREDENTIAL_DENIED);
    CHECK(commit == NULL && mls_error_code(error) == MLS_ERROR_CREDENTIAL_DENIED);
    mls_error_free(error);
    CHECK(mls_group_propose(group, add, NULL, 0, &messages, NULL) == MLS_ERROR_CREDENTIAL_DENIED);
    CHECK(invite(mallory, alice, &theirs, &joined) == MLS_ERROR_CREDENTIAL_DENIED);
    CHECK(joined == NULL);
    mls_proposals_free(add);
    mls_group_free(group);
    mls_group_free(theirs);
    mls_client_free(alice);
    mls_client_free(mallory);
}

static void a_chain_to_another_root_is_denied(void) {
    is_denied(device("mallory", NULL, NULL));
    is_denied(device("mallory", "other", NULL)); /* with that root in the chain */
    is_denied(device("carol", NULL, NULL));      /* without the certificate that leads to the right one */
}

static void a_certificate_that_signed_itself_is_denied(void) {
    is_denied(device("root2", NULL, NULL));
}

static void a_certificate_is_denied_outside_of_its_days(void) {
    uint64_t today = now;
    meet(device("alice", NULL, chosen), device("short", NULL, chosen), "short", 1);
    now = today + 2 * 86400;
    is_denied(device("short", NULL, NULL));
    meet(device("alice", NULL, chosen), device("bob", NULL, chosen), "bob", 1);
    now = today - 2 * 86400; /* as it would be with certificates of the day after tomorrow */
    is_denied(device("bob", NULL, NULL));
    now = today;
}

static void a_key_that_is_not_the_certificates_opens_no_client(void) {
    mls_client_t *client = NULL;
    mls_options_t *options = options_of("alice", NULL, "bob", chosen);
    CHECK(mls_client_open_in_memory(options, &client, NULL) == MLS_ERROR_INVALID_SIGNING_KEY);
    CHECK(client == NULL);
    mls_options_free(options);
}

static void a_basic_credential_is_denied_where_roots_decide(void) {
    mls_error_t *error = NULL;
    mls_client_t *client = NULL;
    mls_options_t *options = mls_options_new();
    OK(mls_options_set_device(options, "mallory", "phone", &error));
    OK(mls_options_set_clock(options, the_clock, NULL, NULL, &error));
    OK(mls_options_set_insecure_accept_any(options, &error));
    OK(mls_client_open_in_memory(options, &client, &error));
    mls_options_free(options);
    is_denied(client);
}

static void a_root_that_is_no_certificate_opens_no_client(void) {
    mls_error_t *error = NULL;
    mls_client_t *client = NULL;
    mls_options_t *options = options_of("alice", NULL, "alice", chosen);
    OK(mls_options_push_trust_root(options, (const uint8_t *)"no certificate", 14, &error));
    CHECK(mls_client_open_in_memory(options, &client, NULL) == MLS_ERROR_INVALID_CREDENTIAL);
    CHECK(client == NULL);
    mls_options_free(options);
}

int main(void) {
    CHECK(mkdtemp(directory) != NULL);
    now = (uint64_t)time(NULL) + 60; /* certificates begin now */
    run("echo basicConstraints=critical,CA:TRUE >authority");
    run("echo basicConstraints=critical,CA:FALSE >member");
    root("root");
    root("other");
    root("root2");
    certify("under", "ED25519", "root", 50);
    certify("alice", "ED25519", "root", 50);
    certify("bob", "ED25519", "root", 50);
    certify("carol", "ED25519", "under", 50);
    certify("mallory", "ED25519", "other", 50);
    certify("short", "ED25519", "root", 1);
    certify("alice-p256", "EC -pkeyopt ec_paramgen_curve:P-256", "root", 50);
    certify("bob-p256", "EC -pkeyopt ec_paramgen_curve:P-256", "root", 50);
    RUN(members_whose_chains_lead_to_a_chosen_root_meet_and_talk);
    RUN(a_chain_to_another_root_is_denied);
    RUN(a_certificate_that_signed_itself_is_denied);
    RUN(a_certificate_is_denied_outside_of_its_days);
    RUN(a_key_that_is_not_the_certificates_opens_no_client);
    RUN(a_basic_credential_is_denied_where_roots_decide);
    RUN(a_root_that_is_no_certificate_opens_no_client);
    run("rm -r \"$PWD\"");
    return 0;
}
