/*
 * vipps.h - blocking client for the Vipps MobilePay Management and Order Management APIs.
 *
 * All functions:
 *
 * - Return a vipps_status, VIPPS_OK on success, except vipps_version() and the *_free functions,
 *   which cannot fail.
 * - Outputs are the last parameters and are named out_*. Every output that is not NULL is always
 *   written: on failure it is NULL, 0 or false unless documented otherwise. The previous value is
 *   not freed.
 * - `error` is the very last output: NULL on success, a new error otherwise. Pass NULL if you only
 *   need the status.
 * - NULL for any other argument is VIPPS_NULL_ARGUMENT, unless documented as optional.
 * - The caller owns every vipps_* object returned in an output, and frees it once, with the *_free
 *   function of its type. A returned const char * belongs to the object it was read from.
 * - Strings are UTF-8 and NUL-terminated. Arguments are copied.
 * - JSON uses the field names of the API. Unknown, duplicated and invalid fields of a request are
 *   errors: nothing is sent, and the error names each field by its path, such as
 *   orderLines[1].totalAmount. Errors about an argument name the argument.
 *
 * What a process may do:
 *
 * - Threads: any number of threads may use one session at once. Other objects are immutable and
 *   may be read by any number of threads. Free an object once, when no thread uses it any more.
 * - fork: fork between calls, when no other thread is in a call. The child may use its sessions and
 *   opens its own connections. A child forked during a call may only call exec or _exit.
 * - Signals: a call interrupted by a handler continues until its own timeout, with or without
 *   SA_RESTART. Do not call any function from a handler. Writing to a closed connection does not
 *   raise SIGPIPE.
 * - dlopen: allowed. dlclose: allowed on Linux when no call is in progress; the code stays in
 *   memory, because a thread that looks up a host name may outlive its call. Not allowed elsewhere.
 * - Stack: 64 KiB are enough for any call of the optimised library.
 * - Locale: setlocale() has no effect on the library. Numbers always have a decimal point.
 * - Panics: a bug in the library is reported as VIPPS_PANIC, and objects may still be freed. Rust
 *   prints a line about the panic to stderr.
 * - Callbacks must not throw or leave by longjmp(): both are undefined behaviour.
 *
 * This file is generated: edit the documentation in c/src.
 */
#ifndef VIPPS_H
#define VIPPS_H

/* Define this to parse the preprocessed header with a parser that has these types built in. */
#ifndef VIPPS_NO_INCLUDES
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#endif

/* The version of this header; vipps_version() returns the library's. 1.2.3 has the number 10203. */
#define VIPPS_VERSION "0.1.0"
#define VIPPS_VERSION_MAJOR 0
#define VIPPS_VERSION_MINOR 1
#define VIPPS_VERSION_PATCH 0
#define VIPPS_VERSION_NUMBER 100

/**
 * The outcome of a call. Numbers never change and are never reused.
 */
