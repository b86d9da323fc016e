/* What a handle answers when it is freed, foreign, forged, inherited or shared. */
#include "check.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

static void freeing_twice_and_freeing_null_are_fine(void) {
    mls_options_t *options = mls_options_new();
    CHECK(options != NULL);
    mls_options_free(options);
    mls_options_free(options);
    mls_options_free(NULL);
    mls_error_free(NULL);
    mls_bytes_free(NULL);
}

static void a_freed_handle_is_closed(void) {
    mls_error_t *error = NULL;
    mls_options_t *options = mls_options_new();
    mls_options_free(options);
    CHECK(mls_options_set_role(options, MLS_ROLE_FULL, &error) == MLS_ERROR_CLOSED);
    CHECK(mls_error_code(error) == MLS_ERROR_CLOSED);
    CHECK(strcmp(mls_error_name(error), "CLOSED") == 0);
    CHECK(mls_error_advice(error) == MLS_ADVICE_FIX_CALL);
    mls_error_free(error);
    CHECK(mls_error_code(error) == 0);
    CHECK(strcmp(mls_error_message(error), "") == 0);
}

static void a_handle_of_another_noun_is_the_wrong_type(void) {
    mls_error_t *error = NULL;
    mls_options_t *options = mls_options_new();
    mls_bytes_t out = {(uint8_t *)"dirt", 4};
    CHECK(mls_group_id((mls_group_t *)options, &out, &error) == MLS_ERROR_WRONG_TYPE);
    CHECK(out.data == NULL && out.len == 0);
    mls_error_free(error);
    mls_group_free((mls_group_t *)options);
    CHECK(mls_options_set_role(options, MLS_ROLE_FULL, NULL) == MLS_OK);
    mls_options_free(options);
}

static void addresses_and_null_are_no_handles(void) {
    int local = 0;
    void *forged[] = {&local, (void *)1, (void *)UINTPTR_MAX, (void *)(UINTPTR_MAX / 3)};
    for (size_t i = 0; i < sizeof forged / sizeof *forged; i++) {
        CHECK(mls_options_set_role((mls_options_t *)forged[i], MLS_ROLE_FULL, NULL) == MLS_ERROR_CLOSED);
        mls_options_free((mls_options_t *)forged[i]);
    }
    CHECK(mls_options_set_role(NULL, MLS_ROLE_FULL, NULL) == MLS_ERROR_NULL_POINTER);
}

static void a_call_without_a_place_for_its_result_does_nothing(void) {
    mls_error_t *error = NULL;
    CHECK(mls_client_open_in_memory(MLS_DEFAULTS, NULL, &error) == MLS_ERROR_NULL_POINTER);
    mls_error_free(error);
}

static void text_and_bytes_are_checked(void) {
    mls_options_t *options = mls_options_new();
    CHECK(mls_options_set_device(options, "\xff", "phone", NULL) == MLS_ERROR_INVALID_UTF8);
    CHECK(mls_options_set_device(options, NULL, "phone", NULL) == MLS_ERROR_NULL_POINTER);
    CHECK(mls_options_set_device(options, "", "phone", NULL) == MLS_ERROR_INVALID_ARGUMENT);
    CHECK(mls_options_set_role(options, 77, NULL) == MLS_ERROR_INVALID_ARGUMENT);
    CHECK(mls_options_push_trust_root(options, NULL, 1, NULL) == MLS_ERROR_NULL_POINTER);
    CHECK(mls_options_push_trust_root(options, (const uint8_t *)"x", SIZE_MAX, NULL) == MLS_ERROR_TOO_LARGE);
    mls_options_free(options);
}

static int released;

static void release(void *user) {
    CHECK(user == &released);
    released++;
}

static int32_t accept_all(void *user, const mls_validation_t *request) {
    (void)user;
    (void)request;
    return MLS_VERDICT_ACCEPT;
}

static void a_callback_s_user_is_let_go_exactly_once(void) {
    mls_options_t *options = mls_options_new();
    released = 0;
    CHECK(mls_options_set_validator(options, NULL, &released, release, NULL) == MLS_ERROR_NULL_POINTER);
    CHECK(released == 1);
    CHECK(mls_options_set_validator(NULL, accept_all, &released, release, NULL) == MLS_ERROR_NULL_POINTER);
    CHECK(released == 2);
    CHECK(mls_options_set_validator(options, accept_all, &released, release, NULL) == MLS_OK);
    CHECK(released == 2);
    CHECK(mls_options_set_trust_on_first_use(options, NULL) == MLS_OK);
    CHECK(released == 3);
    CHECK(mls_options_set_validator(options, accept_all, &released, release, NULL) == MLS_OK);
    mls_options_free(options);
    CHECK(released == 4);
}

static void after_a_fork_old_handles_answer_so_and_new_ones_work(void) {
    mls_options_t *options = mls_options_new();
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        int old = mls_options_set_role(options, MLS_ROLE_FULL, NULL) == MLS_ERROR_FORKED;
        mls_options_free(options);
        mls_options_t *own = mls_options_new();
        _exit(old && own && mls_options_set_role(own, MLS_ROLE_FULL, NULL) == MLS_OK ? 0 : 1);
    }
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CHECK(mls_options_set_role(options, MLS_ROLE_FULL, NULL) == MLS_OK);
    mls_options_free(options);
}

static mls_options_t *shared;

static void *use_and_free(void *argument) {
    (void)argument;
    for (int i = 0; i < 2000; i++) {
        mls_error_t *error = NULL;
        mls_options_t *own = mls_options_new();
        CHECK(mls_options_set_device(own, "alice", "phone", &error) == MLS_OK);
        mls_status_t status = mls_options_set_role(shared, MLS_ROLE_FULL, &error);
        CHECK(status == MLS_OK || status == MLS_ERROR_CLOSED);
        mls_error_free(error);
        if (i == 1000) {
            mls_options_free(shared);
        }
        mls_options_free(own);
    }
    return NULL;
}

static void sixteen_threads_may_use_and_free_one_handle(void) {
    pthread_t threads[16];
    shared = mls_options_new();
    for (int i = 0; i < 16; i++) {
        CHECK(pthread_create(&threads[i], NULL, use_and_free, NULL) == 0);
    }
    for (int i = 0; i < 16; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    CHECK(mls_options_set_role(shared, MLS_ROLE_FULL, NULL) == MLS_ERROR_CLOSED);
}

int main(void) {
    RUN(freeing_twice_and_freeing_null_are_fine);
    RUN(a_freed_handle_is_closed);
    RUN(a_handle_of_another_noun_is_the_wrong_type);
    RUN(addresses_and_null_are_no_handles);
    RUN(a_call_without_a_place_for_its_result_does_nothing);
    RUN(text_and_bytes_are_checked);
    RUN(a_callback_s_user_is_let_go_exactly_once);
    RUN(after_a_fork_old_handles_answer_so_and_new_ones_work);
    RUN(sixteen_threads_may_use_and_free_one_handle);
    return 0;
}
