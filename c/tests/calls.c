/*
 * Calls every function, and prints the source of each call and its result, which the test compares.
 * Endpoints are called with valid and with invalid input.
 *
 *     calls BASE-URL PICTURE
 *
 * Without arguments, only creates a session from the environment.
 */
#include "vipps.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static vipps_session *session;
static vipps_string *json;
static vipps_error *error;

#define SHOW(call) show(#call, (call))

static const char *text_of(const vipps_string *string)
{
    const char *text = NULL;

    return vipps_string_text(string, &text) == VIPPS_OK ? text : "";
}

/* Exits unless the condition holds. */
static void require(bool condition, const char *expectation)
{
    if (!condition) {
        printf("FAILED: %s\n", expectation);
        exit(1);
    }
}

static void show_error(void)
{
    vipps_status status = VIPPS_OK;
    vipps_delivery delivery = VIPPS_ANSWERED;
    const char *text = NULL;
    int http_status = 0;
    bool is_retryable = false;
    int64_t retry_after_ms = 0;

    require(vipps_error_status(error, &status) == VIPPS_OK, "an error has a status");
    require(vipps_error_kind_name(error, &text) == VIPPS_OK, "an error has a kind");
    printf("    %d %s", status, text);
    require(vipps_error_http_status(error, &http_status) == VIPPS_OK,
            "an error may have an HTTP status");
    require(vipps_error_delivery(error, &delivery) == VIPPS_OK, "an error has a delivery");
    require(vipps_error_is_retryable(error, &is_retryable) == VIPPS_OK,
            "an error is or is not retryable");
    require(vipps_error_retry_after_ms(error, &retry_after_ms) == VIPPS_OK,
            "an error may have a Retry-After");
    printf(", HTTP %d, delivery %d, retryable %d, after %" PRId64 " ms", http_status, delivery,
           is_retryable, retry_after_ms);
    require(vipps_error_method(error, &text) == VIPPS_OK, "an error may have a method");
    printf(", %s", text == NULL ? "no request" : text);
    require(vipps_error_path(error, &text) == VIPPS_OK, "an error may have a path");
    printf(" %s", text == NULL ? "" : text);
    require(vipps_error_code(error, &text) == VIPPS_OK, "an error may have a code");
    printf(", code %s", text == NULL ? "none" : text);
    require(vipps_error_trace_id(error, &text) == VIPPS_OK, "an error may have a trace id");
    printf(", trace %s\n", text == NULL ? "none" : text);
    require(vipps_error_message(error, &text) == VIPPS_OK, "an error has a message");
    printf("    %s\n", text);
    require(vipps_error_field_problems(error, &text) == VIPPS_OK, "an error has field problems");
    printf("    %s\n", text);
    require(vipps_error_json(error, &text) == VIPPS_OK && text[0] == '{',
            "an error is a JSON object");
}

static void show(const char *call, vipps_status status)
{
    size_t length = 0;

    printf("%s\n", call);
    if (status == VIPPS_OK) {
        require(error == NULL, "there is no error on success");
        if (json != NULL) {
            require(vipps_string_length(json, &length) == VIPPS_OK, "a string has a length");
            require(length == strlen(text_of(json)), "a string has the length of its text");
            printf("    %s\n", text_of(json));
        } else {
            printf("    done\n");
        }
    } else {
        vipps_status of_error = VIPPS_OK;

        require(json == NULL, "there is no output on failure");
        require(error != NULL, "there is an error on failure");
        require(vipps_error_status(error, &of_error) == VIPPS_OK && of_error == status,
                "an error has the call's status");
        show_error();
    }
    vipps_string_free(json);
    vipps_error_free(error);
    /* Invalid pointers, which the next call must not read. */
    json = (vipps_string *)(uintptr_t)1;
    error = (vipps_error *)(uintptr_t)1;
}

/* For calls that return no JSON. */
static void show_done(const char *call, vipps_status status)
{
    json = NULL;
    show(call, status);
}

#define SHOW_DONE(call) show_done(#call, (call))

static unsigned char *read_file(const char *path, size_t *length)
{
    static unsigned char bytes[4096];
    FILE *file = fopen(path, "rb");

    require(file != NULL, "the picture exists");
    *length = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    return bytes;
}

#define PREFILL(more)                                                                              \
    "{\"businessIdentifier\": {\"scheme\": \"business:NO:ORG\", \"id\": \"987654321\"},"           \
    " \"productType\": \"CHECKOUT\"" more "}"

