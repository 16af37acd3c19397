/*
 * The ten calls of the Management API's quick start, in its order, and a receipt: each with its request and what came back.
 *
 *     quickstart [ORDER-ID]
 *
 * The keys come from the environment: VIPPS_CLIENT_ID, VIPPS_CLIENT_SECRET, VIPPS_SUBSCRIPTION_KEY and, for another server than
 * production, VIPPS_BASE_URL. It prefills a product order for the merchant of the first sales unit, and deletes it again. A receipt can
 * never be taken back, so there is one only for an order that is named.
 */
#include "vipps.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Which step it is, for the observer to print with each request. */
struct progress {
    int step;
    const char *title;
};

static void begin(struct progress *progress, const char *title)
{
    progress->step += 1;
    progress->title = title;
}

static void print_exchange(void *user, const vipps_exchange *exchange)
{
    const struct progress *progress = (const struct progress *)user;

    printf("%2d  %-24s  %-6s %s %" PRId32 "\n", progress->step, progress->title, exchange->method, exchange->path,
           exchange->http_status);
}

static void print_found(const char *found)
{
    printf("%30s%s\n", "", found);
}

/* The text of a string that is there. */
static const char *text_of(const vipps_string *string)
{
    const char *text = NULL;

    return vipps_string_text(string, &text) == VIPPS_OK ? text : "";
}

/* What a request is put together in had no room for it. */
static vipps_status too_long(void)
{
    fprintf(stderr, "quickstart: a text is too long\n");
    return VIPPS_INVALID_INPUT;
}

static void print_error(const vipps_error *error)
{
    const char *message = NULL;
    const char *trace_id = NULL;
    vipps_delivery delivery = VIPPS_DELIVERY_UNKNOWN;

    if (vipps_error_message(error, &message) != VIPPS_OK) {
        return;
    }
    fprintf(stderr, "quickstart: %s\n", message);
    if (vipps_error_trace_id(error, &trace_id) == VIPPS_OK && trace_id != NULL) {
        fprintf(stderr, "quickstart: for the vendor's support: %s\n", trace_id);
    }
    if (vipps_error_delivery(error, &delivery) == VIPPS_OK && delivery == VIPPS_DELIVERY_UNKNOWN) {
        fprintf(stderr, "quickstart: the service may have carried it out\n");
    }
}

/* Prints one member of each item of a list. */
static vipps_status print_each(const vipps_string *list, const char *member, vipps_error **error)
{
    char pointer[64];
    size_t count = 0;
    size_t nth;
    vipps_status status = vipps_json_count(text_of(list), "", &count, error);

    if (status != VIPPS_OK) {
        return status;
    }
    if (count == 0) {
        print_found("none");
    }
    for (nth = 0; nth < count; nth++) {
        vipps_string *value = NULL;

        snprintf(pointer, sizeof pointer, "/%lu/%s", (unsigned long)nth, member);
        status = vipps_json_get(text_of(list), pointer, &value, error);
        if (status != VIPPS_OK) {
            return status;
        }
        print_found(text_of(value));
        vipps_string_free(value);
    }
    return VIPPS_OK;
}