enum vipps_status
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * The call succeeded.
     */
    VIPPS_OK = 0,
    /**
     * A setting of the session is invalid, or the session has no merchant serial number for a call
     * that needs one. Nothing was sent.
     */
    VIPPS_CONFIG = 1,
    /**
     * An argument is invalid. Nothing was sent.
     */
    VIPPS_INVALID_INPUT = 2,
    /**
     * The token endpoint answered with an error, whatever its HTTP status. If
     * vipps_error_is_retryable() is true, the failure is temporary; otherwise the keys are wrong.
     */
    VIPPS_AUTH = 3,
    /**
     * 401: the API rejected the subscription key, or the token even after a new one was fetched.
     */
    VIPPS_UNAUTHORIZED = 4,
    /**
     * 403: the keys are valid, but do not allow this call.
     */
    VIPPS_FORBIDDEN = 5,
    /**
     * 404: the resource does not exist, is not active, or is not accessible with these keys.
     */
    VIPPS_NOT_FOUND = 6,
    /**
     * 409: the request conflicts with existing data, or reuses an idempotency key with another
     * body.
     */
    VIPPS_CONFLICT = 7,
    /**
     * The resource already exists.
     */
    VIPPS_ALREADY_EXISTS = 8,
    /**
     * 400, or an HTTP status from 402 to 499 without a vipps_status of its own: the request is
     * invalid.
     */
    VIPPS_REJECTED = 9,
    /**
     * 429: too many requests. Without an HTTP status: not sent, because the wait that an earlier
     * 429 or 423 asked for exceeds the call's timeout.
     */
    VIPPS_RATE_LIMITED = 10,
    /**
     * 408, or an HTTP status of 500 or above: the API, or a gateway in front of it, failed.
     */
    VIPPS_SERVER = 11,
    /**
     * An HTTP status below 400 other than 2xx, such as a redirect. Redirects are never followed.
     */
    VIPPS_UNEXPECTED_STATUS = 12,
    /**
     * The call timed out.
     */
    VIPPS_TIMEOUT = 13,
    /**
     * No connection: the host name was not found, or the connection was refused.
     */
    VIPPS_CONNECT = 14,
    /**
     * No secure connection: the certificate was rejected, or TLS failed in another way.
     */
    VIPPS_TLS = 15,
    /**
     * The connection broke, or the reply was not HTTP.
     */
    VIPPS_NETWORK = 16,
    /**
     * The reply cannot be read: it is not the expected JSON, or exceeds "max_response_bytes".
     */
    VIPPS_DECODE = 17,
    /**
     * The proxy refused the connection; the error has its HTTP status. 407: the proxy's user name
     * and password are missing or wrong.
     */
    VIPPS_PROXY = 18,
    /**
     * A required argument is NULL. Nothing was sent.
     */
    VIPPS_NULL_ARGUMENT = -1,
    /**
     * An argument is not UTF-8. Nothing was sent.
     */
    VIPPS_INVALID_UTF8 = -2,
    /**
     * A bug in the library. The request may have been sent.
     */
    VIPPS_PANIC = -3,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum vipps_status vipps_status;
#else
typedef int32_t vipps_status;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Whether a failed call may have taken effect, over all its attempts. Decides whether it is safe
 * to retry.
 */
enum vipps_delivery
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * The request cannot have taken effect.
     */
    VIPPS_NOT_SENT = 0,
    /**
     * The request may have taken effect. Read the data back, or retry with the same idempotency
     * key.
     */
    VIPPS_DELIVERY_UNKNOWN = 1,
    /**
     * The API answered; the error holds its answer. A 4xx refused the request. A 2xx with an
     * unreadable body carried it out.
     */
    VIPPS_ANSWERED = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum vipps_delivery vipps_delivery;
#else
typedef int32_t vipps_delivery;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Why a call failed. Keys and tokens are redacted.
 */
typedef struct vipps_error vipps_error;

/**
 * A successful reply to vipps_request().
 */
typedef struct vipps_reply vipps_reply;

/**
 * A client with its keys, token, connections and settings. Create it once and share it between
 * threads.
 */
typedef struct vipps_session vipps_session;

/**
 * A string returned by the library: JSON unless documented otherwise.
 */
typedef struct vipps_string vipps_string;

/**
 * One attempt of a call. It and its strings are only valid during the on_attempt callback.
 */
typedef struct {
    /**
     * The method, such as "GET".
     */
    const char *method;
    /**
     * The path and the query.
     */
    const char *path;
    /**
     * The path template, for metrics: "/management/v1/sales-units/{msn}".
     */
    const char *route;
    /**
     * The merchant serial number that the call was made for, or NULL.
     */
    const char *merchant_serial_number;
    /**
     * The trace id of an error reply, or NULL.
     */
    const char *trace_id;
    /**
     * How the attempt failed, or VIPPS_OK.
     */
    vipps_status status;
    /**
     * The HTTP status, or 0 if there was no reply.
     */
    int http_status;
    /**
     * The number of the attempt within its call, starting at 1.
     */
    uint32_t number;
    /**
     * How long the attempt took, in microseconds.
     */
    uint64_t elapsed_us;
    /**
     * How long the call waits before its next attempt, in milliseconds, or -1 if this was the
     * last.
     */
    int64_t retry_in_ms;
} vipps_attempt;