static void management(void)
{
    SHOW(vipps_list_sales_units(session, &json, &error));
    SHOW(vipps_list_sales_units(NULL, &json, &error));
    SHOW(vipps_get_sales_unit(session, "123456", &json, &error));
    SHOW(vipps_get_sales_unit(session, "12 456", &json, &error));
    SHOW(vipps_get_sales_unit(session, "999999", &json, &error));
    SHOW(vipps_list_merchant_sales_units(session, "business:NO:ORG", "987654321", &json, &error));
    SHOW(vipps_list_merchant_sales_units(session, "NO", "987654321", &json, &error));
    SHOW(vipps_get_merchant(session, "business:NO:ORG", "987654321", &json, &error));
    SHOW(vipps_get_merchant(session, "business:NO:ORG", "../..", &json, &error));
    SHOW(vipps_list_product_orders(session, "{\"includeExpired\": true}", &json, &error));
    SHOW(vipps_list_product_orders(session, "{\"includeExpred\": true}", &json, &error));
    SHOW(vipps_prefill_product_order(
        session,
        "{\"businessIdentifier\": {\"scheme\": \"business:NO:ORG\", \"id\": \"987654321\"},"
        " \"productType\": \"CHECKOUT\", \"idempotencyKey\": \"order-1\"}",
        &json, &error));
    SHOW(vipps_prefill_product_order(
        session,
        "{\"businessIdentifier\": {\"scheme\": \"business:NO:ORG\", \"id\": \"987654321\"},"
        " \"productType\": \"CHECKOUT\", \"salesUnitNmae\": \"ACME\"}",
        &json, &error));
    SHOW(vipps_prefill_product_order(
        session,
        "{\"businessIdentifier\": {\"scheme\": \"business:NO:ORG\", \"id\": \"987654321\"},"
        " \"productType\": \"CHECKOUT\", \"merchantCategoryCode\": \"12\"}",
        &json, &error));
    /* Arrays of the values of the fields in place of objects. */
    SHOW(vipps_list_product_orders(session, "[true]", &json, &error));
    SHOW(
        vipps_prefill_product_order(session,
                                    "{\"businessIdentifier\": [\"business:NO:ORG\", \"987654321\"],"
                                    " \"productType\": \"CHECKOUT\"}",
                                    &json, &error));
    SHOW(vipps_prefill_product_order(
        session, PREFILL(", \"settlementBankAccount\": [\"BBAN:NO\", \"86011117947\"]"), &json,
        &error));
    SHOW(vipps_prefill_product_order(
        session, PREFILL(", \"website\": {\"url\": \"https://example.com\", \"trmsUrl\": \"\"}"),
        &json, &error));
    SHOW(vipps_prefill_product_order(session, PREFILL(", \"idempotencyKey\": \"a.b\""), &json,
                                     &error));
    SHOW(vipps_prefill_product_order(session, PREFILL(", \"productType\": \"LOGIN\""), &json,
                                     &error));
    SHOW(vipps_prefill_product_order(session, PREFILL(", \"hasRecurring\": \"yes\""), &json,
                                     &error));
    SHOW(vipps_prefill_product_order(
        session, PREFILL(", \"settlementBankAccount\": {\"scheme\": \"BBAN:NO\", \"iban\": \"1\"}"),
        &json, &error));
    SHOW(vipps_prefill_product_order(session, PREFILL(", \"salesUnitLogo\": \"aGVsbG8=\""), &json,
                                     &error));
    SHOW(vipps_prefill_product_order(session, PREFILL(", \"annualTurnover\": 18446744073709551615"),
                                     &json, &error));
    SHOW(vipps_prefill_product_order(
        session, PREFILL(", \"annualTurnover\": -1, \"pricePackageId\": \"1\""), &json, &error));
    SHOW(vipps_get_product_order(session, "00000000-0000-4000-8000-000000000001", &json, &error));
    SHOW(vipps_get_product_order(session, "1", &json, &error));
    SHOW_DONE(vipps_delete_product_order(session, "00000000-0000-4000-8000-000000000001", &error));
    SHOW_DONE(vipps_delete_product_order(session, "", &error));
    SHOW(vipps_list_price_packages(session, &json, &error));
    SHOW(vipps_list_price_packages(NULL, &json, &error));
}

