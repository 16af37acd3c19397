/*
 * 8 threads use one session that has no token yet, each also with its own handle for another sales
 * unit, and read a shared string.
 *
 *     threads BASE-URL
 */
#include "vipps.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define THREADS 8
#define CALLS 50

static vipps_session *session;
static vipps_string *shared;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned observed;
static unsigned released;

static void count_attempt(void *user, const vipps_attempt *attempt)
{
    pthread_mutex_lock(&lock);
    if (user == &observed && attempt->http_status == 200 && attempt->number == 1 &&
        attempt->trace_id == NULL && attempt->status == VIPPS_OK && attempt->retry_in_ms == -1 &&
        attempt->merchant_serial_number != NULL &&
        (strcmp(attempt->route, "/management/v1/sales-units/{msn}") == 0 ||
         strcmp(attempt->route, "/accesstoken/get") == 0) &&
        attempt->elapsed_us > 0 && attempt->elapsed_us < UINT64_C(3600000000)) {
        observed += 1;
    }
    pthread_mutex_unlock(&lock);
}

static void count_release(void *user)
{
    pthread_mutex_lock(&lock);
    if (user == &observed) {
        released += 1;
    }
    pthread_mutex_unlock(&lock);
}

/* Returns NULL on success. */
static void *work(void *unused)
{
    vipps_session *mine = NULL;
    const char *expected = NULL;
    const char *text = NULL;
    int i;
    int failures = 0;

    (void)unused;
    if (vipps_session_for_sales_unit(session, "654321", &mine, NULL) != VIPPS_OK) {
        return &lock;
    }
    if (vipps_string_text(shared, &expected) != VIPPS_OK) {
        failures += 1;
    }
    for (i = 0; i < CALLS; i++) {
        vipps_string *json = NULL;
        vipps_string *name = NULL;
        vipps_error *error = NULL;

        /* A valid and an invalid call. */
        if (vipps_get_sales_unit(i % 2 == 0 ? mine : session, "123456", &json, &error) !=
                VIPPS_OK ||
            error != NULL || vipps_string_text(json, &text) != VIPPS_OK ||
            vipps_json_get(text, "/name", &name, NULL) != VIPPS_OK ||
            vipps_string_text(name, &text) != VIPPS_OK || strcmp(text, expected) != 0) {
            failures += 1;
        }
        vipps_string_free(name);
        vipps_string_free(json);
        if (vipps_get_sales_unit(mine, "", &json, &error) != VIPPS_INVALID_INPUT || json != NULL ||
            vipps_error_message(error, &text) != VIPPS_OK) {
            failures += 1;
        }
        vipps_error_free(error);
    }
    vipps_session_free(mine);
    return failures == 0 ? NULL : &lock;
}

int main(int argc, char **argv)
{
    vipps_observer observer = {&observed, count_attempt, NULL, count_release};
    pthread_t threads[THREADS];
    char config[512];
    void *result = NULL;
    int failed = 0;
    int i;

    snprintf(
        config, sizeof config,
        "{\"client_id\": \"sandbox-client-id\", \"client_secret\": \"sandbox-client-secret\","
        " \"subscription_key\": \"sandbox-key-1\","
        " \"system\": {\"name\": \"acme\", \"version\": \"3.1.2\"},"
        " \"base_url\": \"%s\", \"merchant_serial_number\": \"123456\"}",
        argc > 1 ? argv[1] : "");
    if (vipps_session_new(config, &observer, &session, NULL) != VIPPS_OK ||
        vipps_json_get("[\"ACME Fitness\"]", "/0", &shared, NULL) != VIPPS_OK) {
        printf("cannot create a session\n");
        return 1;
    }
    for (i = 0; i < THREADS; i++) {
        failed |= pthread_create(&threads[i], NULL, work, NULL) != 0;
    }
    for (i = 0; i < THREADS; i++) {
        failed |= pthread_join(threads[i], &result) != 0 || result != NULL;
    }
    vipps_string_free(shared);
    failed |= released != 0;
    vipps_session_free(session);
    printf("%d threads, %u attempts, %u release, %s\n", THREADS, observed, released,
           failed ? "failed" : "ok");
    return failed;
}