/* Calls 1 to 6, which only read. Gives the first sales unit and its merchant, or NULL if there is none. */
static vipps_status look_around(const vipps_session *session, struct progress *progress, vipps_string **out_msn,
                                vipps_string **out_scheme, vipps_string **out_id, vipps_error **error)
{
    vipps_string *token = NULL;
    vipps_string *units = NULL;
    vipps_string *unit = NULL;
    vipps_string *name = NULL;
    vipps_string *theirs = NULL;
    vipps_string *merchant = NULL;
    vipps_string *merchant_name = NULL;
    vipps_string *orders = NULL;
    uint64_t expires_in_ms = 0;
    size_t count = 0;
    char found[64];
    vipps_status status;

    begin(progress, "access token");
    status = vipps_session_access_token(session, &token, &expires_in_ms, error);
    if (status != VIPPS_OK) goto cleanup;
    snprintf(found, sizeof found, "good for %" PRIu64 " minutes", (expires_in_ms + 30000) / 60000);
    print_found(found);

    begin(progress, "all sales units");
    status = vipps_list_sales_units(session, &units, error);
    if (status != VIPPS_OK) goto cleanup;
    status = print_each(units, "name", error);
    if (status != VIPPS_OK) goto cleanup;
    status = vipps_json_count(text_of(units), "", &count, error);
    if (status != VIPPS_OK || count == 0) goto cleanup;
    status = vipps_json_get(text_of(units), "/0/msn", out_msn, error);
    if (status != VIPPS_OK) goto cleanup;

    begin(progress, "one sales unit");
    status = vipps_get_sales_unit(session, text_of(*out_msn), &unit, error);
    if (status != VIPPS_OK) goto cleanup;
    status = vipps_json_get(text_of(unit), "/name", &name, error);
    if (status != VIPPS_OK) goto cleanup;
    print_found(text_of(name));
    status = vipps_json_get(text_of(unit), "/businessIdentifier/scheme", out_scheme, error);
    if (status != VIPPS_OK) goto cleanup;
    status = vipps_json_get(text_of(unit), "/businessIdentifier/id", out_id, error);
    if (status != VIPPS_OK) goto cleanup;

    begin(progress, "a merchant's sales units");
    status = vipps_list_merchant_sales_units(session, text_of(*out_scheme), text_of(*out_id), &theirs, error);
    if (status != VIPPS_OK) goto cleanup;
    status = print_each(theirs, "msn", error);
    if (status != VIPPS_OK) goto cleanup;

    begin(progress, "one merchant");
    status = vipps_get_merchant(session, text_of(*out_scheme), text_of(*out_id), &merchant, error);
    if (status != VIPPS_OK) goto cleanup;
    status = vipps_json_get(text_of(merchant), "/name", &merchant_name, error);
    if (status != VIPPS_OK) goto cleanup;
    print_found(text_of(merchant_name));

    begin(progress, "all product orders");
    status = vipps_list_product_orders(session, "{\"includeExpired\": false}", &orders, error);
    if (status != VIPPS_OK) goto cleanup;
    status = print_each(orders, "status", error);

cleanup:
    vipps_string_free(orders);
    vipps_string_free(merchant_name);
    vipps_string_free(merchant);
    vipps_string_free(theirs);
    vipps_string_free(name);
    vipps_string_free(unit);
    vipps_string_free(units);
    vipps_string_free(token);
    return status;
}

/* Calls 7 to 10: orders a product for a merchant, looks at the order, deletes it, and lists what it could have cost. */
static vipps_status order_a_product(const vipps_session *session, struct progress *progress, const char *scheme,
                                    const char *id, vipps_error **error)
{
    vipps_string *key = NULL;
    vipps_string *prefilled = NULL;
    vipps_string *url = NULL;
    vipps_string *order_id = NULL;
    vipps_string *order = NULL;
    vipps_string *order_status = NULL;
    vipps_string *packages = NULL;
    vipps_error *delete_error = NULL;
    char request[512];
    int length;
    vipps_status status;
    vipps_status deleted;

    begin(progress, "prefill a product order");
    /* A program that may have to send an order again keeps its key. */
    status = vipps_idempotency_key_new(&key, error);
    if (status != VIPPS_OK) goto cleanup;
    /* What is read from elsewhere goes through vipps_json_quote(); these two are letters, digits, colons and hyphens. */
    length = snprintf(request, sizeof request,
                      "{\"businessIdentifier\": {\"scheme\": \"%s\", \"id\": \"%s\"},"
                      " \"productType\": \"CHECKOUT\", \"idempotencyKey\": \"%s\"}",
                      scheme, id, text_of(key));
    if (length < 0 || (size_t)length >= sizeof request) {
        status = too_long();
        goto cleanup;
    }
    status = vipps_prefill_product_order(session, request, &prefilled, error);
    if (status != VIPPS_OK) goto cleanup;
    status = vipps_json_get(text_of(prefilled), "/prefilledOrderId", &order_id, error);
    if (status != VIPPS_OK) goto cleanup;
    status = vipps_json_get(text_of(prefilled), "/prefillUrl", &url, error);
    if (status != VIPPS_OK) goto cleanup;
    print_found(text_of(url));

    begin(progress, "one product order");
    status = vipps_get_product_order(session, text_of(order_id), &order, error);
    if (status == VIPPS_OK) {
        status = vipps_json_get(text_of(order), "/status", &order_status, error);
        print_found(text_of(order_status));
    }

    /* Whatever became of that, the order is not left behind. */
    begin(progress, "delete the product order");
    deleted = vipps_delete_product_order(session, text_of(order_id), &delete_error);
    if (status != VIPPS_OK) goto cleanup;
    if (deleted != VIPPS_OK) {
        status = deleted;
        *error = delete_error;
        delete_error = NULL;
        goto cleanup;
    }
    print_found("deleted");

    begin(progress, "price packages");
    status = vipps_list_price_packages(session, &packages, error);
    if (status != VIPPS_OK) goto cleanup;
    status = print_each(packages, "name", error);

cleanup:
    vipps_error_free(delete_error);
    vipps_string_free(packages);
    vipps_string_free(order_status);
    vipps_string_free(order);
    vipps_string_free(order_id);
    vipps_string_free(url);
    vipps_string_free(prefilled);
    vipps_string_free(key);
    return status;
}

