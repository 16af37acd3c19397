/*
 * A program that makes a call, forks, and goes on with the same session in both processes: neither may get an answer of the other.
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

/* Gives 1 if the answer is another one's, or none. */
static int call(const char *msn)
{
    vipps_string *json = NULL;
    vipps_string *answered = NULL;
    vipps_error *error = NULL;
    const char *text = "";
    int failed = 1;

    if (vipps_get_sales_unit(session, msn, &json, &error) == VIPPS_OK && vipps_string_text(json, &text) == VIPPS_OK &&
        vipps_json_get(text, "/msn", &answered, NULL) == VIPPS_OK && vipps_string_text(answered, &text) == VIPPS_OK) {
        failed = strcmp(text, msn) != 0;
    } else {
        vipps_error_message(error, &text);
    }
    if (failed) {
        fprintf(stderr, "%s: %s\n", msn, text);
    }
    vipps_string_free(answered);
    vipps_string_free(json);
    vipps_error_free(error);
    return failed;
}

static int calls(const char *msn)
{
    int nth;
    int failures = 0;

    for (nth = 0; nth < CALLS; nth++) {
        failures += call(msn);
    }
    return failures;
}

static int trust(vipps_session_builder *builder, const char *path)
{
    static uint8_t pem[16384];
    FILE *file = fopen(path, "rb");
    size_t size;

    if (file == NULL) {
        return 1;
    }
    size = fread(pem, 1, sizeof pem, file);
    fclose(file);
    return vipps_session_builder_root_certificates(builder, pem, size, NULL) != VIPPS_OK;
}

int main(int argc, char **argv)
{
    vipps_system_info system = {"acme", "3.1.2", NULL, NULL};
    vipps_session_builder *builder = NULL;
    pid_t child;
    int status = 1;
    int failures;

    if (argc < 2 ||
        vipps_session_builder_new("sandbox-client-id", "sandbox-client-secret", "sandbox-key-1", &system,
                                  &builder, NULL) != VIPPS_OK ||
        vipps_session_builder_base_url(builder, argv[1], NULL) != VIPPS_OK ||
        /* A retry would hide what went wrong. */
        vipps_session_builder_retry(builder, 1, 0, 0, NULL) != VIPPS_OK || (argc > 2 && trust(builder, argv[2]) != 0) ||
        vipps_session_builder_build(builder, &session, NULL) != VIPPS_OK) {
        printf("not begun\n");
        return 1;
    }
    vipps_session_builder_free(builder);
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
    /* The parent's connection is still good when the child has gone. */
    failures += call("123456");
    vipps_session_free(session);
    printf("%d calls in each, %s\n", CALLS, failures == 0 ? "all well" : "failed");
    return failures != 0;
}