/**
 * The callbacks of a session, each of which may be NULL. The struct is copied; `user` must stay
 * valid until `release` is called.
 *
 * Callbacks run on the thread that made the call, and on several threads at once. They must not
 * use the same session, throw, or leave by longjmp().
 */
typedef struct {
    /**
     * Passed to each callback; the library does not use it.
     */
    void *user;
    /**
     * Called after every attempt of every call, including token requests.
     */
    void (*on_attempt)(void *user, const vipps_attempt *attempt);
    /**
     * Called after a new access token was fetched, for programs that save it for their next run.
     * `token` is a secret and only valid during the callback; `expires_at` is in seconds since
     * 1970.
     */
    void (*on_new_token)(void *user, const char *token, int64_t expires_at);
    /**
     * Called once, on any thread, when the other callbacks will not be called any more: when the
     * last handle of the session is freed, or when the session cannot be created.
     */
    void (*release)(void *user);
} vipps_observer;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Creates a session from a JSON object of settings, without sending anything. `config_json` has:
 *
 * - "client_id", "client_secret", "subscription_key": required.
 * - "system": {"name", "version"}: your software, required. "plugin_name" and "plugin_version" are
 *   optional. Each is 1 to 30 visible ASCII characters.
 * - "keys": "standard", the default, or "management" for a partner's management keys, which have
 *   no subscription key.
 * - "merchant_serial_number": 4 to 10 digits. The Order Management API requires it.
 * - "environment": "production", the default, or "test". "base_url" overrides it.
 * - "allow_plain_http": true allows http to hosts other than loopback.
 * - "timeout_ms": limit for a whole call, 60000 by default; "connect_timeout_ms": 10000 by
 *   default; "stall_timeout_ms": how long an attempt may receive no data, half of "timeout_ms" by
 *   default.
 * - "retry": {"max_attempts": 3, "initial_backoff_ms": 500, "max_backoff_ms": 8000}, which are the
 *   defaults. 1 attempt means no retries.
 * - "proxy": "http://host:port"; "proxy_from_env": true uses the environment's proxy variables.
 * - "tls_backend": "rustls" or "native-tls"; "root_certificates": PEM, replaces the built-in
 *   roots.
 * - "max_response_bytes": 67108864 by default; "user_agent_suffix": such as "acme-billing/2.1".
 * - "access_token": {"secret", "expires_at"}: a token saved by on_new_token in an earlier run.
 *
 * For an invalid, unknown or duplicated setting the error is VIPPS_CONFIG and names the setting by
 * its path, such as retry.max_attempts. Keys, tokens and passwords are never shown.
 *
 * `observer` may be NULL. Its `release` is also called if this function fails.
 */
vipps_status vipps_session_new(const char *config_json,
                               const vipps_observer *observer,
                               vipps_session **out_session,
                               vipps_error **error);

/**
 * Creates a session with keys from the environment, without sending anything: VIPPS_CLIENT_ID,
 * VIPPS_CLIENT_SECRET and VIPPS_SUBSCRIPTION_KEY, or VIPPS_KEYS=management without the
 * subscription key. VIPPS_MERCHANT_SERIAL_NUMBER, VIPPS_ENVIRONMENT (production or test) and
 * VIPPS_BASE_URL are optional. `config_json` is as for vipps_session_new(), but without keys. It
 * overrides the environment, and "system" is required.
 *
 * No other thread may change the environment during the call. The error names all missing
 * variables.
 */
vipps_status vipps_session_from_env(const char *config_json,
                                    const vipps_observer *observer,
                                    vipps_session **out_session,
                                    vipps_error **error);

/**
 * Creates another handle of a session, with the same token, connections and settings.
 */
vipps_status vipps_session_clone(const vipps_session *session,
                                 vipps_session **out_session,
                                 vipps_error **error);

/**
 * Creates a handle of a session for another sales unit: it sends `msn`, 4 to 10 digits, as
 * Merchant-Serial-Number, and shares the token and the connections.
 */
vipps_status vipps_session_for_sales_unit(const vipps_session *session,
                                          const char *msn,
                                          vipps_session **out_session,
                                          vipps_error **error);