#define AMOUNTS                                                                                    \
    "{\"name\": \"Socks \\u00e6\", \"id\": \"1\", \"totalAmount\": 1000,"                          \
    " \"totalAmountExcludingTax\": 800, \"totalTaxAmount\": 200, \"taxRate\": 2500"
#define LINE AMOUNTS "}"
#define LINE_WITH(more) AMOUNTS ", " more "}"
#define UNITS(quantity) "\"unitInfo\": {\"unitPrice\": 1, \"quantity\": \"" quantity "\"}"
#define RECEIPT_OF(lines, bottom_line)                                                             \
    "{\"orderLines\": [" lines "], \"bottomLine\": " bottom_line "}"
#define RECEIPT RECEIPT_OF(LINE, "{\"currency\": \"NOK\"}")
#define OTHER_RECEIPT RECEIPT_OF(LINE ", " LINE, "{\"currency\": \"NOK\"}")
#define MISSPELLED_RECEIPT RECEIPT_OF(LINE, "{\"currency\": \"NOK\", \"tipAmuont\": 100}")
#define CATEGORY                                                                                   \
    "{\"category\": \"DELIVERY\", \"orderDetailsUrl\": \"https://example.com/track/1\"}"
#define V3_CATEGORY                                                                                \
    "{\"orderId\": \"order-1\", \"paymentType\": \"ECOM\", \"type\": \"TICKET\","                  \
    " \"url\": \"https://example.com/2\"}"

static void order_management(const unsigned char *picture, size_t length)
{
    SHOW(vipps_add_image(session, "socks", picture, length, &json, &error));
    SHOW(vipps_add_image(session, "socks", picture, length, &json, &error));
    SHOW(vipps_add_image(session, "socks", picture, 20, &json, &error));
    SHOW(vipps_add_image(session, "no socks", picture, length, &json, &error));
    SHOW(vipps_ensure_image(session, "socks", picture, length, &json, &error));
    SHOW(vipps_ensure_image(session, "socks", picture, 0, &json, &error));
    SHOW(vipps_put_category(session, "ECOM", "order-1", CATEGORY, &json, &error));
    SHOW(vipps_put_category(session, "ePayment", "order-1", CATEGORY, &json, &error));
    SHOW(vipps_put_category(session, "ECOM", "order-1",
                            "{\"category\": \"DELIVERY\", \"orderDetailsUrl\": \"a\"}", &json,
                            &error));
    SHOW(vipps_put_category(
        session, "ECOM", "order-1",
        "{\"category\": \"DELIVERY\", \"orderDetailsUrl\": \"https://example.com\","
        " \"imageId\": \"\xc3\xa5\"}",
        &json, &error));
    SHOW(vipps_add_receipt(session, "ECOM", "order-1", RECEIPT, &json, &error));
    SHOW(vipps_add_receipt(session, "ECOM", "order-1", RECEIPT, &json, &error));
    SHOW(vipps_add_receipt(session, "ECOM", "order-1", MISSPELLED_RECEIPT, &json, &error));
    SHOW(vipps_ensure_receipt(session, "ECOM", "order-1", RECEIPT, &json, &error));
    SHOW(vipps_ensure_receipt(session, "ECOM", "order-1", OTHER_RECEIPT, &json, &error));
    SHOW(vipps_ensure_receipt(session, "ECOM", "order/2", RECEIPT, &json, &error));
    SHOW(vipps_get_order(session, "ECOM", "order-1", &json, &error));
    SHOW(vipps_get_order(session, "ECOM", "..", &json, &error));
    SHOW(vipps_add_category(session, V3_CATEGORY, &json, &error));
    SHOW(vipps_add_category(session, "{\"orderId\": \"order-1\"}", &json, &error));
    SHOW(vipps_list_categories(session, "order-1", &json, &error));
    SHOW(vipps_list_categories(session, "order 1", &json, &error));
    SHOW(vipps_add_category(
        session, "[\"order-1\", \"ECOM\", \"TICKET\", \"https://example.com/2\"]", &json, &error));
    SHOW(vipps_put_category(session, "ECOM", "order-1",
                            "[\"DELIVERY\", \"https://example.com/track/1\"]", &json, &error));
    SHOW(vipps_get_category(session, "00000000-0000-4000-9000-000000000003", &json, &error));
    SHOW(vipps_get_category(session, "3", &json, &error));
    SHOW_DONE(vipps_delete_category(session, "00000000-0000-4000-9000-000000000003", &error));
    SHOW_DONE(vipps_delete_category(session, "3", &error));
    SHOW(vipps_ensure_receipt(session, "ECOM", "order-2", RECEIPT, &json, &error));
}

