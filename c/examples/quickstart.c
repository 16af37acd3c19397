/*
 * Makes the ten calls of the Management API's quick start guide, and prints each request and its
 * result. With an order id, also adds a receipt to that order.
 *
 *     quickstart [ORDER-ID]
 *
 * Set VIPPS_CLIENT_ID, VIPPS_CLIENT_SECRET and VIPPS_SUBSCRIPTION_KEY, and VIPPS_BASE_URL for a
 * server other than production. The program prefills a product order for the merchant of the first
 * sales unit, and deletes it again. Receipts can never be deleted.
 */
#include "vipps.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void begin(int step, const char *title)
{
    printf("%2d  %s\n", step, title);
}

/* Prints each request to the file that `user` points to. */
static void print_attempt(void *user, const vipps_attempt *attempt)
{
    fprintf((FILE *)user, "    %-6s %s %d\n", attempt->method, attempt->path, attempt->http_status);
}

static void print_found(const char *found)
{
    printf("      %s\n", found);
}

/* The text of a string, or "" for NULL. */
static const char *text_of(const vipps_string *string)
{
    const char *text = NULL;

    return vipps_string_text(string, &text) == VIPPS_OK ? text : "";
}

/* A buffer is too small for a request. */
static vipps_status too_long(void)
{
    fprintf(stderr, "quickstart: the request is too long\n");
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
        fprintf(stderr, "quickstart: trace id for Vipps MobilePay support: %s\n", trace_id);
    }
    if (vipps_error_delivery(error, &delivery) == VIPPS_OK && delivery == VIPPS_DELIVERY_UNKNOWN) {
        fprintf(stderr, "quickstart: the request may have taken effect\n");
    }
}

/* Prints one member of each item of a JSON array. */
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

/* Calls 1 to 6, which only read. Returns the first sales unit and its merchant, or NULL if there is
 * no sales unit. */
static vipps_status make_read_calls(const vipps_session *session, vipps_string **out_msn,
                                    vipps_string **out_scheme, vipps_string **out_id,
                                    vipps_error **error)
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

    begin(1, "access token");
    status = vipps_session_access_token(session, &token, &expires_in_ms, error);
    if (status != VIPPS_OK) goto cleanup;
    snprintf(found, sizeof found, "valid for %" PRIu64 " minutes", (expires_in_ms + 30000) / 60000);
    print_found(found);

    begin(2, "all sales units");
    status = vipps_list_sales_units(session, &units, error);
    if (status != VIPPS_OK) goto cleanup;
    status = print_each(units, "name", error);
    if (status != VIPPS_OK) goto cleanup;
    status = vipps_json_count(text_of(units), "", &count, error);
    if (status != VIPPS_OK || count == 0) goto cleanup;
    status = vipps_json_get(text_of(units), "/0/msn", out_msn, error);
    if (status != VIPPS_OK) goto cleanup;

    begin(3, "one sales unit");
    status = vipps_get_sales_unit(session, text_of(*out_msn), &unit, error);
    if (status != VIPPS_OK) goto cleanup;
    status = vipps_json_get(text_of(unit), "/name", &name, error);
    if (status != VIPPS_OK) goto cleanup;
    print_found(text_of(name));
    status = vipps_json_get(text_of(unit), "/businessIdentifier/scheme", out_scheme, error);
    if (status != VIPPS_OK) goto cleanup;
    status = vipps_json_get(text_of(unit), "/businessIdentifier/id", out_id, error);
    if (status != VIPPS_OK) goto cleanup;

    begin(4, "a merchant's sales units");
    status = vipps_list_merchant_sales_units(session, text_of(*out_scheme), text_of(*out_id),
                                             &theirs, error);
    if (status != VIPPS_OK) goto cleanup;
    status = print_each(theirs, "msn", error);
    if (status != VIPPS_OK) goto cleanup;

    begin(5, "one merchant");
    status = vipps_get_merchant(session, text_of(*out_scheme), text_of(*out_id), &merchant, error);
    if (status != VIPPS_OK) goto cleanup;
    status = vipps_json_get(text_of(merchant), "/name", &merchant_name, error);
    if (status != VIPPS_OK) goto cleanup;
    print_found(text_of(merchant_name));

    begin(6, "all product orders");
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

/* Call 8: reads the prefilled order. */
static vipps_status read_order(const vipps_session *session, const vipps_string *prefilled,
                               const char *order_id, vipps_error **error)
{
    vipps_string *url = NULL;
    vipps_string *order = NULL;
    vipps_string *order_status = NULL;
    vipps_status status;

    status = vipps_json_get(text_of(prefilled), "/prefillUrl", &url, error);
    if (status != VIPPS_OK) goto cleanup;
    print_found(text_of(url));

    begin(8, "one product order");
    status = vipps_get_product_order(session, order_id, &order, error);
    if (status != VIPPS_OK) goto cleanup;
    status = vipps_json_get(text_of(order), "/status", &order_status, error);
    if (status != VIPPS_OK) goto cleanup;
    print_found(text_of(order_status));

cleanup:
    vipps_string_free(order_status);
    vipps_string_free(order);
    vipps_string_free(url);
    return status;
}

