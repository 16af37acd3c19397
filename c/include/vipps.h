/*
 * vipps.h - a blocking client for the Management and Order Management APIs of Vipps MobilePay.
 *
 * What holds for every function:
 *
 * - It returns a vipps_status, VIPPS_OK for success. Only the *_free functions, which cannot fail,
 *   and vipps_version() return something else.
 * - Outputs come last and begin with out_. Each that is not NULL is written whatever the outcome;
 *   where there is nothing to give it is NULL, 0 or false, unless the function says otherwise.
 *   What stood there before is not freed.
 * - `error` is the last output of all: NULL on success, an error otherwise. It may be NULL for
 *   those who need the status only.
 * - NULL for any other argument is VIPPS_NULL_ARGUMENT, unless the argument is optional.
 * - The caller owns each vipps_* object that an output was set to, and frees it with the *_free
 *   function of its type, once. A const char * that was given out belongs to the object that it
 *   was read from.
 * - Texts are UTF-8 and end with NUL. Those that go in are copied.
 * - JSON has the field names of the API. In a request an unknown or duplicated field is an error,
 *   as is a value that the API would refuse: the error names the field by its path, such as
 *   orderLines[1].totalAmount, and nothing was sent. Errors about an argument have the argument's
 *   name.
 *
 * What a process may do:
 *
 * - Threads: any number may use one session at once. Other objects do not change, and may be read
 *   by any number of threads. Each is freed once, by any thread, when no other uses it any more.
 * - fork: between calls, when no other thread is in one. The child may use the sessions that it
 *   has got, and makes connections of its own. During a call, the child may only call exec or
 *   _exit.
 * - Signals: a call goes on after a handler returns, with or without SA_RESTART, until its own
 *   timeout. No function may be called from a handler. Writing to a closed connection raises no
 *   SIGPIPE.
 * - dlopen: allowed. dlclose: allowed when no call is in progress; on Linux the code stays in
 *   memory, as a thread that looks up a name may outlive its call. Elsewhere do not.
 * - Stack: 64 KiB are enough for any call of the optimised library. Its own threads have their
 *   own.
 * - Locale: setlocale() changes nothing; numbers always have a decimal point.
 * - Panics: a bug inside the library is VIPPS_PANIC, and the objects may still be freed. Rust
 *   prints a line about it to stderr.
 * - Callbacks must not throw nor leave by longjmp(): both are undefined.
 *
 * A generated file: the documentation stands in c/src.
 */
#ifndef VIPPS_H
#define VIPPS_H

/* Defined by those who give the preprocessed header to a parser that knows these types. */
#ifndef VIPPS_NO_INCLUDES
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#endif

/* The version of this header; vipps_version() is the library's. The number is 10203 for 1.2.3. */
#define VIPPS_VERSION "0.1.0"
#define VIPPS_VERSION_MAJOR 0
#define VIPPS_VERSION_MINOR 1
#define VIPPS_VERSION_PATCH 0
#define VIPPS_VERSION_NUMBER 100

/**
 * The outcome of a call. The numbers never change and are never used again.
 */