static void version_1(void)
{
    SHOW_DONE(vipps_v1_put_order(session, "old-1", CATEGORY, &error));
    SHOW_DONE(vipps_v1_put_order(session, "old 1", CATEGORY, &error));
    SHOW(vipps_v1_get_order(session, "old-1", &json, &error));
    SHOW(vipps_v1_get_order(session, "old 1", &json, &error));
    SHOW_DONE(vipps_v1_add_receipt(session, "old-1", RECEIPT, &error));
    SHOW_DONE(vipps_v1_add_receipt(session, "old-1", "[]", &error));
    SHOW(vipps_v1_get_receipt(session, "old-1", &json, &error));
    SHOW(vipps_v1_get_receipt(session, "old 1", &json, &error));
}

static vipps_reply *reply;

/* For vipps_request(): also prints the status, content type and body of the reply. */
static void show_reply(const char *call, vipps_status status)
{
    vipps_string *type = NULL;
    const uint8_t *bytes = NULL;
    size_t length = 0;
    int http_status = 0;

    show_done(call, status);
    if (status != VIPPS_OK) {
        require(reply == NULL, "there is no output on failure");
        return;
    }
    require(vipps_reply_status(reply, &http_status) == VIPPS_OK, "a reply has a status");
    require(vipps_reply_header(reply, "Content-TYPE", &type, NULL) == VIPPS_OK,
            "a reply may have a header");
    require(vipps_reply_body(reply, &bytes, &length, NULL) == VIPPS_OK, "a reply has a body");
    printf("    %d %s: %.*s\n", http_status, type == NULL ? "none" : text_of(type), (int)length,
           (const char *)bytes);
    vipps_string_free(type);
    vipps_reply_free(reply);
    reply = (vipps_reply *)(uintptr_t)1;
}

#define SHOW_REPLY(call) show_reply(#call, (call))
#define BODY(text) (const uint8_t *)text, sizeof text - 1

static void requests(void)
{
    SHOW_REPLY(vipps_request(session, "GET", "/management/v1/sales-units/654321", NULL, NULL, 0,
                             &reply, &error));
    SHOW_REPLY(vipps_request(session, "GET", "/management/v1/sales-units",
                             "{\"segments\": [[\"msn\", \"654 321\"]]}", NULL, 0, &reply, &error));
    SHOW_REPLY(vipps_request(
        session, "GET", "/order-management/v3/categories",
        "{\"query\": [[\"orderId\", \"order-1\"]],"
        " \"headers\": [[\"X-Request-Source\", \"till-7\"]]}",
        NULL, 0, &reply, &error));
    SHOW_REPLY(vipps_request(session, "POST", "/order-management/v3/categories", NULL,
                             BODY(V3_CATEGORY), &reply, &error));
    SHOW_REPLY(vipps_request(session, "POST", "/management/v1/product-orders",
                             "{\"idempotency_key\": \"again\"}", BODY(PREFILL("")), &reply,
                             &error));
    SHOW_REPLY(vipps_request(session, "POST", "/management/v1/product-orders",
                             "{\"idempotency_key\": \"again\"}", BODY(PREFILL("")), &reply,
                             &error));
    SHOW_REPLY(vipps_request(session, "POST", "/order-management/v3/categories",
                             "{\"content_type\": \"text/csv\"}", BODY(V3_CATEGORY), &reply,
                             &error));
    SHOW_REPLY(vipps_request(session, "DELETE",
                             "/order-management/v3/categories/00000000-0000-4000-9000-000000000007",
                             "{}", NULL, 0, &reply, &error));
    SHOW_REPLY(vipps_request(session, "FETCH", "/management/v1/sales-units", NULL, NULL, 0, &reply,
                             &error));
    SHOW_REPLY(
        vipps_request(session, "GET", "/x", "{\"query\": [[\"a\"]]}", NULL, 0, &reply, &error));
    SHOW_REPLY(
        vipps_request(session, "GET", "/x", "{\"query\": [[\"a\", 1]]}", NULL, 0, &reply, &error));
    SHOW_REPLY(vipps_request(session, "GET", "/x", "{\"query\": [{\"a\": 1}]}", NULL, 0, &reply,
                             &error));
    SHOW_REPLY(vipps_request(session, "GET", "/x", "{\"header\": []}", NULL, 0, &reply, &error));
    SHOW_REPLY(vipps_request(session, "GET", "/x", "{\"headers\": [[\"X A\", \"b\"]]}", NULL, 0,
                             &reply, &error));
    SHOW_REPLY(vipps_request(session, "GET", "/x", "{\"headers\": [[\"Authorization\", \"mine\"]]}",
                             NULL, 0, &reply, &error));
    SHOW_REPLY(vipps_request(session, "GET", "/x", "{\"idempotency_key\": \"a.b\"}", NULL, 0,
                             &reply, &error));
    SHOW_REPLY(
        vipps_request(session, "POST", "/x", NULL, (const uint8_t *)"x", SIZE_MAX, &reply, &error));
}