/**
 * Creates a handle of a session with another timeout per call, at most 24 hours. It shares the
 * token and the connections.
 */
vipps_status vipps_session_with_timeout(const vipps_session *session,
                                        uint64_t timeout_ms,
                                        vipps_session **out_session,
                                        vipps_error **error);

/**
 * Gets a valid access token, and for how long it is valid. Fetches a token if the session has
 * none. The token is a secret: do not log it.
 *
 * POST /accesstoken/get, or POST /miami/v1/token with management keys
 */
vipps_status vipps_session_access_token(const vipps_session *session,
                                        vipps_string **out_token,
                                        uint64_t *out_expires_in_ms,
                                        vipps_error **error);

/**
 * Drops the session's access token. The next call fetches a new one.
 */
vipps_status vipps_session_forget_token(const vipps_session *session, vipps_error **error);

/**
 * Frees a handle of a session. NULL is allowed. Other handles of the session stay valid; freeing
 * the last one closes the connections.
 */
void vipps_session_free(vipps_session *session);

/**
 * Creates a unique idempotency key: 36 characters of plain text.
 */
vipps_status vipps_idempotency_key_new(vipps_string **out_key, vipps_error **error);

/**
 * Returns the version of the library, such as "0.1.0". It is never freed. VIPPS_VERSION is the
 * version of the header.
 */
const char *vipps_version(void);

/**
 * Gets the NUL-terminated text of a string. It is valid until vipps_string_free().
 */
vipps_status vipps_string_text(const vipps_string *string, const char **out_text);

/**
 * Gets the length of a string in bytes, without the NUL.
 */
vipps_status vipps_string_length(const vipps_string *string, size_t *out_length);

/**
 * Frees a string. NULL is allowed.
 */
void vipps_string_free(vipps_string *string);

/**
 * Gets the status of the failed call. VIPPS_OK if `error` is NULL.
 */
vipps_status vipps_error_status(const vipps_error *error, vipps_status *out_status);

/**
 * Gets the name of the error's status, such as "InvalidInput". Names never change.
 *
 * This string, and those of the functions below, are valid until vipps_error_free().
 */
vipps_status vipps_error_kind_name(const vipps_error *error, const char **out_text);

/**
 * Gets a one-line message: method, path, HTTP status and what the API said.
 */
vipps_status vipps_error_message(const vipps_error *error, const char **out_text);

/**
 * Gets the HTTP status, or 0 if there was no reply.
 */
vipps_status vipps_error_http_status(const vipps_error *error, int *out_http_status);

/**
 * Gets the method of the failed request, or NULL if there was no request.
 */
vipps_status vipps_error_method(const vipps_error *error, const char **out_text);

/**
 * Gets the path and query of the failed request, or NULL if there was no request.
 */
vipps_status vipps_error_path(const vipps_error *error, const char **out_text);

/**
 * Gets the API's error code, such as "invalid_client", or NULL.
 */
vipps_status vipps_error_code(const vipps_error *error, const char **out_text);

/**
 * Gets the trace id of the failed request, for Vipps MobilePay support, or NULL.
 */
vipps_status vipps_error_trace_id(const vipps_error *error, const char **out_text);

/**
 * Gets whether the call may have taken effect. VIPPS_DELIVERY_UNKNOWN if `error` is NULL.
 */
vipps_status vipps_error_delivery(const vipps_error *error, vipps_delivery *out_delivery);

/**
 * Gets whether the call can be retried: it may succeed later and cannot take effect twice.
 */
vipps_status vipps_error_is_retryable(const vipps_error *error, bool *out_is_retryable);

/**
 * Gets how long the server asked to wait, in milliseconds. -1 if it did not, or if `error` is
 * NULL.
 */
vipps_status vipps_error_retry_after_ms(const vipps_error *error, int64_t *out_milliseconds);

/**
 * Gets what is wrong with individual fields, arguments or settings, as JSON: [{"name": "...",
 * "reason": "..."}]. Fields are named by their path, such as orderLines[1].totalAmount.
 */
vipps_status vipps_error_field_problems(const vipps_error *error, const char **out_text);