enum vipps_status
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Success.
     */
    VIPPS_OK = 0,
    /**
     * The session cannot be built like this, or has no merchant serial number for a call that
     * needs one. Nothing was sent.
     */
    VIPPS_CONFIG = 1,
    /**
     * An argument that the API would refuse. Nothing was sent.
     */
    VIPPS_INVALID_INPUT = 2,
    /**
     * The token endpoint answered with an error; vipps_error_is_retryable() tells a busy service
     * from wrong keys.
     */
    VIPPS_AUTH = 3,
    /**
     * 401: the API refused the token or the subscription key, also with a new token.
     */
    VIPPS_UNAUTHORIZED = 4,
    /**
     * 403: the keys are valid, but not for this.
     */
    VIPPS_FORBIDDEN = 5,
    /**
     * 404: not found, not active, or not connected to these keys.
     */
    VIPPS_NOT_FOUND = 6,
    /**
     * 409: a conflict with what exists, or an idempotency key that was used with another body.
     */
    VIPPS_CONFLICT = 7,
    /**
     * The resource already exists.
     */
    VIPPS_ALREADY_EXISTS = 8,
    /**
     * 400, or another status from 402 to 499 that has no status of its own here: the request is
     * wrong.
     */
    VIPPS_REJECTED = 9,
    /**
     * 429: too many requests.
     */
    VIPPS_RATE_LIMITED = 10,
    /**
     * 408, or a status from 500: the API or a gateway in front of it failed.
     */
    VIPPS_SERVER = 11,
    /**
     * A status below 400 that is not a success: a redirect, which is never followed.
     */
    VIPPS_UNEXPECTED_STATUS = 12,
    /**
     * The call timed out.
     */
    VIPPS_TIMEOUT = 13,
    /**
     * No connection: the name was not found, or nothing listens there.
     */
    VIPPS_CONNECT = 14,
    /**
     * No secure connection: the certificate was refused, or TLS failed in another way.
     */
    VIPPS_TLS = 15,
    /**
     * The connection broke, or what came over it was not HTTP.
     */
    VIPPS_NETWORK = 16,
    /**
     * The reply cannot be read: not the JSON that was expected, or larger than allowed.
     */
    VIPPS_DECODE = 17,
    /**
     * The proxy refused; the error has its HTTP status. 407 asks for a user and a password, or for
     * others.
     */
    VIPPS_PROXY = 18,
    /**
     * An argument is NULL that must not be. Nothing was sent.
     */
    VIPPS_NULL_ARGUMENT = -1,
    /**
     * An argument is not UTF-8. Nothing was sent.
     */
    VIPPS_INVALID_UTF8 = -2,
    /**
     * A bug in the library. What was sent is not known.
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
 * What a failed call may have done, all its attempts taken together: decides whether it may be
 * repeated.
 */
enum vipps_delivery
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * The server cannot have acted on the request.
     */
    VIPPS_NOT_SENT = 0,
    /**
     * The request may have been carried out. Read back, or retry with the same idempotency key.
     */
    VIPPS_DELIVERY_UNKNOWN = 1,
    /**
     * The API answered, and the error holds its answer.
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
 * Why a call failed. It holds no key and no token.
 */
typedef struct vipps_error vipps_error;

/**
 * The successful reply of vipps_request().
 */
typedef struct vipps_reply vipps_reply;

/**
 * The keys, the token, the connections and the settings. Made once and shared by all threads.
 */
typedef struct vipps_session vipps_session;

/**
 * A text that the library made: JSON, unless something else is said.
 */
typedef struct vipps_string vipps_string;

/**
 * One attempt of a call. It and its texts live as long as the call of on_attempt.
 */
typedef struct {
    /**
     * Such as "GET".
     */
    const char *method;
    /**
     * The path and the query.
     */
    const char *path;
    /**
     * The path with names in place of values, for metrics: "/management/v1/sales-units/{msn}".
     */
    const char *route;
    /**
     * The sales unit that the call was made for, or NULL.
     */
    const char *merchant_serial_number;
    /**
     * The trace id of an error's reply, or NULL.
     */
    const char *trace_id;
    /**
     * How the attempt failed; VIPPS_OK for a success.
     */
    vipps_status status;
    /**
     * The HTTP status, or 0 if there was no answer.
     */
    int http_status;
    /**
     * Which attempt of its call it was, 1 for the first.
     */
    uint32_t number;
    /**
     * How long it took, in microseconds.
     */
    uint64_t elapsed_us;
    /**
     * How long the call waits before the next attempt, or -1 if this was the last.
     */
    int64_t retry_in_ms;
} vipps_attempt;

/**
 * Functions that a session calls with `user`, each optional. The struct is copied; `user` must
 * live until `release` is called.
 *
 * They are called on the thread that makes the call, several threads at once. They must not call
 * this library with the same session, nor throw, nor leave by longjmp().
 */