static void receipts(void)
{
    int64_t amounts[] = {19900, 4550, 3900};
    int64_t amount = 7;

    SHOW(vipps_order_line_from_gross("Wool socks", "1", 19900, 2500, &json, &error));
    SHOW(vipps_order_line_from_gross("Wool socks", "1", -1, 2500, &json, &error));
    SHOW(vipps_order_line_from_net("Bread", "2", 3957, 1500, &json, &error));
    SHOW(vipps_order_line_from_net("Bread", "2", 3957, 10001, &json, &error));
    SHOW(vipps_order_line_from_unit_price("Salmon", "7", 39900, "0.822", 1500, &json, &error));
    SHOW(vipps_order_line_from_unit_price("Salmon", "7", 39900, "0,822", 1500, &json, &error));
    SHOW(vipps_order_line_shipping("Home delivery", "delivery", 9900, 2500, &json, &error));
    SHOW(vipps_order_line_shipping("Home delivery", "delivery", INT64_MIN, 2500, &json, &error));
    SHOW(vipps_order_line_apply_discount(LINE, 100, &json, &error));
    SHOW(vipps_order_line_apply_discount(LINE, 1001, &json, &error));
    SHOW(vipps_receipt_apply_discount(RECEIPT, 100, &json, &error));
    SHOW(vipps_receipt_apply_discount(RECEIPT, 1001, &json, &error));
    SHOW(vipps_receipt_warnings(RECEIPT, &json, &error));
    SHOW(vipps_receipt_warnings(OTHER_RECEIPT, &json, &error));
    SHOW(vipps_receipt_warnings("{", &json, &error));
    SHOW_DONE(vipps_minor_units("199.90", &amount, &error));
    printf("    %" PRId64 "\n", amount);
    SHOW_DONE(vipps_minor_units("199,90", &amount, &error));
    printf("    %" PRId64 "\n", amount);
    SHOW(vipps_format_minor_units(-5, &json, &error));
    SHOW_DONE(vipps_allocate(1000, amounts, 3, amounts, &error));
    printf("    %" PRId64 " %" PRId64 " %" PRId64 "\n", amounts[0], amounts[1], amounts[2]);
    SHOW_DONE(vipps_allocate(1000, amounts, 0, amounts, &error));
    SHOW_DONE(vipps_allocate(1000, amounts, SIZE_MAX, amounts, &error));
    SHOW_DONE(vipps_receipt_validate(RECEIPT, &error));
    SHOW_DONE(vipps_receipt_validate("{\"orderLines\": [], \"bottomLine\": {}}", &error));
    /* Arrays in place of objects, at any depth. */
    SHOW_DONE(vipps_receipt_validate("[[" LINE "], {\"currency\": \"NOK\"}]", &error));
    SHOW_DONE(vipps_receipt_validate(RECEIPT_OF(LINE, "[\"NOK\", 100, 200, \"pos\", 5]"), &error));
    SHOW_DONE(vipps_receipt_validate(
        RECEIPT_OF(LINE, "{\"currency\": \"NOK\", \"paymentSources\": [1, 2]}"), &error));
    SHOW_DONE(vipps_receipt_validate(RECEIPT_OF(LINE, "{\"currency\": \"NOK\", \"barcode\": []}"),
                                     &error));
    SHOW_DONE(vipps_receipt_validate(
        RECEIPT_OF(LINE ", " LINE_WITH("\"unitInfo\": [1, \"2\"]"), "{\"currency\": \"NOK\"}"),
        &error));
    SHOW(vipps_order_line_apply_discount(LINE_WITH("\"unitInfo\": [1, \"2\"]"), 1, &json, &error));
    /* Errors name the path of the field. */
    SHOW_DONE(vipps_receipt_validate(
        RECEIPT_OF(LINE ", {\"name\": \"Socks\", \"id\": \"2\", \"totalAmount\": \"1000\"}", "{}"),
        &error));
    SHOW_DONE(vipps_receipt_validate(RECEIPT_OF(LINE_WITH("\"discount\": 1.5"), "{}"), &error));
    SHOW_DONE(vipps_receipt_validate(RECEIPT_OF(LINE_WITH("\"discount\": 1e300"), "{}"), &error));
    SHOW_DONE(vipps_receipt_validate(
        RECEIPT_OF(LINE_WITH("\"unitInfo\": {\"unitPrice\": -1, \"quantity\": \"a few\"}"),
                   "{\"currency\": \"NOK\"}"),
        &error));
    SHOW(vipps_receipt_totals(RECEIPT_OF(LINE, "{}"), &json, &error));
    SHOW_DONE(vipps_receipt_validate(
        RECEIPT_OF(LINE_WITH("\"unitInfo\": {\"unitPrice\": 1}"), "{}"), &error));
    SHOW_DONE(vipps_receipt_validate(
        RECEIPT_OF(LINE_WITH("\"unitInfo\": {\"quantity\": null}"), "{}"), &error));
    SHOW_DONE(vipps_receipt_validate(
        RECEIPT_OF(LINE_WITH("\"discount\": 1, \"discount\": 2"), "{}"), &error));
    SHOW_DONE(vipps_receipt_validate(
        RECEIPT_OF(LINE_WITH("\"unitInfo\": {\"unitprice\": 1}"), "{}"), &error));
    SHOW_DONE(vipps_receipt_validate("{\"orderLines\": {}, \"bottomLine\": {}}", &error));
    SHOW_DONE(vipps_receipt_validate("{\"orderLines\": [" LINE "}", &error));
    SHOW_DONE(vipps_receipt_validate(RECEIPT " {}", &error));
    /* Quoted values that look like another problem. */
    SHOW_DONE(vipps_receipt_validate(
        RECEIPT_OF(LINE_WITH(UNITS("x; bottomLine.currency: must be NOK")), "{}"), &error));
    SHOW_DONE(vipps_receipt_validate(
        RECEIPT_OF(LINE_WITH(UNITS("\\\"; bottomLine.currency: must be NOK")), "{}"), &error));
    SHOW_DONE(vipps_receipt_validate(
        RECEIPT_OF(LINE_WITH(UNITS("\\\\\\\"; bottomLine.currency: must be NOK")), "{}"), &error));
    SHOW_DONE(vipps_receipt_validate(RECEIPT_OF(LINE_WITH(UNITS("x \\\\")), "{}"), &error));
    SHOW_DONE(vipps_receipt_validate(
        "{\"orderLines\": [{\"name\": \"Socks\", \"id\": \"1\", " UNITS("a; b") ","
        " \"totalAmount\": 1, \"totalAmountExcludingTax\": 0, \"totalTaxAmount\": 0,"
        " \"taxRate\": 0}], \"bottomLine\": {}}",
        &error));
    SHOW(vipps_receipt_totals(RECEIPT, &json, &error));
    SHOW(vipps_receipt_totals(MISSPELLED_RECEIPT, &json, &error));
}