/* Makes sure that an order has its receipt: two lines, whose tax the library computes, and which may be sent any number of times. */
static vipps_status add_the_receipt(const vipps_session *session, struct progress *progress, const char *order_id,
                                    vipps_error **error)
{
    vipps_string *socks = NULL;
    vipps_string *shipping = NULL;
    vipps_string *totals = NULL;
    vipps_string *tax = NULL;
    vipps_string *outcome = NULL;
    char receipt[2048];
    char found[64];
    int length;
    vipps_status status;

    begin(progress, "a receipt");
    status = vipps_order_line_from_unit_price("Wool socks", "socks-7", 19900, "2", 2500, &socks, error);
    if (status != VIPPS_OK) goto cleanup;
    status = vipps_order_line_shipping("Home delivery", "delivery", 9900, 2500, &shipping, error);
    if (status != VIPPS_OK) goto cleanup;
    length = snprintf(receipt, sizeof receipt, "{\"orderLines\": [%s, %s], \"bottomLine\": {\"currency\": \"NOK\"}}",
                      text_of(socks), text_of(shipping));
    if (length < 0 || (size_t)length >= sizeof receipt) {
        status = too_long();
        goto cleanup;
    }
    status = vipps_receipt_totals(receipt, &totals, error);
    if (status != VIPPS_OK) goto cleanup;
    status = vipps_json_get(text_of(totals), "/totalTaxAmount", &tax, error);
    if (status != VIPPS_OK) goto cleanup;
    status = vipps_ensure_receipt(session, "ECOM", order_id, receipt, &outcome, error);
    if (status != VIPPS_OK) goto cleanup;
    snprintf(found, sizeof found, "tax: %s oere", text_of(tax));
    print_found(found);
    print_found(text_of(outcome));

cleanup:
    vipps_string_free(outcome);
    vipps_string_free(tax);
    vipps_string_free(totals);
    vipps_string_free(shipping);
    vipps_string_free(socks);
    return status;
}

int main(int argc, char **argv)
{
    /* Outlives the sessions, whose observer writes with it. */
    static struct progress progress;
    vipps_system_info system = {"vipps-quickstart", VIPPS_VERSION, NULL, NULL};
    vipps_session_builder *builder = NULL;
    vipps_session *session = NULL;
    vipps_session *of_unit = NULL;
    vipps_string *msn = NULL;
    vipps_string *scheme = NULL;
    vipps_string *id = NULL;
    vipps_error *error = NULL;
    vipps_status status;

    status = vipps_session_builder_new_from_env(&system, &builder, &error);
    if (status != VIPPS_OK) goto cleanup;
    status = vipps_session_builder_observer(builder, print_exchange, &progress, NULL, &error);
    if (status != VIPPS_OK) goto cleanup;
    status = vipps_session_builder_build(builder, &session, &error);
    if (status != VIPPS_OK) goto cleanup;

    status = look_around(session, &progress, &msn, &scheme, &id, &error);
    if (status != VIPPS_OK) goto cleanup;
    if (msn == NULL) {
        printf("\nThe keys give access to no sales unit: there is nothing to go on with.\n");
        goto cleanup;
    }
    status = order_a_product(session, &progress, text_of(scheme), text_of(id), &error);
    if (status != VIPPS_OK) goto cleanup;
    if (argc > 1) {
        status = vipps_session_for_merchant(session, text_of(msn), &of_unit, &error);
        if (status != VIPPS_OK) goto cleanup;
        status = add_the_receipt(of_unit, &progress, argv[1], &error);
    }

cleanup:
    if (status != VIPPS_OK) {
        print_error(error);
    }
    vipps_error_free(error);
    vipps_string_free(id);
    vipps_string_free(scheme);
    vipps_string_free(msn);
    vipps_session_free(of_unit);
    vipps_session_free(session);
    vipps_session_builder_free(builder);
    return status == VIPPS_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