typedef struct {
    /**
     * Passed to the functions, never looked at.
     */
    void *user;
    /**
     * After every attempt of every call, token requests included.
     */
    void (*on_attempt)(void *user, const vipps_attempt *attempt);
    /**
     * After a new access token was fetched, for programs that keep it for their next run. `token`
     * is a secret, and lives as long as the call; `expires_at` is in seconds since 1970.
     */
    void (*on_new_token)(void *user, const char *token, int64_t expires_at);
    /**
     * Once, on any thread, when the others will not be called any more: after the last
     * vipps_session_free(), or before the function that was to make the session returns an error.
     */
    void (*release)(void *user);
} vipps_observer;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Creates a session. Sends nothing. `config_json` is an object of settings:
 *
 * - "client_id", "client_secret", "subscription_key", "system": {"name", "version"}: required.
 * - "keys": "management" for a partner's management keys, which have no subscription key.
 * - "system" may have "plugin_name" and "plugin_version". Each is 1 to 30 visible ASCII
 *   characters.
 * - "merchant_serial_number": 4 to 10 digits. The Order Management API needs it.
 * - "environment": "production", the default, or "test"; "base_url": another server.
 * - "allow_plain_http": true for http to other hosts than loopback.
 * - "timeout_ms": 60000 for a whole call; "connect_timeout_ms": 10000; "stall_timeout_ms": how
 *   long an attempt may receive nothing, half of timeout_ms.
 * - "retry": {"max_attempts": 3, "initial_backoff_ms": 500, "max_backoff_ms": 8000}; 1 is no
 *   retry.
 * - "proxy": "http://host:port"; "proxy_from_env": true for that of the environment.
 * - "tls_backend": "rustls" or "native-tls"; "root_certificates": PEM, for the built-in roots.
 * - "max_response_bytes": 67108864; "user_agent_suffix": such as "acme-billing/2.1".
 * - "access_token": {"secret", "expires_at"}, as on_new_token got them in an earlier run.
 *
 * What is wrong is VIPPS_CONFIG with the path of the setting, such as retry.max_attempts; unknown
 * and duplicated settings are refused. No error shows a key, a token or a password.
 *
 * `observer` is optional. Its `release` is called also if this fails.
 */
vipps_status vipps_session_new(const char *config_json,
                               const vipps_observer *observer,
                               vipps_session **out_session,
                               vipps_error **error);

/**
 * Creates a session with the keys of the environment: VIPPS_CLIENT_ID, VIPPS_CLIENT_SECRET and
 * VIPPS_SUBSCRIPTION_KEY, or VIPPS_KEYS=management without the subscription key; optionally
 * VIPPS_MERCHANT_SERIAL_NUMBER and VIPPS_BASE_URL. Sends nothing. `config_json` is as for
 * vipps_session_new() but without keys, has "system" at least, and overrides the environment.
 *
 * No other thread may change the environment meanwhile. The error names every variable that is
 * missing.
 */
vipps_status vipps_session_from_env(const char *config_json,
                                    const vipps_observer *observer,
                                    vipps_session **out_session,
                                    vipps_error **error);

/**
 * Another handle of the same session: same token, connections and settings.
 */
vipps_status vipps_session_clone(const vipps_session *session,
                                 vipps_session **out_session,
                                 vipps_error **error);

/**
 * The same session for another sales unit: same token and connections, another
 * Merchant-Serial-Number header. `msn` is 4 to 10 digits.
 */
vipps_status vipps_session_for_sales_unit(const vipps_session *session,
                                          const char *msn,
                                          vipps_session **out_session,
                                          vipps_error **error);

/**
 * The same session with another time for each call, at most 24 hours: same token and connections.
 */
vipps_status vipps_session_with_timeout(const vipps_session *session,
                                        uint64_t timeout_ms,
                                        vipps_session **out_session,
                                        vipps_error **error);

/**
 * A valid token, fetched if need be, and for how long it is valid. It is a secret: keep it out of
 * logs.
 *
 * POST /accesstoken/get, or POST /miami/v1/token with management keys
 */
vipps_status vipps_session_access_token(const vipps_session *session,
                                        vipps_string **out_token,
                                        uint64_t *out_expires_in_ms,
                                        vipps_error **error);

/**
 * Drops the session's token: the next call fetches another.
 */
vipps_status vipps_session_forget_token(const vipps_session *session, vipps_error **error);

/**
 * Frees a handle of a session. NULL is fine. Its clones and what was made of it live on; the last
 * one closes the connections.
 */