/**
 * Gets the whole error as a JSON object: {"status", "kind", "message", "method", "path",
 * "http_status", "delivery": "not_sent", "unknown" or "answered", "attempts", "is_timeout",
 * "is_retryable", "retry_after_ms", "trace_id", "code", "problem": {"type", "title", "detail",
 * "instance", "body"}, "field_problems"}. Values that are not known are null.
 */
vipps_status vipps_error_json(const vipps_error *error, const char **out_text);

/**
 * Frees an error. NULL is allowed.
 */
void vipps_error_free(vipps_error *error);

/**
 * Lists all sales units that the keys have access to: [{"msn", "name"}].
 *
 * GET /management/v1/sales-units
 */
vipps_status vipps_list_sales_units(const vipps_session *session,
                                    vipps_string **out_json,
                                    vipps_error **error);

/**
 * Gets a sales unit with its configuration. `msn` is 4 to 10 digits.
 *
 * GET /management/v1/sales-units/{msn}
 */
vipps_status vipps_get_sales_unit(const vipps_session *session,
                                  const char *msn,
                                  vipps_string **out_json,
                                  vipps_error **error);

/**
 * Lists the sales units of a merchant: [{"msn", "name"}]. `scheme` is the business register, such
 * as "business:NO:ORG", "business:DK:CVR" or "business:FI:Y-tunnus". `id` is the merchant's number
 * in it: 4 to 50 digits and hyphens.
 *
 * GET /management/v1/merchants/{scheme}/{id}/sales-units
 */
vipps_status vipps_list_merchant_sales_units(const vipps_session *session,
                                             const char *scheme,
                                             const char *id,
                                             vipps_string **out_json,
                                             vipps_error **error);

/**
 * Gets a merchant. `scheme` and `id` are as for vipps_list_merchant_sales_units().
 *
 * GET /management/v1/merchants/{scheme}/{id}
 */
vipps_status vipps_get_merchant(const vipps_session *session,
                                const char *scheme,
                                const char *id,
                                vipps_string **out_json,
                                vipps_error **error);

/**
 * Lists the product orders of a partner. `request_json` is {} or {"includeExpired": true}.
 *
 * GET /management/v2/product-orders?includeExpired=
 */
vipps_status vipps_list_product_orders(const vipps_session *session,
                                       const char *request_json,
                                       vipps_string **out_json,
                                       vipps_error **error);

/**
 * Prefills a product order, which the merchant then reviews and submits: {"prefilledOrderId",
 * "prefillUrl"}. `order_json` requires "businessIdentifier": {"scheme", "id"} and "productType".
 *
 * In addition to the API's fields, `order_json` takes "idempotencyKey": 1 to 50 letters, digits
 * and hyphens, for example from vipps_idempotency_key_new(). Calls with the same key create one
 * order. Without it, each call uses a new key, which only its own retries share. The API also
 * stores a rejection with the key: send a corrected order with a new key.
 *
 * POST /management/v1/product-orders
 */
vipps_status vipps_prefill_product_order(const vipps_session *session,
                                         const char *order_json,
                                         vipps_string **out_json,
                                         vipps_error **error);

/**
 * Gets a product order with its status. `product_order_id` is a UUID.
 *
 * GET /management/v2/product-orders/{productOrderId}/details
 */
vipps_status vipps_get_product_order(const vipps_session *session,
                                     const char *product_order_id,
                                     vipps_string **out_json,
                                     vipps_error **error);

/**
 * Deletes a product order that the merchant has not submitted yet. `product_order_id` is a UUID. A
 * 404 after an attempt that may have deleted the order counts as success.
 *
 * DELETE /management/v1/product-orders/{productOrderId}
 */
vipps_status vipps_delete_product_order(const vipps_session *session,
                                        const char *product_order_id,
                                        vipps_error **error);

/**
 * Lists the price packages that a partner can offer. Needs partner keys.
 *
 * GET /management/v1/partners/price-packages
 */
vipps_status vipps_list_price_packages(const vipps_session *session,
                                       vipps_string **out_json,
                                       vipps_error **error);