static void json_without_a_library(void)
{
    size_t count = 7;

    SHOW(vipps_json_get("{\"a\": [{\"b\": \"\\u00e6\\u0000\\n\"}]}", "/a/0/b", &json, &error));
    SHOW(vipps_json_get("{\"a\": [{\"b\": 1}]}", "/a/0", &json, &error));
    SHOW(vipps_json_get("{\"a\": [{\"b\": 1}]}", "/a/1", &json, &error));
    SHOW(vipps_json_get(
        "{\"b\": 12345678901234567890123,"
        " \"a\": [1.10, -9223372036854775808, 18446744073709551615]}",
        "", &json, &error));
    SHOW(vipps_json_get("{\"a\"", "", &json, &error));
    SHOW_DONE(vipps_json_count("[1, 2, 3]", "", &count, &error));
    printf("    %lu\n", (unsigned long)count);
    SHOW_DONE(vipps_json_count("[1, 2, 3]", "/0", &count, &error));
    printf("    %lu\n", (unsigned long)count);
    SHOW(vipps_json_quote("a \"quoted\" \n\xc3\xa6", &json, &error));
    SHOW(vipps_json_quote("a \xc3", &json, &error));
}

static void sessions(void)
{
    vipps_session *clone = NULL;
    vipps_session *other = NULL;
    vipps_string *key = NULL;
    uint64_t expires_in_ms = 0;
    size_t length = 0;

    SHOW_DONE(vipps_session_clone(session, &clone, &error));
    SHOW_DONE(vipps_session_for_sales_unit(clone, "654321", &other, &error));
    vipps_session_free(clone);
    SHOW(vipps_list_categories(other, "order-1", &json, &error));
    vipps_session_free(other);
    SHOW_DONE(vipps_session_for_sales_unit(session, "1", &other, &error));
    require(other == NULL, "an output is NULL on failure");
    SHOW_DONE(vipps_session_access_token(session, &key, &expires_in_ms, &error));
    printf("    valid for %" PRIu64 " minutes\n", (expires_in_ms + 30000) / 60000);
    vipps_string_free(key);
    SHOW_DONE(vipps_idempotency_key_new(&key, &error));
    require(vipps_string_length(key, &length) == VIPPS_OK && length == 36,
            "a key has 36 characters");
    vipps_string_free(key);
    vipps_session_free(NULL);
    vipps_reply_free(NULL);
    vipps_string_free(NULL);
    vipps_error_free(NULL);
}

