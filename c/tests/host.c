/*
 * Tests what a process that uses the library may do, one case per run. Prints "ok".
 *
 *     host CASE BASE-URL [ARGUMENTS]
 */
#define _XOPEN_SOURCE 700

#include "vipps.h"

#include <dlfcn.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#define RECEIPT                                                                                    \
    "{\"orderLines\": [{\"name\": \"Socks\", \"id\": \"1\", \"totalAmount\": 1000,"                \
    " \"totalAmountExcludingTax\": 800, \"totalTaxAmount\": 200, \"taxRate\": 2500}],"             \
    " \"bottomLine\": {\"currency\": \"NOK\"}}"

static vipps_session *session;

static void require(bool condition, const char *expectation)
{
    if (!condition) {
        printf("failed: %s\n", expectation);
        exit(1);
    }
}

static const char *config_of(const char *base_url, const char *root_certificates)
{
    static char config[20000];

    snprintf(
        config, sizeof config,
        "{\"client_id\": \"sandbox-client-id\", \"client_secret\": \"sandbox-client-secret\","
        " \"subscription_key\": \"sandbox-key-1\","
        " \"system\": {\"name\": \"acme\", \"version\": \"3.1.2\"}, \"base_url\": \"%s\","
        " \"merchant_serial_number\": \"123456\", \"retry\": {\"max_attempts\": 1}%s}",
        base_url, root_certificates);
    return config;
}

static void get_sales_unit(void)
{
    vipps_string *json = NULL;

    require(vipps_get_sales_unit(session, "123456", &json, NULL) == VIPPS_OK, "a call succeeds");
    vipps_string_free(json);
}

static volatile sig_atomic_t signals;

static void count_signal(int number)
{
    (void)number;
    signals += 1;
}

/* A timer interrupts calls with slow replies. Its handler is installed without SA_RESTART. */
static void interrupted(void)
{
    struct sigaction action;
    struct itimerval every_5_ms = {{0, 5000}, {0, 5000}};
    struct itimerval never = {{0, 0}, {0, 0}};
    int i;

    memset(&action, 0, sizeof action);
    action.sa_handler = count_signal;
    require(sigaction(SIGALRM, &action, NULL) == 0 &&
                setitimer(ITIMER_REAL, &every_5_ms, NULL) == 0,
            "the timer starts");
    for (i = 0; i < 3; i++) {
        get_sales_unit();
    }
    setitimer(ITIMER_REAL, &never, NULL);
    require(signals > 10, "signals arrive during the calls");
}

/* The server closes the connection during an upload of nearly 2 MB. */
static void broken_pipe(void)
{
    static uint8_t body[1900000];
    vipps_reply *reply = NULL;
    vipps_error *error = NULL;
    int i;

    for (i = 0; i < 5; i++) {
        require(vipps_request(session, "POST", "/upload", NULL, body, sizeof body, &reply,
                              &error) != VIPPS_OK,
                "the upload fails");
        vipps_error_free(error);
    }
}

/* Calls with a request body, with an error, and with arithmetic. */
static void *on_a_small_stack(void *unused)
{
    vipps_string *json = NULL;
    vipps_error *error = NULL;

    get_sales_unit();
    if (unused == NULL) {
        require(vipps_ensure_receipt(session, "ECOM", "order-1", RECEIPT, &json, &error) ==
                    VIPPS_OK,
                "a receipt is added");
        vipps_string_free(json);
        require(vipps_get_order(session, "ECOM", "order-1", &json, &error) == VIPPS_OK,
                "an order is read");
        vipps_string_free(json);
        require(vipps_get_sales_unit(session, "999999", &json, &error) == VIPPS_NOT_FOUND,
                "an unknown sales unit is not found");
        vipps_error_free(error);
        require(vipps_receipt_apply_discount(RECEIPT, 100, &json, &error) == VIPPS_OK,
                "a discount is split");
        vipps_string_free(json);
    }
    return NULL;
}