void vipps_session_free(vipps_session *session);

/**
 * A new idempotency key that no other call, thread or process makes: 36 characters of plain text.
 */
vipps_status vipps_idempotency_key_new(vipps_string **out_key, vipps_error **error);

/**
 * The version of the library, such as "0.1.0"; VIPPS_VERSION is that of the header. It is never
 * freed.
 */
const char *vipps_version(void);

/**
 * The text, with a NUL at its end. It lives until vipps_string_free().
 */
vipps_status vipps_string_text(const vipps_string *string, const char **out_text);

/**
 * The number of bytes before the NUL.
 */
vipps_status vipps_string_length(const vipps_string *string, size_t *out_length);

/**
 * Frees a string. NULL is fine.
 */
void vipps_string_free(vipps_string *string);

/**
 * The status of the call that failed. VIPPS_OK if `error` is NULL.
 */
vipps_status vipps_error_status(const vipps_error *error, vipps_status *out_status);

/**
 * The status as a word, such as "InvalidInput". It never changes for one status. This and the
 * texts of the functions that follow live until vipps_error_free().
 */
vipps_status vipps_error_kind_name(const vipps_error *error, const char **out_text);

/**
 * One line for people: method, path, HTTP status and what the API said.
 */
vipps_status vipps_error_message(const vipps_error *error, const char **out_text);

/**
 * The HTTP status, or 0 if there was no answer.
 */
vipps_status vipps_error_http_status(const vipps_error *error, int *out_http_status);

/**
 * The method of the request that failed, or NULL if there was none.
 */
vipps_status vipps_error_method(const vipps_error *error, const char **out_text);

/**
 * The path and query of the request that failed, or NULL if there was none.
 */
vipps_status vipps_error_path(const vipps_error *error, const char **out_text);

/**
 * The API's own code, such as "invalid_client", or NULL.
 */
vipps_status vipps_error_code(const vipps_error *error, const char **out_text);

/**
 * The trace id of the failed request, for the support of Vipps MobilePay, or NULL.
 */
vipps_status vipps_error_trace_id(const vipps_error *error, const char **out_text);

/**
 * What the call may have done. VIPPS_DELIVERY_UNKNOWN if `error` is NULL.
 */
vipps_status vipps_error_delivery(const vipps_error *error, vipps_delivery *out_delivery);

/**
 * Whether the same call may succeed later, and can be made again without doing anything twice.
 */
vipps_status vipps_error_is_retryable(const vipps_error *error, bool *out_is_retryable);

/**
 * How long the API asked to wait, or -1 if it did not or if `error` is NULL.
 */
vipps_status vipps_error_retry_after_ms(const vipps_error *error, int64_t *out_milliseconds);

/**
 * What is wrong with single fields, arguments or settings, as JSON: [{"name": "...", "reason":
 * "..."}]. A field is named by its path in the JSON that was given, such as
 * orderLines[1].totalAmount.
 */
vipps_status vipps_error_field_problems(const vipps_error *error, const char **out_text);

/**
 * The whole error as one JSON object: {"status", "kind", "message", "method", "path",
 * "http_status", "delivery": "not_sent", "unknown" or "answered", "attempts", "is_timeout",
 * "is_retryable", "retry_after_ms", "trace_id", "code", "problem": {"type", "title", "detail",
 * "instance", "body"}, "field_problems"}, null where there is nothing to say.
 */
vipps_status vipps_error_json(const vipps_error *error, const char **out_text);

/**
 * Frees an error. NULL is fine.
 */
void vipps_error_free(vipps_error *error);