/**
 * Uploads a picture of `length` bytes: PNG or JPEG, at least 167 px high, at most 2 MB. `image_id`
 * is 1 to 128 letters, digits, -, _ and ".". Returns {"imageId"}, the id to use from now on, which
 * may differ from `image_id`.
 *
 * All functions of the Order Management API need a session with a merchant serial number, or fail
 * with VIPPS_CONFIG.
 *
 * POST /order-management/v1/images
 */
vipps_status vipps_add_image(const vipps_session *session,
                             const char *image_id,
                             const uint8_t *picture,
                             size_t length,
                             vipps_string **out_json,
                             vipps_error **error);

/**
 * Uploads a picture like vipps_add_image(), but succeeds if the id already exists. A picture
 * cannot be replaced: use another id for another picture.
 *
 * POST /order-management/v1/images
 */
vipps_status vipps_ensure_image(const vipps_session *session,
                                const char *image_id,
                                const uint8_t *picture,
                                size_t length,
                                vipps_string **out_json,
                                vipps_error **error);

/**
 * Sets or replaces the category of an order, which the app shows as a link. Returns a UUID as a
 * JSON string. `category_json` is {"category": "DELIVERY", "orderDetailsUrl": "https://...",
 * "imageId": "..."}; "imageId" is optional.
 *
 * Here and below, `payment_type` is "ECOM" for a single payment or "RECURRING" for a charge of a
 * recurring agreement, and `order_id` is the reference of the payment: letters, digits, -, _ and
 * ".".
 *
 * PUT /order-management/v2/{paymentType}/categories/{orderId}
 */
vipps_status vipps_put_category(const vipps_session *session,
                                const char *payment_type,
                                const char *order_id,
                                const char *category_json,
                                vipps_string **out_json,
                                vipps_error **error);

/**
 * Adds a receipt to an order: {"orderLines": [...], "bottomLine": {"currency": "NOK"}}. Returns a
 * UUID as a JSON string. A receipt can never be changed. The call is not retried once it may have
 * taken effect: use vipps_ensure_receipt() for a call that is safe to retry.
 *
 * POST /order-management/v2/{paymentType}/receipts/{orderId}
 */
vipps_status vipps_add_receipt(const vipps_session *session,
                               const char *payment_type,
                               const char *order_id,
                               const char *receipt_json,
                               vipps_string **out_json,
                               vipps_error **error);

/**
 * Adds a receipt to an order unless the order already has it. Safe to call any number of times.
 * Returns {"outcome": "added", "answer": "..."}, where the answer is the UUID from the API, or
 * {"outcome": "alreadyThere"}. If the order has a different receipt, the error is
 * VIPPS_ALREADY_EXISTS and its field problems list the differences.
 *
 * POST /order-management/v2/{paymentType}/receipts/{orderId},
 * GET /order-management/v2/{paymentType}/{orderId}
 */
vipps_status vipps_ensure_receipt(const vipps_session *session,
                                  const char *payment_type,
                                  const char *order_id,
                                  const char *receipt_json,
                                  vipps_string **out_json,
                                  vipps_error **error);

/**
 * Gets the category and the receipt of an order: {"category": {...}, "receipt": {...}}. Either may
 * be missing.
 *
 * GET /order-management/v2/{paymentType}/{orderId}
 */
vipps_status vipps_get_order(const vipps_session *session,
                             const char *payment_type,
                             const char *order_id,
                             vipps_string **out_json,
                             vipps_error **error);

/**
 * Adds a category to an order, which can have several: {"orderId", "paymentType", "type":
 * "TICKET", "url", "imageId"}; "imageId" is optional. Returns {"categoryId"}.
 *
 * POST /order-management/v3/categories
 */
vipps_status vipps_add_category(const vipps_session *session,
                                const char *category_json,
                                vipps_string **out_json,
                                vipps_error **error);

/**
 * Lists the categories of an order.
 *
 * GET /order-management/v3/categories?orderId=
 */
vipps_status vipps_list_categories(const vipps_session *session,
                                   const char *order_id,
                                   vipps_string **out_json,
                                   vipps_error **error);