static void small_stack(const char *size, bool only_get)
{
    pthread_attr_t attributes;
    pthread_t thread;

    require(pthread_attr_init(&attributes) == 0 &&
                pthread_attr_setstacksize(&attributes, strtoul(size, NULL, 10)) == 0,
            "the stack size is valid");
    require(pthread_create(&thread, &attributes, on_a_small_stack, only_get ? &session : NULL) == 0,
            "a thread starts");
    pthread_join(thread, NULL);
}

static void decimal_commas(const char *name)
{
    vipps_string *json = NULL;
    const char *text = NULL;
    char number[16];

    require(setlocale(LC_ALL, name) != NULL, "the locale exists");
    snprintf(number, sizeof number, "%.1f", 0.5);
    require(strcmp(number, "0,5") == 0, "the locale has decimal commas");
    require(vipps_order_line_from_unit_price("Salmon", "7", 39900, "0.822", 1500, &json, NULL) ==
                    VIPPS_OK &&
                vipps_string_text(json, &text) == VIPPS_OK &&
                strstr(text, "\"quantity\":\"0.822\"") != NULL,
            "numbers have a decimal point");
    vipps_string_free(json);
    require(vipps_format_minor_units(19990, &json, NULL) == VIPPS_OK &&
                vipps_string_text(json, &text) == VIPPS_OK && strcmp(text, "199.90") == 0,
            "amounts have a decimal point");
    vipps_string_free(json);
    require(vipps_json_get("[1.5]", "/0", &json, NULL) == VIPPS_OK &&
                vipps_string_text(json, &text) == VIPPS_OK && strcmp(text, "1.5") == 0,
            "JSON has a decimal point");
    vipps_string_free(json);
    get_sales_unit();
}

/* Loads the library by its path, uses it, and unloads it while the thread still runs. */
static void *load(void *path)
{
    vipps_status (*new_session)(const char *, const vipps_observer *, vipps_session **,
                                vipps_error **);
    vipps_status (*get)(const vipps_session *, const char *, vipps_string **, vipps_error **);
    void (*free_string)(vipps_string *);
    void (*free_session)(vipps_session *);
    void *library = dlopen((const char *)((void **)path)[0], RTLD_NOW | RTLD_LOCAL);
    vipps_session *loaded = NULL;
    vipps_string *json = NULL;

    require(library != NULL, "the library is loaded");
    *(void **)&new_session = dlsym(library, "vipps_session_new");
    *(void **)&get = dlsym(library, "vipps_get_sales_unit");
    *(void **)&free_string = dlsym(library, "vipps_string_free");
    *(void **)&free_session = dlsym(library, "vipps_session_free");
    require(new_session((const char *)((void **)path)[1], NULL, &loaded, NULL) == VIPPS_OK,
            "a session is created");
    require(get(loaded, "123456", &json, NULL) == VIPPS_OK, "a call succeeds");
    free_string(json);
    free_session(loaded);
    require(dlclose(library) == 0, "the library is unloaded");
    return NULL;
}

int main(int argc, char **argv)
{
    const char *name = argc > 2 ? argv[1] : "";
    pthread_t thread;
    void *loaded[2];
    int i;

    if (strcmp(name, "load") == 0) {
        loaded[0] = argv[3];
        for (i = 0; i < 3; i++) {
            char config[20000];

            snprintf(config, sizeof config, "%s", config_of(argv[2], ""));
            loaded[1] = config;
            require(pthread_create(&thread, NULL, load, loaded) == 0, "a thread starts");
            pthread_join(thread, NULL);
        }
        printf("ok\n");
        return 0;
    }
    require(argc > 2 &&
                vipps_session_new(config_of(argv[2], strcmp(name, "tls") == 0 ? argv[4] : ""),
                                  NULL, &session, NULL) == VIPPS_OK,
            "a session is created");
    if (strcmp(name, "signals") == 0) {
        interrupted();
    } else if (strcmp(name, "pipe") == 0) {
        broken_pipe();
    } else if (strcmp(name, "stack") == 0 || strcmp(name, "tls") == 0) {
        small_stack(argv[3], strcmp(name, "tls") == 0);
    } else if (strcmp(name, "locale") == 0) {
        decimal_commas(argv[3]);
    } else {
        require(false, "the case is known");
    }
    vipps_session_free(session);
    printf("ok\n");
    return 0;
}