#define SYSTEM "{\"system\": {\"name\": \"acme\", \"version\": \"3.1.2\"}}"

/* What an observer counts. */
struct seen {
    unsigned attempts;
    unsigned releases;
};

static void observe(void *user, const vipps_attempt *attempt)
{
    ((struct seen *)user)->attempts += 1;
    printf("    attempt %" PRIu32 " of %s %s for %s: %d, HTTP %d, retry %s\n", attempt->number,
           attempt->method, attempt->route,
           attempt->merchant_serial_number == NULL ? "none" : attempt->merchant_serial_number,
           attempt->status, attempt->http_status, attempt->retry_in_ms < 0 ? "no" : "yes");
}

static void keep_token(void *user, const char *token, int64_t expires_at)
{
    (void)user;
    printf("    new token: %s, expires: %s\n", strlen(token) > 8 ? "present" : "missing",
           expires_at > 1700000000 ? "later" : "never");
}

static void release(void *user)
{
    ((struct seen *)user)->releases += 1;
}

/* A session with every setting. */
static void every_setting(const char *base_url)
{
    static const char form[] =
        "{\"keys\": \"standard\", \"client_id\": \"sandbox-client-id\","
        " \"client_secret\": \"sandbox-client-secret\", \"subscription_key\": \"sandbox-key-1\","
        " \"system\": {\"name\": \"acme\", \"version\": \"3.1.2\","
        " \"plugin_name\": \"acme-webshop\", \"plugin_version\": \"4.5.6\"},"
        " \"merchant_serial_number\": \"654321\", \"environment\": \"test\", \"base_url\": \"%s\","
        " \"allow_plain_http\": true, \"timeout_ms\": 20000, \"connect_timeout_ms\": 5000,"
        " \"stall_timeout_ms\": 4000,"
        " \"retry\": {\"max_attempts\": 2, \"initial_backoff_ms\": 1, \"max_backoff_ms\": 2},"
        /* proxy_from_env overrides proxy, and NO_PROXY excludes this host. */
        " \"proxy\": \"%s\", \"proxy_from_env\": true, \"tls_backend\": \"rustls\","
        " \"root_certificates\":"
        " \"-----BEGIN CERTIFICATE-----\\nMAA=\\n-----END CERTIFICATE-----\\n\","
        " \"max_response_bytes\": 1000000, \"user_agent_suffix\": \"acme-billing/2.1\","
        " \"access_token\": {\"secret\": \"saved\", \"expires_at\": 4102444800}}";
    char config[2048];
    struct seen seen = {0, 0};
    vipps_observer observer = {NULL, observe, keep_token, release};
    vipps_session *new_session = NULL;
    vipps_session *short_session = NULL;

    observer.user = &seen;
    snprintf(config, sizeof config, form, base_url, base_url);
    SHOW_DONE(vipps_session_new(config, &observer, &new_session, &error));
    /* Both attempts fail. */
    SHOW(vipps_list_product_orders(new_session, "{\"includeExpired\": false}", &json, &error));
    /* The saved token is rejected, and a new one is fetched. */
    SHOW(vipps_list_product_orders(new_session, "{\"includeExpired\": false}", &json, &error));
    SHOW_DONE(vipps_session_forget_token(new_session, &error));
    SHOW_DONE(vipps_session_with_timeout(new_session, 5000, &short_session, &error));
    SHOW(vipps_list_product_orders(short_session, "{\"includeExpired\": false}", &json, &error));
    vipps_session_free(short_session);
    SHOW_DONE(vipps_session_with_timeout(new_session, 0, &short_session, &error));
    SHOW(vipps_list_product_orders(short_session, "{\"includeExpired\": false}", &json, &error));
    vipps_session_free(short_session);
    printf("    %u releases\n", seen.releases);
    vipps_session_free(new_session);
    printf("    %u releases after %u attempts\n", seen.releases, seen.attempts);
}