/**
 * Lists all sales units that the keys give access to: [{"msn", "name"}].
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
 * Lists the sales units of one merchant: [{"msn", "name"}]. `scheme` is the register, such as
 * "business:NO:ORG", "business:DK:CVR" or "business:FI:Y-tunnus"; `id` the number in it, 4 to 50
 * digits and hyphens.
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
 * Orders a product for a merchant: {"prefilledOrderId", "prefillUrl"}. Required in `order_json`
 * are "businessIdentifier": {"scheme", "id"} and "productType".
 *
 * Beside the fields of the API it takes "idempotencyKey", 1 to 50 letters, digits and hyphens:
 * however often an order is sent with one key, there is one order. vipps_idempotency_key_new()
 * makes one. Without it every call has a new one, and is another order; the attempts of one call
 * share it. The API keeps a refusal with the key: an order that was corrected after one needs a
 * new key.
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
 * 404 after an attempt that may have deleted the order is a success.
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
 * Uploads a picture of `length` bytes: PNG or JPEG, at least 167 px high, at most 2 MB. Gives
 * {"imageId"}, the id to use from now on, which may be another one. `image_id` is 1 to 128
 * letters, digits, -, _ and ".".
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
 * As vipps_add_image(), and a picture that already exists under this id is a success.
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
 * Sets the category of an order, a link on its page in the app, in place of the one that is there.
 * `payment_type` here and below is "ECOM" for a single payment and "RECURRING" for a charge of a
 * recurring agreement; `order_id` is the payment's reference: letters, digits, -, _ and ".".
 * `category_json` is {"category": "DELIVERY", "orderDetailsUrl": "https://...", "imageId": "..."},
 * the last one optional. Gives a JSON string, a UUID. This and the functions that follow need a
 * session with a merchant serial number; without one the error is VIPPS_CONFIG.
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
 * Adds a receipt to an order, which can never be changed: {"orderLines": [...], "bottomLine":
 * {"currency": "NOK"}}. Gives a JSON string, a UUID. It is not retried once it may have been
 * carried out: vipps_ensure_receipt() is the call that may be made again.
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
 * Makes sure that an order has this receipt, however often it is called and wherever it is cut
 * off. Gives {"outcome": "added", "answer": "..."}, with the UUID that the API answers, or
 * {"outcome": "alreadyThere"}. If the order has another receipt the error is VIPPS_ALREADY_EXISTS,
 * with what differs as field problems.
 *
 * POST /order-management/v2/{paymentType}/receipts/{orderId} and
 * GET /order-management/v2/{paymentType}/{orderId}
 */
vipps_status vipps_ensure_receipt(const vipps_session *session,
                                  const char *payment_type,
                                  const char *order_id,
                                  const char *receipt_json,
                                  vipps_string **out_json,
                                  vipps_error **error);

/**
 * Gets what was added to an order: {"category": {...}, "receipt": {...}}, either of which may be
 * missing.
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
 * "TICKET", "url", "imageId"}, the last one optional. Gives {"categoryId"}.
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
 * Calls an endpoint that has no function here, with token, headers, retries and errors as
 * everywhere. `method` is "GET", "POST", "PUT", "PATCH" or "DELETE"; `path` begins with a slash.
 *
 * `options_json` is optional, as are its members:
 *
 * - "segments": [["id", "a/b"]]: values that are added to the path, encoded, each with its name
 *   for vipps_attempt.route.
 * - "query": [["cursor", "1 2"]]: parameters, encoded.
 * - "headers": [["X-Request-Source", "till-7"]].
 * - "idempotency_key": makes it safe to retry a POST or a PATCH, which is not retried otherwise
 *   once it may have been carried out.
 * - "content_type": that of the body, "application/json" by default.
 *
 * `body` is optional, and has `body_length` bytes.
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
 * The HTTP status, 200 to 299.
 */
vipps_status vipps_reply_status(const vipps_reply *reply, int *out_http_status);

/**
 * A header by its name, in any case; NULL if the reply does not have it.
 */
vipps_status vipps_reply_header(const vipps_reply *reply,
                                const char *name,
                                vipps_string **out_value,
                                vipps_error **error);

/**
 * The body. The bytes live until vipps_reply_free(), and have no NUL at their end.
 */
vipps_status vipps_reply_body(const vipps_reply *reply,
                              const uint8_t **out_bytes,
                              size_t *out_length,
                              vipps_error **error);

/**
 * Frees a reply. NULL is fine.
 */
void vipps_reply_free(vipps_reply *reply);

/**
 * A line of a receipt whose amount includes tax. Amounts here and below are in minor units (oere,
 * cents), `tax_rate` in basis points, 0 to 10000 (2500 is 25 %). Total, net and tax of a line
 * always add up.
 */