/**
 * Gets a category. `category_id` is a UUID.
 *
 * GET /order-management/v3/categories/{categoryId}
 */
vipps_status vipps_get_category(const vipps_session *session,
                                const char *category_id,
                                vipps_string **out_json,
                                vipps_error **error);

/**
 * Deletes a category. `category_id` is a UUID.
 *
 * DELETE /order-management/v3/categories/{categoryId}
 */
vipps_status vipps_delete_category(const vipps_session *session,
                                   const char *category_id,
                                   vipps_error **error);

/**
 * Sets the category of a payment. Version 1 is deprecated: use vipps_put_category().
 *
 * PUT /order-management/v1/orders/{transactionId}
 */
vipps_status vipps_v1_put_order(const vipps_session *session,
                                const char *transaction_id,
                                const char *category_json,
                                vipps_error **error);

/**
 * Gets the category of a payment. Version 1 is deprecated: use vipps_get_order().
 *
 * GET /order-management/v1/orders/{transactionId}
 */
vipps_status vipps_v1_get_order(const vipps_session *session,
                                const char *transaction_id,
                                vipps_string **out_json,
                                vipps_error **error);

/**
 * Adds a receipt to a payment. Version 1 is deprecated: use vipps_add_receipt().
 *
 * POST /order-management/v1/receipts/{transactionId}
 */
vipps_status vipps_v1_add_receipt(const vipps_session *session,
                                  const char *transaction_id,
                                  const char *receipt_json,
                                  vipps_error **error);

/**
 * Gets the receipt of a payment. Version 1 is deprecated: use vipps_get_order().
 *
 * GET /order-management/v1/receipts/{transactionId}
 */
vipps_status vipps_v1_get_receipt(const vipps_session *session,
                                  const char *transaction_id,
                                  vipps_string **out_json,
                                  vipps_error **error);

/**
 * Calls any endpoint, with the same token, headers, retries and errors as the other functions.
 * `method` is "GET", "POST", "PUT", "PATCH" or "DELETE"; `path` begins with a slash.
 *
 * `options_json` may be NULL. Its members are optional:
 *
 * - "segments": [["id", "a/b"]]: values to percent-encode and append to the path, each with its
 *   name in vipps_attempt.route.
 * - "query": [["cursor", "1 2"]]: query parameters to percent-encode.
 * - "headers": [["X-Request-Source", "till-7"]].
 * - "idempotency_key": allows retries of a POST or PATCH that may have taken effect.
 * - "content_type": the type of the body, "application/json" by default.
 *
 * `body` is `body_length` bytes, or NULL for no body.
 */
vipps_status vipps_request(const vipps_session *session,
                           const char *method,
                           const char *path,
                           const char *options_json,
                           const uint8_t *body,
                           size_t body_length,
                           vipps_reply **out_reply,
                           vipps_error **error);

/**
 * Gets the HTTP status of a reply, 200 to 299.
 */
vipps_status vipps_reply_status(const vipps_reply *reply, int *out_http_status);

/**
 * Gets a header of a reply, or NULL if there is none. The case of `name` does not matter.
 */
vipps_status vipps_reply_header(const vipps_reply *reply,
                                const char *name,
                                vipps_string **out_value,
                                vipps_error **error);

/**
 * Gets the body of a reply. It is not NUL-terminated, and valid until vipps_reply_free().
 */
vipps_status vipps_reply_body(const vipps_reply *reply,
                              const uint8_t **out_bytes,
                              size_t *out_length,
                              vipps_error **error);

/**
 * Frees a reply. NULL is allowed.
 */
void vipps_reply_free(vipps_reply *reply);

/**
 * Creates an order line from an amount that includes tax. Total, net and tax of a line always add
 * up.
 *
 * Here and below, amounts are in minor units (oere, cents) and `tax_rate` is in basis points, 0 to
 * 10000: 2500 is 25 %.
 */
vipps_status vipps_order_line_from_gross(const char *name,
                                         const char *id,
                                         int64_t total_amount,
                                         uint16_t tax_rate,
                                         vipps_string **out_json,
                                         vipps_error **error);