/* Management keys, the environment, and invalid settings. */
static void other_sessions(const char *base_url)
{
    char config[512];
    struct seen seen = {0, 0};
    vipps_observer observer = {NULL, observe, keep_token, release};
    vipps_session *new_session = NULL;

    observer.user = &seen;
    snprintf(
        config, sizeof config,
        "{\"keys\": \"management\", \"client_id\": \"sandbox-management-id\","
        " \"client_secret\": \"sandbox-mgmt-secret\","
        " \"system\": {\"name\": \"acme\", \"version\": \"3.1.2\"}, \"base_url\": \"%s\"}",
        base_url);
    SHOW_DONE(vipps_session_new(config, NULL, &new_session, &error));
    SHOW(vipps_get_sales_unit(new_session, "123456", &json, &error));
    SHOW(vipps_get_order(new_session, "ECOM", "order-1", &json, &error));
    vipps_session_free(new_session);

    SHOW_DONE(vipps_session_new("{\"retry\": {\"attempts\": 1}}", &observer, &new_session, &error));
    require(new_session == NULL && seen.releases == 1, "an observer is released on failure");
    SHOW_DONE(vipps_session_from_env(
        "{\"system\": {\"name\": \"acme\", \"version\": \"1\"}, \"connect_timeout_ms\": 0}", NULL,
        &new_session, &error));
    SHOW_DONE(vipps_session_from_env(
        "{\"system\": {\"name\": \"acme\", \"version\": \"1\"}, \"client_id\": \"other\"}", NULL,
        &new_session, &error));
    SHOW_DONE(vipps_session_from_env("{}", NULL, &new_session, &error));
    require(new_session == NULL, "an output is NULL on failure");
    SHOW_DONE(vipps_session_from_env(SYSTEM, NULL, &new_session, &error));
    SHOW(vipps_get_sales_unit(new_session, "123456", &json, &error));
    vipps_session_free(new_session);
}

/* NULL for the error. */
static void without_error(void)
{
    printf("without an error: %d\n", vipps_get_sales_unit(session, "12 456", &json, NULL));
    require(json == NULL, "an output is NULL on failure");
    printf("without an error: %d\n", vipps_get_sales_unit(session, "123456", &json, NULL));
    vipps_string_free(json);
    json = NULL;
}

int main(int argc, char **argv)
{
    char config[1024];
    const unsigned char *picture;
    size_t length = 0;

    if (argc == 1) {
        SHOW_DONE(vipps_session_from_env(SYSTEM, NULL, &session, &error));
        return 0;
    }
    require(argc == 3, "there are two arguments");
    printf("version %s, header %s\n", vipps_version(), VIPPS_VERSION);
    snprintf(
        config, sizeof config,
        "{\"client_id\": \"sandbox-client-id\", \"client_secret\": \"sandbox-client-secret\","
        " \"subscription_key\": \"sandbox-key-1\","
        " \"system\": {\"name\": \"acme\", \"version\": \"3.1.2\"},"
        " \"merchant_serial_number\": \"123456\", \"base_url\": \"%s\"}",
        argv[1]);
    if (vipps_session_new(config, NULL, &session, &error) != VIPPS_OK) {
        show_error();
        return 1;
    }
    picture = read_file(argv[2], &length);
    management();
    order_management(picture, length);
    version_1();
    requests();
    receipts();
    json_without_a_library();
    sessions();
    every_setting(argv[1]);
    other_sessions(argv[1]);
    without_error();
    vipps_session_free(session);
    return 0;
}