vipps_status vipps_order_line_from_gross(const char *name,
                                         const char *id,
                                         int64_t total_amount,
                                         uint16_t tax_rate,
                                         vipps_string **out_json,
                                         vipps_error **error);

/**
 * A line of a receipt whose amount excludes tax.
 */
vipps_status vipps_order_line_from_net(const char *name,
                                       const char *id,
                                       int64_t total_amount_excluding_tax,
                                       uint16_t tax_rate,
                                       vipps_string **out_json,
                                       vipps_error **error);

/**
 * The shipping, at an amount that includes tax.
 */
vipps_status vipps_order_line_shipping(const char *name,
                                       const char *id,
                                       int64_t total_amount,
                                       uint16_t tax_rate,
                                       vipps_string **out_json,
                                       vipps_error **error);

/**
 * A line of so many units at a price with tax, rounded to the nearest minor unit. `quantity` is a
 * decimal number such as "3" or "0.822", with a point whatever the locale.
 */
vipps_status vipps_order_line_from_unit_price(const char *name,
                                              const char *id,
                                              int64_t unit_price,
                                              const char *quantity,
                                              uint16_t tax_rate,
                                              vipps_string **out_json,
                                              vipps_error **error);

/**
 * Takes a discount off a line: its total is less by it, and the tax is computed anew.
 */
vipps_status vipps_order_line_apply_discount(const char *line_json,
                                             int64_t amount,
                                             vipps_string **out_json,
                                             vipps_error **error);

/**
 * Splits a discount over the lines of a receipt in proportion to their totals, so that no minor
 * unit is lost, and gives the receipt with it.
 */
vipps_status vipps_receipt_apply_discount(const char *receipt_json,
                                          int64_t amount,
                                          vipps_string **out_json,
                                          vipps_error **error);

/**
 * Checks a receipt as vipps_add_receipt() does before it sends one. The error names every line and
 * field that is wrong.
 */
vipps_status vipps_receipt_validate(const char *receipt_json, vipps_error **error);

/**
 * What is probably a mistake though the API accepts it, such as two lines with one id: [{"name",
 * "reason"}].
 */
vipps_status vipps_receipt_warnings(const char *receipt_json,
                                    vipps_string **out_json,
                                    vipps_error **error);

/**
 * What the app will show below the lines: {"totalAmount", "totalAmountExcludingTax",
 * "totalTaxAmount", "totalDiscount", "shippingAmount", "tax": [...]}.
 */
vipps_status vipps_receipt_totals(const char *receipt_json,
                                  vipps_string **out_json,
                                  vipps_error **error);

/**
 * Splits an amount over `count` weights so that no minor unit is lost. `out_shares` has room for
 * `count` numbers, and may be `weights`. Unlike other outputs it is left as it was if this fails.
 */
vipps_status vipps_allocate(int64_t amount,
                            const int64_t *weights,
                            size_t count,
                            int64_t *out_shares,
                            vipps_error **error);

/**
 * A decimal amount such as "199.90" in minor units: 19990. It has a point whatever the locale, and
 * no more than two decimals.
 */
vipps_status vipps_minor_units(const char *amount, int64_t *out_amount, vipps_error **error);

/**
 * Minor units as a decimal amount: 19990 is the plain text 199.90.
 */
vipps_status vipps_format_minor_units(int64_t amount, vipps_string **out_text, vipps_error **error);

/**
 * A value in a document by its JSON pointer (RFC 6901), such as "/0/msn": a string as its plain
 * text, in which NUL becomes U+FFFD; anything else as JSON, with members sorted by name.
 *
 * It reads the whole document each time: for long lists use a JSON library.
 */
vipps_status vipps_json_get(const char *json,
                            const char *pointer,
                            vipps_string **out_text,
                            vipps_error **error);

/**
 * The number of items of an array, or of members of an object; "" points to the whole document.
 */
vipps_status vipps_json_count(const char *json,
                              const char *pointer,
                              size_t *out_count,
                              vipps_error **error);

/**
 * A text as a JSON string, with quotes and escapes, to be put into a request.
 */
vipps_status vipps_json_quote(const char *plain, vipps_string **out_json, vipps_error **error);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif /* VIPPS_H */