/* Calls 7 to 10: prefills, reads and deletes a product order, and lists the price packages. */
static vipps_status order_a_product(const vipps_session *session, const char *scheme,
                                    const char *id, vipps_error **error)
{
    vipps_string *key = NULL;
    vipps_string *quoted_scheme = NULL;
    vipps_string *quoted_id = NULL;
    vipps_string *prefilled = NULL;
    vipps_string *order_id = NULL;
    vipps_string *packages = NULL;
    char request[512];
    int length;
    vipps_status status;
    vipps_status deleted;

    begin(7, "prefill a product order");
    /* Keep the key to be able to retry the order. It has only letters, digits and hyphens. */
    status = vipps_idempotency_key_new(&key, error);
    if (status != VIPPS_OK) goto cleanup;
    /* Strings from elsewhere may contain quotes. */
    status = vipps_json_quote(scheme, &quoted_scheme, error);
    if (status != VIPPS_OK) goto cleanup;
    status = vipps_json_quote(id, &quoted_id, error);
    if (status != VIPPS_OK) goto cleanup;
    length = snprintf(request, sizeof request,
                      "{\"businessIdentifier\": {\"scheme\": %s, \"id\": %s},"
                      " \"productType\": \"CHECKOUT\", \"idempotencyKey\": \"%s\"}",
                      text_of(quoted_scheme), text_of(quoted_id), text_of(key));
    if (length < 0 || (size_t)length >= sizeof request) {
        status = too_long();
        goto cleanup;
    }
    status = vipps_prefill_product_order(session, request, &prefilled, error);
    if (status != VIPPS_OK) goto cleanup;
    status = vipps_json_get(text_of(prefilled), "/prefilledOrderId", &order_id, error);
    if (status != VIPPS_OK) goto cleanup;

    status = read_order(session, prefilled, text_of(order_id), error);

    /* Delete the order in any case. The first error is the one to report. */
    begin(9, "delete the product order");
    deleted =
        vipps_delete_product_order(session, text_of(order_id), status == VIPPS_OK ? error : NULL);
    if (status == VIPPS_OK) status = deleted;
    if (status != VIPPS_OK) goto cleanup;
    print_found("deleted");

    begin(10, "price packages");
    status = vipps_list_price_packages(session, &packages, error);
    if (status != VIPPS_OK) goto cleanup;
    status = print_each(packages, "name", error);

cleanup:
    vipps_string_free(packages);
    vipps_string_free(order_id);
    vipps_string_free(prefilled);
    vipps_string_free(quoted_id);
    vipps_string_free(quoted_scheme);
    vipps_string_free(key);
    return status;
}

/* Adds a receipt with two lines to an order. The library computes the tax. Safe to call again. */
static vipps_status add_the_receipt(const vipps_session *session, const char *order_id,
                                    vipps_error **error)
{
    vipps_string *socks = NULL;
    vipps_string *shipping = NULL;
    vipps_string *totals = NULL;
    vipps_string *tax = NULL;
    vipps_string *result = NULL;
    vipps_string *outcome = NULL;
    char receipt[2048];
    char found[64];
    int length;
    vipps_status status;

    begin(11, "a receipt");
    status =
        vipps_order_line_from_unit_price("Wool socks", "socks-7", 19900, "2", 2500, &socks, error);
    if (status != VIPPS_OK) goto cleanup;
    status = vipps_order_line_shipping("Home delivery", "delivery", 9900, 2500, &shipping, error);
    if (status != VIPPS_OK) goto cleanup;
    length = snprintf(receipt, sizeof receipt,
                      "{\"orderLines\": [%s, %s], \"bottomLine\": {\"currency\": \"NOK\"}}",
                      text_of(socks), text_of(shipping));
    if (length < 0 || (size_t)length >= sizeof receipt) {
        status = too_long();
        goto cleanup;
    }
    status = vipps_receipt_totals(receipt, &totals, error);
    if (status != VIPPS_OK) goto cleanup;
    status = vipps_json_get(text_of(totals), "/totalTaxAmount", &tax, error);
    if (status != VIPPS_OK) goto cleanup;
    status = vipps_ensure_receipt(session, "ECOM", order_id, receipt, &result, error);
    if (status != VIPPS_OK) goto cleanup;
    status = vipps_json_get(text_of(result), "/outcome", &outcome, error);
    if (status != VIPPS_OK) goto cleanup;
    snprintf(found, sizeof found, "tax: %s oere", text_of(tax));
    print_found(found);
    print_found(text_of(outcome));

cleanup:
    vipps_string_free(outcome);
    vipps_string_free(result);
    vipps_string_free(tax);
    vipps_string_free(totals);
    vipps_string_free(shipping);
    vipps_string_free(socks);
    return status;
}

int main(int argc, char **argv)
{
    static const char config[] =
        "{\"system\": {\"name\": \"vipps-quickstart\", \"version\": \"" VIPPS_VERSION "\"}}";
    vipps_observer observer = {NULL, print_attempt, NULL, NULL};
    vipps_session *session = NULL;
    vipps_session *of_unit = NULL;
    vipps_string *msn = NULL;
    vipps_string *scheme = NULL;
    vipps_string *id = NULL;
    vipps_error *error = NULL;
    vipps_status status;

    observer.user = stdout;
    status = vipps_session_from_env(config, &observer, &session, &error);
    if (status != VIPPS_OK) goto cleanup;

    status = make_read_calls(session, &msn, &scheme, &id, &error);
    if (status != VIPPS_OK) goto cleanup;
    if (msn == NULL) {
        printf("\nThe keys have no access to any sales unit.\n");
        goto cleanup;
    }
    status = order_a_product(session, text_of(scheme), text_of(id), &error);
    if (status != VIPPS_OK) goto cleanup;
    if (argc > 1) {
        status = vipps_session_for_sales_unit(session, text_of(msn), &of_unit, &error);
        if (status != VIPPS_OK) goto cleanup;
        status = add_the_receipt(of_unit, argv[1], &error);
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
    return status == VIPPS_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