/**
 * Creates an order line from an amount that excludes tax.
 */
vipps_status vipps_order_line_from_net(const char *name,
                                       const char *id,
                                       int64_t total_amount_excluding_tax,
                                       uint16_t tax_rate,
                                       vipps_string **out_json,
                                       vipps_error **error);

/**
 * Creates the order line for shipping from an amount that includes tax.
 */
vipps_status vipps_order_line_shipping(const char *name,
                                       const char *id,
                                       int64_t total_amount,
                                       uint16_t tax_rate,
                                       vipps_string **out_json,
                                       vipps_error **error);

/**
 * Creates an order line from a unit price that includes tax and a quantity. The total is rounded
 * to the nearest minor unit. `quantity` is a decimal number such as "3" or "0.822", with a decimal
 * point in any locale.
 */
vipps_status vipps_order_line_from_unit_price(const char *name,
                                              const char *id,
                                              int64_t unit_price,
                                              const char *quantity,
                                              uint16_t tax_rate,
                                              vipps_string **out_json,
                                              vipps_error **error);

/**
 * Subtracts a discount from an order line and recomputes its tax.
 */
vipps_status vipps_order_line_apply_discount(const char *line_json,
                                             int64_t amount,
                                             vipps_string **out_json,
                                             vipps_error **error);

/**
 * Splits a discount over the order lines of a receipt in proportion to their totals. The shares
 * add up exactly.
 */
vipps_status vipps_receipt_apply_discount(const char *receipt_json,
                                          int64_t amount,
                                          vipps_string **out_json,
                                          vipps_error **error);

/**
 * Validates a receipt, as vipps_add_receipt() does before sending. The error names every invalid
 * field.
 */
vipps_status vipps_receipt_validate(const char *receipt_json, vipps_error **error);

/**
 * Lists probable mistakes in a receipt that the API accepts, such as two lines with the same id:
 * [{"name", "reason"}].
 */
vipps_status vipps_receipt_warnings(const char *receipt_json,
                                    vipps_string **out_json,
                                    vipps_error **error);

/**
 * Computes the totals of a receipt, which the app shows below its lines: {"totalAmount",
 * "totalAmountExcludingTax", "totalTaxAmount", "totalDiscount", "shippingAmount", "tax": [...]}.
 */
vipps_status vipps_receipt_totals(const char *receipt_json,
                                  vipps_string **out_json,
                                  vipps_error **error);

/**
 * Splits an amount in proportion to `count` weights. The shares add up exactly. `out_shares` has
 * room for `count` numbers and may be the same array as `weights`. Unlike other outputs, it is
 * unchanged if the function fails.
 */
vipps_status vipps_allocate(int64_t amount,
                            const int64_t *weights,
                            size_t count,
                            int64_t *out_shares,
                            vipps_error **error);

/**
 * Converts a decimal amount to minor units: "199.90" to 19990. `amount` has a decimal point in any
 * locale, and at most two decimals.
 */
vipps_status vipps_minor_units(const char *amount, int64_t *out_amount, vipps_error **error);

/**
 * Formats minor units as a decimal amount: 19990 as the plain text 199.90.
 */
vipps_status vipps_format_minor_units(int64_t amount, vipps_string **out_text, vipps_error **error);

/**
 * Gets a value from a JSON document by JSON pointer (RFC 6901), such as "/0/msn". Strings are
 * returned as plain text, with NUL replaced by U+FFFD; other values as JSON, with members sorted
 * by name.
 *
 * Every call parses the whole document. Use a JSON library for long lists.
 */
vipps_status vipps_json_get(const char *json,
                            const char *pointer,
                            vipps_string **out_text,
                            vipps_error **error);

/**
 * Counts the items of an array or the members of an object in a JSON document. The pointer ""
 * refers to the whole document.
 */
vipps_status vipps_json_count(const char *json,
                              const char *pointer,
                              size_t *out_count,
                              vipps_error **error);

/**
 * Quotes and escapes a text as a JSON string, for use in a request.
 */
vipps_status vipps_json_quote(const char *plain, vipps_string **out_json, vipps_error **error);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif /* VIPPS_H */
