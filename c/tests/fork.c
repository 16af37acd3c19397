/*
 * Makes a call, forks, and uses the same session in both processes: neither may get a reply of the
 * other.
 *
 *     fork BASE-URL [ROOT-CERTIFICATES]
 */
#define _POSIX_C_SOURCE 200809L

#include "vipps.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CALLS 50

static vipps_session *session;

/* Returns 1 if the reply is for another sales unit, or the call fails. */
static int call(const char *msn)
{
    vipps_string *json = NULL;
    vipps_string *received = NULL;
    vipps_error *error = NULL;
    const char *text = "";
    int failed = 1;

    if (vipps_get_sales_unit(session, msn, &json, &error) == VIPPS_OK &&
        vipps_string_text(json, &text) == VIPPS_OK &&
        vipps_json_get(text, "/msn", &received, NULL) == VIPPS_OK &&
        vipps_string_text(received, &text) == VIPPS_OK) {
        failed = strcmp(text, msn) != 0;
    } else {
        vipps_error_message(error, &text);
    }
    if (failed) {
        fprintf(stderr, "%s: %s\n", msn, text);
    }
    vipps_string_free(received);
    vipps_string_free(json);
    vipps_error_free(error);
    return failed;
}

static int calls(const char *msn)
{
    int i;
    int failures = 0;

    for (i = 0; i < CALLS; i++) {
        failures += call(msn);
    }
    return failures;
}

/* A text as a JSON string, or null for NULL. */
static const char *quoted(const char *text)
{
    static char copy[17000] = "null";
    vipps_string *json = NULL;
    const char *quoted = "";

    if (text != NULL && vipps_json_quote(text, &json, NULL) == VIPPS_OK &&
        vipps_string_text(json, &quoted) == VIPPS_OK) {
        snprintf(copy, sizeof copy, "%s", quoted);
    }
    vipps_string_free(json);
    return copy;
}

static const char *read_file(const char *path)
{
    static char pem[16384];
    FILE *file = fopen(path, "rb");

    if (file == NULL) {
        return NULL;
    }
    pem[fread(pem, 1, sizeof pem - 1, file)] = '\0';
    fclose(file);
    return pem;
}

int main(int argc, char **argv)
{
    static char config[20000];
    pid_t child;
    int status = 1;
    int failures;

    /* A retry would hide a failure. */
    snprintf(
        config, sizeof config,
        "{\"client_id\": \"sandbox-client-id\", \"client_secret\": \"sandbox-client-secret\","
        " \"subscription_key\": \"sandbox-key-1\","
        " \"system\": {\"name\": \"acme\", \"version\": \"3.1.2\"},"
        " \"base_url\": \"%s\", \"retry\": {\"max_attempts\": 1}, \"root_certificates\": %s}",
        argc > 1 ? argv[1] : "", quoted(argc > 2 ? read_file(argv[2]) : NULL));
    if (vipps_session_new(config, NULL, &session, NULL) != VIPPS_OK) {
        printf("cannot create a session\n");
        return 1;
    }
    failures = call("123456");
    child = fork();
    if (child == 0) {
        failures = calls("654321");
        vipps_session_free(session);
        return failures != 0;
    }
    failures += calls("123456");
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
        failures += 1;
    }
    /* The parent's connection still works after the child has exited. */
    failures += call("123456");
    vipps_session_free(session);
    printf("%d calls in each, %s\n", CALLS, failures == 0 ? "ok" : "failed");
    return failures != 0;
}
