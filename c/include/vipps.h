/*
 * vipps.h - a blocking client for the Management and Order Management APIs of Vipps MobilePay, for C99 and C++.
 *
 * What holds for every function:
 *
 * - It returns a vipps_status. VIPPS_OK is 0; what the others mean stands at each of them. Only the *_free functions, which cannot
 *   fail, and vipps_version() return something else.
 * - Outputs come last and begin with `out_`. Each that is not NULL is written whatever comes of the call, also if another argument is NULL.
 *   Where there is nothing to give it is NULL, 0 or false, unless the function says otherwise: a pointer that was handed in as an output can
 *   be freed. What stood there before is not freed. vipps_allocate() alone leaves its array as it was if it fails.
 * - `error` is the last output of all. It is set to NULL on success, and to an error for vipps_error_free() otherwise. NULL may be given
 *   by those who need the status only.
 * - NULL for any other argument is VIPPS_NULL_ARGUMENT, unless the argument is said to be optional.
 * - Texts are UTF-8 and end with NUL; one that is not UTF-8 is VIPPS_INVALID_UTF8. Texts that go in are copied: they need not outlive
 *   the call. Texts that come out are whole, and no character is ever cut in two.
 * - JSON has the field names of the service. In a request an unknown field is an error, and so are a field that is there twice, and a value
 *   that the service would refuse: the error names the field by its path, such as orderLines[1].totalAmount, and nothing was sent.
 * - Money is in minor units (oere, cents), tax rates in basis points (2500 is 25 %).
 * - A panic inside the library is VIPPS_PANIC, and the objects that took part may still be freed. One in a *_free function ends there.
 *   Rust prints a line about it to stderr all the same.
 *
 * Threads: a vipps_session may be used by any number of threads at once. A vipps_string and a vipps_error do not change, and may be read by
 * any number of threads until one of them frees it. A vipps_session_builder is for one thread at a time. Each object is freed once, by any
 * thread, when nobody uses it any more.
 *
 * fork: a process may fork between calls, when no other of its threads is in one. The child may use the sessions that it has got; it makes
 * connections of its own and leaves those of the parent alone.
 */
#ifndef VIPPS_H
#define VIPPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The version of this header. vipps_version() gives that of the library. */
#define VIPPS_VERSION "0.1.0"

/* --- Types --------------------------------------------------------------------------------------------------------- */

/** What came of a call. The numbers never change and are never used again; the positive ones are those of the crate's `ErrorKind`. */
typedef enum vipps_status {
    /** It is done. */
    VIPPS_OK = 0,

    /** The session cannot be built like this, or has no merchant serial number for a call that needs one. Nothing was sent. */
    VIPPS_CONFIG = 1,
    /** A value that the service would refuse or silently drop. Nothing was sent. */
    VIPPS_INVALID_INPUT = 2,
    /**
     * The token endpoint answered with an error; vipps_error_is_retryable() tells a busy service from wrong keys. The attempt that wanted
     * the token was not sent; vipps_error_delivery() says what those before it may have done.
     */
    VIPPS_AUTH = 3,
    /** 401: the service did not take the token or the subscription key, a new token included. */
    VIPPS_UNAUTHORIZED = 4,
    /** 403: the keys are good, but not for this. */
    VIPPS_FORBIDDEN = 5,
    /** 404: there is no such thing, or it is not active, or it is not connected to these keys. */
    VIPPS_NOT_FOUND = 6,
    /** 409: it collides with what is there, or an idempotency key came again with another body. */
    VIPPS_CONFLICT = 7,
    /** What was to be made is there already. */
    VIPPS_ALREADY_EXISTS = 8,
    /** 400, or another status from 402 to 499 that has no status of its own here: the request is wrong. */
    VIPPS_REJECTED = 9,
    /** 429: too many requests. */
    VIPPS_RATE_LIMITED = 10,
    /** 408, or a status from 500: the service or something in front of it failed. */
    VIPPS_SERVER = 11,
    /** A status below 400 that is not a success: a redirect, which is never followed. */
    VIPPS_UNEXPECTED_STATUS = 12,
    /** The time was up. */
    VIPPS_TIMEOUT = 13,
    /** No connection: the name was not found, or nobody listened there. */
    VIPPS_CONNECT = 14,
    /** No safe connection: the server's certificate was refused, or TLS failed in another way. */
    VIPPS_TLS = 15,
    /** The connection broke, or what came over it was not HTTP. */
    VIPPS_NETWORK = 16,
    /** The reply cannot be read: not the JSON that was promised, or larger than allowed. */
    VIPPS_DECODE = 17,
    /** The proxy refused; the error has its HTTP status. 407 asks for a user and a password, or for others. */
    VIPPS_PROXY = 18,

    /** An argument is NULL that must not be. Nothing was sent. */
    VIPPS_NULL_ARGUMENT = -1,
    /** An argument is not UTF-8. Nothing was sent. */
    VIPPS_INVALID_UTF8 = -2,
    /** A bug in the library. What was sent is not known. */
    VIPPS_PANIC = -3,

    /** Not a status: it makes the type as wide as an int, whatever the compiler would choose. */
    VIPPS_STATUS_WIDTH = 0x7fffffff
} vipps_status;

/** What a failed call may have done: what decides whether it may be repeated. */
typedef enum vipps_delivery {
    /** The server cannot have seen the request: nothing happened. */
    VIPPS_NOT_SENT = 0,
    /**
     * The request may have been carried out: no answer came, or a 408 or a status from 500, which say nothing about it. Read back, or
     * retry with the same idempotency key.
     */
    VIPPS_DELIVERY_UNKNOWN = 1,
    /** The API answered, and the error holds its answer. */
    VIPPS_ANSWERED = 2,
    /** Not a delivery; see VIPPS_STATUS_WIDTH. */
    VIPPS_DELIVERY_WIDTH = 0x7fffffff
} vipps_delivery;

/** Which of the vendor's servers. */
typedef enum vipps_environment {
    /** https://api.vipps.no. The Management API exists here only. */
    VIPPS_PRODUCTION = 0,
    /** https://apitest.vipps.no, the merchant test server. */
    VIPPS_TEST = 1,
    /** Not an environment; see VIPPS_STATUS_WIDTH. */
    VIPPS_ENVIRONMENT_WIDTH = 0x7fffffff
} vipps_environment;

/** The library that makes TLS connections. Each is there if it was compiled in. */
typedef enum vipps_tls_backend {
    /** rustls with Mozilla's roots, the default. */
    VIPPS_RUSTLS = 0,
    /** The system's: Schannel, Security Framework or OpenSSL. */
    VIPPS_NATIVE_TLS = 1,
    /** Not a library; see VIPPS_STATUS_WIDTH. */
    VIPPS_TLS_BACKEND_WIDTH = 0x7fffffff
} vipps_tls_backend;

/** The keys, the token, the connections and the settings. Made to be shared. */
typedef struct vipps_session vipps_session;
/** The settings of a session that is to be built. */
typedef struct vipps_session_builder vipps_session_builder;
/** Why a call failed. */
typedef struct vipps_error vipps_error;
/** A text that the library made: JSON, unless something else is said. */
typedef struct vipps_string vipps_string;

/**
 * The calling system, sent as the Vipps-System-* headers with every request. Each is 1 to 30 characters of visible ASCII and spaces.
 */
typedef struct vipps_system_info {
    /** The solution, such as "acme". */
    const char *name;
    /** Its version, such as "3.1.2". */
    const char *version;
    /** Optional: the plugin. The headers repeat the solution if it is NULL. */
    const char *plugin_name;
    /** The plugin's version; NULL if and only if plugin_name is. */
    const char *plugin_version;
} vipps_system_info;

/** One attempt of a call, as an observer sees it. It and its texts live as long as the observer's call. */
typedef struct vipps_attempt {
    /** Such as "GET". */
    const char *method;
    /** The path and the query. */
    const char *path;
    /** The trace id of an error's reply, or NULL. */
    const char *trace_id;
    /** The HTTP status, or 0 if no answer came. */
    int32_t http_status;
    /** Which attempt of its call it was, 1 for the first. */
    uint32_t attempt;
    /** How long it took, in microseconds. */
    uint64_t elapsed_us;
} vipps_attempt;

/**
 * Is called after every attempt of every call, token requests included, on the thread that made it: several threads may be in it at once. It must not call this library with the same session, nor throw, nor
 * leave by longjmp().
 */
typedef void (*vipps_observer)(void *user, const vipps_attempt *attempt);

/**
 * Is called once, by any thread, when the observer will not be called any more. It must not use the builder that the observer was given to,
 * nor a session that was made of it, nor throw, nor leave by longjmp().
 */
typedef void (*vipps_release)(void *user);

/* --- The library --------------------------------------------------------------------------------------------------- */

/**
 * The version of the library, such as "0.1.0".
 *
 * Owner: the library; it is never freed.
 * Threads: any.
 */
const char *vipps_version(void);

/* --- Texts --------------------------------------------------------------------------------------------------------- */

/**
 * The text, with a NUL at its end.
 *
 * Owner: the string; it lives until vipps_string_free().
 * Threads: any, any number at once.
 */
vipps_status vipps_string_text(const vipps_string *string, const char **out_text);

/**
 * The number of bytes before the NUL.
 *
 * Owner: nothing to free.
 * Threads: any, any number at once.
 */
vipps_status vipps_string_length(const vipps_string *string, size_t *out_length);

/**
 * Frees a string. NULL is fine.
 *
 * Owner: the caller was; the string is gone.
 * Threads: any, when nobody reads it any more.
 */
void vipps_string_free(vipps_string *string);

/* --- Errors -------------------------------------------------------------------------------------------------------- */

/**
 * The status of the call that failed. VIPPS_OK if `error` is NULL.
 *
 * Owner: nothing to free.
 * Threads: any, any number at once.
 */
vipps_status vipps_error_status(const vipps_error *error, vipps_status *out_status);

/**
 * The status as a word, such as "InvalidInput". It never changes for one status.
 *
 * Owner: the error; it lives until vipps_error_free().
 * Threads: any, any number at once.
 */
vipps_status vipps_error_kind_name(const vipps_error *error, const char **out_text);

/**
 * One line for people: method, path, HTTP status and what the service said. It holds no key and no token.
 *
 * Owner: the error; it lives until vipps_error_free().
 * Threads: any, any number at once.
 */
vipps_status vipps_error_message(const vipps_error *error, const char **out_text);

/**
 * The HTTP status, or 0 if the service did not answer.
 *
 * Owner: nothing to free.
 * Threads: any, any number at once.
 */
vipps_status vipps_error_http_status(const vipps_error *error, int *out_http_status);

/**
 * The method of the request that failed, or NULL if there was none to send.
 *
 * Owner: the error; it lives until vipps_error_free().
 * Threads: any, any number at once.
 */
vipps_status vipps_error_method(const vipps_error *error, const char **out_text);

/**
 * The path and query of the request that failed, or NULL if there was none to send.
 *
 * Owner: the error; it lives until vipps_error_free().
 * Threads: any, any number at once.
 */
vipps_status vipps_error_path(const vipps_error *error, const char **out_text);

/**
 * The service's own code, such as "invalid_client", or NULL.
 *
 * Owner: the error; it lives until vipps_error_free().
 * Threads: any, any number at once.
 */
vipps_status vipps_error_code(const vipps_error *error, const char **out_text);

/**
 * The trace id of the failed request, for the vendor's support, or NULL.
 *
 * Owner: the error; it lives until vipps_error_free().
 * Threads: any, any number at once.
 */
vipps_status vipps_error_trace_id(const vipps_error *error, const char **out_text);

/**
 * What the call may have done, all its attempts taken together. VIPPS_DELIVERY_UNKNOWN if `error` is NULL.
 *
 * Owner: nothing to free.
 * Threads: any, any number at once.
 */
vipps_status vipps_error_delivery(const vipps_error *error, vipps_delivery *out_delivery);

/**
 * Whether the same call may succeed later and can be repeated without doing a thing twice.
 *
 * Owner: nothing to free.
 * Threads: any, any number at once.
 */
vipps_status vipps_error_is_retryable(const vipps_error *error, bool *out_is_retryable);

/**
 * How long the service asked to wait, or -1 if it did not or if `error` is NULL.
 *
 * Owner: nothing to free.
 * Threads: any, any number at once.
 */
vipps_status vipps_error_retry_after_ms(const vipps_error *error, int64_t *out_milliseconds);

/**
 * What is wrong with single fields or arguments, as JSON: [{"name": "...", "reason": "..."}], [] if there is
 * nothing.
 *
 * Owner: the error; it lives until vipps_error_free().
 * Threads: any, any number at once.
 */
vipps_status vipps_error_field_problems(const vipps_error *error, const char **out_text);

/**
 * Frees an error. NULL is fine.
 *
 * Owner: the caller was; the error is gone.
 * Threads: any, when nobody reads it any more.
 */
void vipps_error_free(vipps_error *error);

/* --- Sessions ------------------------------------------------------------------------------------------------------ */

/**
 * A session from the environment: VIPPS_CLIENT_ID, VIPPS_CLIENT_SECRET and VIPPS_SUBSCRIPTION_KEY, or
 * VIPPS_KEYS=management without the subscription key; optionally VIPPS_MERCHANT_SERIAL_NUMBER and
 * VIPPS_BASE_URL. Sends nothing.
 *
 * The error is VIPPS_CONFIG and names every variable that is missing.
 *
 * Owner: the caller frees *out_session with vipps_session_free(), and *error with vipps_error_free().
 * Threads: any. No other thread may change the environment meanwhile.
 */
vipps_status vipps_session_new_from_env(
    const vipps_system_info *system,
    vipps_session **out_session,
    vipps_error **error);

/**
 * A session from settings as a JSON object. Sends nothing.
 *
 *   "clientId", "clientSecret", "systemName", "systemVersion": required.
 *   "keys": "standard", the default, or "management"; "subscriptionKey": required for standard keys and for no
 *   others.
 *   "systemPluginName", "systemPluginVersion": optional, together.
 *   "environment": "production", the default, or "test"; "baseUrl": another server; "allowPlainHttp": true or
 *   false.
 *   "merchantSerialNumber": 4 to 10 digits. The Order Management API needs it.
 *   "timeoutMs": 60000 if it is not set; "connectTimeoutMs": 10000; "maxResponseBytes": 67108864.
 *   "retry": {"maxAttempts": 3, "initialBackoffMs": 500, "maxBackoffMs": 8000}, each optional; one attempt is no
 *   repetition.
 *   "proxy": "http://host:port"; "proxyFromEnv": true or false.
 *   "tlsBackend": "rustls" or "native-tls"; "rootCertificates": a PEM bundle that is trusted instead of the
 *   built-in roots.
 *   "userAgentSuffix": such as "acme-billing/2.1"; "accessToken": {"token": "...", "expiresInMs": 3600000},
 *   kept by an earlier run.
 *
 * The error is VIPPS_CONFIG and names the setting, such as retry.maxAttempts. A setting that is unknown or there twice is an error too. No
 * error shows a key, a token or a password.
 *
 * Owner: the caller frees *out_session with vipps_session_free(), and *error with vipps_error_free().
 * Threads: any. With "proxyFromEnv", no other thread may change the environment meanwhile.
 */
vipps_status vipps_session_new_from_json(const char *config_json, vipps_session **out_session, vipps_error **error);

/**
 * Another handle of the same session: same token, same connections, same settings.
 *
 * Owner: the caller frees *out_session with vipps_session_free(), and *error with vipps_error_free().
 * Threads: any, any number at once with one session.
 */
vipps_status vipps_session_clone(const vipps_session *session, vipps_session **out_session, vipps_error **error);

/**
 * The same session for another sales unit: same token, same connections, another Merchant-Serial-Number
 * header. `msn` is 4 to 10 digits.
 *
 * Owner: the caller frees *out_session with vipps_session_free(), and *error with vipps_error_free().
 * Threads: any, any number at once with one session.
 */
vipps_status vipps_session_for_sales_unit(
    const vipps_session *session,
    const char *msn,
    vipps_session **out_session,
    vipps_error **error);

/**
 * A token that is good now, fetched if need be, and for how long. The token is plain text: keep it out of
 * logs.
 *
 * POST /accesstoken/get, or POST /miami/v1/token with management keys
 *
 * Owner: the caller frees *out_token with vipps_string_free(), and *error with vipps_error_free().
 * Threads: any, any number at once with one session.
 */
vipps_status vipps_session_access_token(
    const vipps_session *session,
    vipps_string **out_token,
    uint64_t *out_expires_in_ms,
    vipps_error **error);

/**
 * Frees a handle of a session. NULL is fine. The last one closes the connections.
 *
 * Owner: the caller was; the handle is gone. Its clones and what was made of it live on.
 * Threads: any, when nobody uses this handle any more.
 */
void vipps_session_free(vipps_session *session);

/* --- Sessions, setting by setting ---------------------------------------------------------------------------------- */

/**
 * Begins a session with the keys of a sales unit or of a partner.
 *
 * Owner: the caller frees *out_builder with vipps_session_builder_free(), and *error with vipps_error_free().
 * Threads: any.
 */
vipps_status vipps_session_builder_new(
    const char *client_id,
    const char *client_secret,
    const char *subscription_key,
    const vipps_system_info *system,
    vipps_session_builder **out_builder,
    vipps_error **error);

/**
 * Begins a session with a partner's management keys, which have no subscription key.
 *
 * Owner: the caller frees *out_builder with vipps_session_builder_free(), and *error with vipps_error_free().
 * Threads: any.
 */
vipps_status vipps_session_builder_new_management(
    const char *client_id,
    const char *client_secret,
    const vipps_system_info *system,
    vipps_session_builder **out_builder,
    vipps_error **error);

/**
 * Begins with the settings of vipps_session_new_from_env().
 *
 * Owner: the caller frees *out_builder with vipps_session_builder_free(), and *error with vipps_error_free().
 * Threads: any. No other thread may change the environment meanwhile.
 */
vipps_status vipps_session_builder_new_from_env(
    const vipps_system_info *system,
    vipps_session_builder **out_builder,
    vipps_error **error);

/**
 * Begins with the settings of vipps_session_new_from_json().
 *
 * Owner: the caller frees *out_builder with vipps_session_builder_free(), and *error with vipps_error_free().
 * Threads: any.
 */
vipps_status vipps_session_builder_new_from_json(
    const char *config_json,
    vipps_session_builder **out_builder,
    vipps_error **error);

/**
 * Which of the vendor's servers; production if this is not called.
 *
 * Owner: the caller frees *error with vipps_error_free(). The builder stays the caller's, as it was if this
 * fails.
 * Threads: one at a time with one builder.
 */
vipps_status vipps_session_builder_environment(
    vipps_session_builder *builder,
    vipps_environment environment,
    vipps_error **error);

/**
 * Another server, which wins over the environment: an https address, or an http one on loopback, optionally
 * with a port and a path.
 *
 * Owner: the caller frees *error with vipps_error_free(). The builder stays the caller's, as it was if this
 * fails.
 * Threads: one at a time with one builder.
 */
vipps_status vipps_session_builder_base_url(vipps_session_builder *builder, const char *url, vipps_error **error);

/**
 * Allows http to other hosts than loopback. Keys and tokens cross that network in the clear.
 *
 * Owner: the caller frees *error with vipps_error_free(). The builder stays the caller's, as it was if this
 * fails.
 * Threads: one at a time with one builder.
 */
vipps_status vipps_session_builder_allow_plain_http(vipps_session_builder *builder, vipps_error **error);

/**
 * The sales unit that the calls are made for, 4 to 10 digits. The Order Management API needs it.
 *
 * Owner: the caller frees *error with vipps_error_free(). The builder stays the caller's, as it was if this
 * fails.
 * Threads: one at a time with one builder.
 */
vipps_status vipps_session_builder_merchant_serial_number(
    vipps_session_builder *builder,
    const char *msn,
    vipps_error **error);

/**
 * The time for one call: token, name resolution, all attempts and the waits between them. 60 s if this is not
 * called.
 *
 * Owner: the caller frees *error with vipps_error_free(). The builder stays the caller's, as it was if this
 * fails.
 * Threads: one at a time with one builder.
 */
vipps_status vipps_session_builder_timeout_ms(
    vipps_session_builder *builder,
    uint64_t milliseconds,
    vipps_error **error);

/**
 * The time for looking up the host, and again for connecting to it. 10 s if this is not called.
 *
 * Owner: the caller frees *error with vipps_error_free(). The builder stays the caller's, as it was if this
 * fails.
 * Threads: one at a time with one builder.
 */
vipps_status vipps_session_builder_connect_timeout_ms(
    vipps_session_builder *builder,
    uint64_t milliseconds,
    vipps_error **error);

/**
 * How failed calls are repeated: at most so many attempts, the first included, with a random wait of up to
 * initial_backoff_ms before the second, doubled for each that follows up to max_backoff_ms. 3, 500 and 8000 if
 * this is not called.
 *
 * Owner: the caller frees *error with vipps_error_free(). The builder stays the caller's, as it was if this
 * fails.
 * Threads: one at a time with one builder.
 */
vipps_status vipps_session_builder_retry(
    vipps_session_builder *builder,
    uint32_t max_attempts,
    uint64_t initial_backoff_ms,
    uint64_t max_backoff_ms,
    vipps_error **error);

/**
 * Repeats no call. One that is refused with 401 is repeated with a new token all the same, once.
 *
 * Owner: the caller frees *error with vipps_error_free(). The builder stays the caller's, as it was if this
 * fails.
 * Threads: one at a time with one builder.
 */
vipps_status vipps_session_builder_no_retry(vipps_session_builder *builder, vipps_error **error);

/**
 * An HTTP proxy: "http://host:port" or "https://host:port", with "user:password@" if it asks for them. None if
 * this is not called, whatever the environment says. For a plain http address on this machine it has to be on
 * this machine too, unless plain http is allowed.
 *
 * Owner: the caller frees *error with vipps_error_free(). The builder stays the caller's, as it was if this
 * fails.
 * Threads: one at a time with one builder.
 */
vipps_status vipps_session_builder_proxy(vipps_session_builder *builder, const char *url, vipps_error **error);

/**
 * The proxy of HTTPS_PROXY (HTTP_PROXY for an http address) or ALL_PROXY, unless NO_PROXY names the host, read
 * when the session is built. One elsewhere is passed by for a plain http address on this machine, unless plain
 * http is allowed.
 *
 * Owner: the caller frees *error with vipps_error_free(). The builder stays the caller's, as it was if this
 * fails.
 * Threads: one at a time with one builder. No other thread may change the environment while the session is
 * built.
 */
vipps_status vipps_session_builder_proxy_from_env(vipps_session_builder *builder, vipps_error **error);

/**
 * The TLS library. It is an error of the build if it was not compiled in.
 *
 * Owner: the caller frees *error with vipps_error_free(). The builder stays the caller's, as it was if this
 * fails.
 * Threads: one at a time with one builder.
 */
vipps_status vipps_session_builder_tls_backend(
    vipps_session_builder *builder,
    vipps_tls_backend backend,
    vipps_error **error);

/**
 * Trusts the certificates of this PEM bundle of `length` bytes instead of the built-in roots. The bytes are
 * copied.
 *
 * Owner: the caller frees *error with vipps_error_free(). The builder stays the caller's, as it was if this
 * fails.
 * Threads: one at a time with one builder.
 */
vipps_status vipps_session_builder_root_certificates(
    vipps_session_builder *builder,
    const uint8_t *pem,
    size_t length,
    vipps_error **error);

/**
 * The largest reply that is read, in bytes after decompression. 64 MiB if this is not called.
 *
 * Owner: the caller frees *error with vipps_error_free(). The builder stays the caller's, as it was if this
 * fails.
 * Threads: one at a time with one builder.
 */
vipps_status vipps_session_builder_max_response_bytes(
    vipps_session_builder *builder,
    uint64_t bytes,
    vipps_error **error);

/**
 * Adds a product to the User-Agent header, such as "acme-billing/2.1".
 *
 * Owner: the caller frees *error with vipps_error_free(). The builder stays the caller's, as it was if this
 * fails.
 * Threads: one at a time with one builder.
 */
vipps_status vipps_session_builder_user_agent_suffix(
    vipps_session_builder *builder,
    const char *suffix,
    vipps_error **error);

/**
 * Begins with a token that an earlier run kept, and that is still good for so long.
 *
 * Owner: the caller frees *error with vipps_error_free(). The builder stays the caller's, as it was if this
 * fails.
 * Threads: one at a time with one builder.
 */
vipps_status vipps_session_builder_access_token(
    vipps_session_builder *builder,
    const char *token,
    uint64_t expires_in_ms,
    vipps_error **error);

/**
 * Has `callback` called with `user` after every attempt. `user` is optional and is not looked at. `release` is
 * optional: it is called once with `user` when `callback` will not be called any more, which may be after the
 * last vipps_session_free(), as a renewal of the token may be on its way; or when the builder is freed
 * unbuilt, cannot be built, or gets another observer. It is not called if this function fails.
 *
 * Owner: `user` stays the caller's, and must live until `release` is called. The caller frees *error with
 * vipps_error_free(). The builder stays the caller's, as it was if this fails.
 * Threads: one at a time with one builder. `callback` and `release` are called by any thread.
 */
vipps_status vipps_session_builder_observer(
    vipps_session_builder *builder,
    vipps_observer callback,
    void *user,
    vipps_release release,
    vipps_error **error);

/**
 * Checks the settings and makes the session. Sends nothing. The builder is spent, whether it succeeds or not,
 * unless `out_session` is NULL: all that is left to do with it is to free it.
 *
 * The error is VIPPS_CONFIG and names the setting: "timeout_ms" for vipps_session_builder_timeout_ms(), and so
 * on; or "timeoutMs" if the builder began with JSON; or the variable that it came from.
 *
 * Owner: the caller frees *out_session with vipps_session_free(), and *error with vipps_error_free(). The
 * builder stays the caller's to free.
 * Threads: one at a time with one builder. With a proxy from the environment, no other thread may change the
 * environment meanwhile.
 */
vipps_status vipps_session_builder_build(
    vipps_session_builder *builder,
    vipps_session **out_session,
    vipps_error **error);

/**
 * Frees a builder. NULL is fine. A session that was built lives on.
 *
 * Owner: the caller was; the builder is gone.
 * Threads: any, when nobody uses it any more.
 */
void vipps_session_builder_free(vipps_session_builder *builder);

/* --- Management API ------------------------------------------------------------------------------------------------ */

/**
 * Lists all sales units that the keys give access to: [{"msn", "name"}].
 *
 * GET /management/v1/sales-units
 *
 * Owner: the caller frees *out_json with vipps_string_free(), and *error with vipps_error_free().
 * Threads: any, any number at once with one session.
 */
vipps_status vipps_list_sales_units(const vipps_session *session, vipps_string **out_json, vipps_error **error);

/**
 * Gets a sales unit with its configuration. `msn` is 4 to 10 digits.
 *
 * GET /management/v1/sales-units/{msn}
 *
 * Owner: the caller frees *out_json with vipps_string_free(), and *error with vipps_error_free().
 * Threads: any, any number at once with one session.
 */
vipps_status vipps_get_sales_unit(
    const vipps_session *session,
    const char *msn,
    vipps_string **out_json,
    vipps_error **error);

/**
 * Lists the sales units of one merchant: [{"msn", "name"}]. `scheme` is the register, 10 to 30 characters such
 * as "business:NO:ORG", "business:DK:CVR" or "business:FI:Y-tunnus"; `id` the number in it, 4 to 50 digits and
 * hyphens.
 *
 * GET /management/v1/merchants/{scheme}/{id}/sales-units
 *
 * Owner: the caller frees *out_json with vipps_string_free(), and *error with vipps_error_free().
 * Threads: any, any number at once with one session.
 */
vipps_status vipps_list_merchant_sales_units(
    const vipps_session *session,
    const char *scheme,
    const char *id,
    vipps_string **out_json,
    vipps_error **error);

/**
 * Gets what is known of a merchant. `scheme` and `id` are as for vipps_list_merchant_sales_units().
 *
 * GET /management/v1/merchants/{scheme}/{id}
 *
 * Owner: the caller frees *out_json with vipps_string_free(), and *error with vipps_error_free().
 * Threads: any, any number at once with one session.
 */
vipps_status vipps_get_merchant(
    const vipps_session *session,
    const char *scheme,
    const char *id,
    vipps_string **out_json,
    vipps_error **error);

/**
 * Lists the product orders that are connected to a partner. `request_json` is {} or {"includeExpired": true}.
 *
 * GET /management/v2/product-orders?includeExpired=
 *
 * Owner: the caller frees *out_json with vipps_string_free(), and *error with vipps_error_free().
 * Threads: any, any number at once with one session.
 */
vipps_status vipps_list_product_orders(
    const vipps_session *session,
    const char *request_json,
    vipps_string **out_json,
    vipps_error **error);

/**
 * Orders a product for a merchant: {"prefilledOrderId", "prefillUrl"}. Required in `order_json` are
 * "businessIdentifier": {"scheme", "id"} and "productType".
 *
 * Beside the fields of the service it takes "idempotencyKey", 1 to 50 letters, digits and hyphens: however
 * often an order is sent with one key, there is one order. vipps_idempotency_key_new() makes one. Without it
 * every call has a new one, and is another order; the attempts within one call share it. The service keeps a
 * refusal with the key: an order that was corrected after one needs a new key.
 *
 * POST /management/v1/product-orders
 *
 * Owner: the caller frees *out_json with vipps_string_free(), and *error with vipps_error_free().
 * Threads: any, any number at once with one session.
 */
vipps_status vipps_prefill_product_order(
    const vipps_session *session,
    const char *order_json,
    vipps_string **out_json,
    vipps_error **error);

/**
 * A new idempotency key that no other call, thread or process makes: 36 characters of plain text.
 *
 * Owner: the caller frees *out_key with vipps_string_free(), and *error with vipps_error_free().
 * Threads: any.
 */
vipps_status vipps_idempotency_key_new(vipps_string **out_key, vipps_error **error);

/**
 * Gets a product order with its status. `product_order_id` is a UUID.
 *
 * GET /management/v2/product-orders/{productOrderId}/details
 *
 * Owner: the caller frees *out_json with vipps_string_free(), and *error with vipps_error_free().
 * Threads: any, any number at once with one session.
 */
vipps_status vipps_get_product_order(
    const vipps_session *session,
    const char *product_order_id,
    vipps_string **out_json,
    vipps_error **error);

/**
 * Deletes a product order that the merchant has not submitted yet. `product_order_id` is a UUID. A 404 is a
 * success if it answers a repetition: the attempt before it is taken to have deleted the order.
 *
 * DELETE /management/v1/product-orders/{productOrderId}
 *
 * Owner: the caller frees *error with vipps_error_free().
 * Threads: any, any number at once with one session.
 */
vipps_status vipps_delete_product_order(
    const vipps_session *session,
    const char *product_order_id,
    vipps_error **error);

/**
 * Lists the price packages that a partner can offer. Needs partner keys.
 *
 * GET /management/v1/partners/price-packages
 *
 * Owner: the caller frees *out_json with vipps_string_free(), and *error with vipps_error_free().
 * Threads: any, any number at once with one session.
 */
vipps_status vipps_list_price_packages(const vipps_session *session, vipps_string **out_json, vipps_error **error);

/* --- Order Management API ------------------------------------------------------------------------------------------ */

/*
 * `payment_type` is "ECOM" for a single payment and "RECURRING" for a charge of a recurring agreement; `order_id` is the reference of the
 * payment: letters, digits and - _ . All of these need a session with a merchant serial number, from its settings or from
 * vipps_session_for_sales_unit(); without one the error is VIPPS_CONFIG.
 */

/**
 * Uploads a picture of `length` bytes: PNG or JPEG, at least 167 px high, at most 2 MB. Gives {"imageId"},
 * which is the id to use from now on. `image_id` is 1 to 128 letters, digits and - _ .
 *
 * POST /order-management/v1/images
 *
 * Owner: the caller frees *out_json with vipps_string_free(), and *error with vipps_error_free(). The picture
 * stays the caller's, and need not outlive the call.
 * Threads: any, any number at once with one session.
 */
vipps_status vipps_add_image(
    const vipps_session *session,
    const char *image_id,
    const uint8_t *picture,
    size_t length,
    vipps_string **out_json,
    vipps_error **error);

/**
 * Puts a link on the order's page in the app, in the place of the one that is there. `category_json` is
 * {"category": "DELIVERY", "orderDetailsUrl": "https://...", "imageId": "..."}, the last one optional. Gives a
 * JSON string: what the service answers, a UUID.
 *
 * PUT /order-management/v2/{paymentType}/categories/{orderId}
 *
 * Owner: the caller frees *out_json with vipps_string_free(), and *error with vipps_error_free().
 * Threads: any, any number at once with one session.
 */
vipps_status vipps_put_category(
    const vipps_session *session,
    const char *payment_type,
    const char *order_id,
    const char *category_json,
    vipps_string **out_json,
    vipps_error **error);

/**
 * Adds a receipt to an order, which can never be changed: {"orderLines": [...], "bottomLine": {"currency":
 * "NOK"}}. Gives a JSON string: what the service answers, a UUID. Where the outcome is unknown, nothing is
 * repeated; vipps_ensure_receipt() is the call that may be made again.
 *
 * POST /order-management/v2/{paymentType}/receipts/{orderId}
 *
 * Owner: the caller frees *out_json with vipps_string_free(), and *error with vipps_error_free().
 * Threads: any, any number at once with one session.
 */
vipps_status vipps_add_receipt(
    const vipps_session *session,
    const char *payment_type,
    const char *order_id,
    const char *receipt_json,
    vipps_string **out_json,
    vipps_error **error);

/**
 * Makes sure that an order has this receipt, however often it is called and wherever it is cut off. Gives
 * {"outcome": "added", "answer": "..."}, with what the service answers, a UUID, or {"outcome": "alreadyThere"}.
 * If the order has another receipt the error is VIPPS_ALREADY_EXISTS, with what differs as its field problems.
 *
 * POST /order-management/v2/{paymentType}/receipts/{orderId} and GET
 * /order-management/v2/{paymentType}/{orderId}
 *
 * Owner: the caller frees *out_json with vipps_string_free(), and *error with vipps_error_free().
 * Threads: any, any number at once with one session.
 */
vipps_status vipps_ensure_receipt(
    const vipps_session *session,
    const char *payment_type,
    const char *order_id,
    const char *receipt_json,
    vipps_string **out_json,
    vipps_error **error);

/**
 * Gets what was added to an order: {"category": {...}, "receipt": {...}}, either of which may be missing.
 *
 * GET /order-management/v2/{paymentType}/{orderId}
 *
 * Owner: the caller frees *out_json with vipps_string_free(), and *error with vipps_error_free().
 * Threads: any, any number at once with one session.
 */
vipps_status vipps_get_order(
    const vipps_session *session,
    const char *payment_type,
    const char *order_id,
    vipps_string **out_json,
    vipps_error **error);

/**
 * Adds a link to an order, which can have several: {"orderId", "paymentType", "type": "TICKET", "url",
 * "imageId"}, the last one optional. Gives {"categoryId"}.
 *
 * POST /order-management/v3/categories
 *
 * Owner: the caller frees *out_json with vipps_string_free(), and *error with vipps_error_free().
 * Threads: any, any number at once with one session.
 */
vipps_status vipps_add_category(
    const vipps_session *session,
    const char *category_json,
    vipps_string **out_json,
    vipps_error **error);

/**
 * Lists the links of an order.
 *
 * GET /order-management/v3/categories?orderId=
 *
 * Owner: the caller frees *out_json with vipps_string_free(), and *error with vipps_error_free().
 * Threads: any, any number at once with one session.
 */
vipps_status vipps_list_categories(
    const vipps_session *session,
    const char *order_id,
    vipps_string **out_json,
    vipps_error **error);

/**
 * Gets a link. `category_id` is a UUID.
 *
 * GET /order-management/v3/categories/{categoryId}
 *
 * Owner: the caller frees *out_json with vipps_string_free(), and *error with vipps_error_free().
 * Threads: any, any number at once with one session.
 */
vipps_status vipps_get_category(
    const vipps_session *session,
    const char *category_id,
    vipps_string **out_json,
    vipps_error **error);

/**
 * Deletes a link. `category_id` is a UUID.
 *
 * DELETE /order-management/v3/categories/{categoryId}
 *
 * Owner: the caller frees *error with vipps_error_free().
 * Threads: any, any number at once with one session.
 */
vipps_status vipps_delete_category(const vipps_session *session, const char *category_id, vipps_error **error);

/* --- Version 1 of the Order Management API, which the service no longer offers ------------------------------------- */

/**
 * Puts a link on the page of a payment. Deprecated: vipps_put_category() is what the service offers.
 *
 * PUT /order-management/v1/orders/{transactionId}
 *
 * Owner: the caller frees *error with vipps_error_free().
 * Threads: any, any number at once with one session.
 */
vipps_status vipps_v1_put_order(
    const vipps_session *session,
    const char *transaction_id,
    const char *category_json,
    vipps_error **error);

/**
 * Gets the link of a payment. Deprecated: vipps_get_order() is what the service offers.
 *
 * GET /order-management/v1/orders/{transactionId}
 *
 * Owner: the caller frees *out_json with vipps_string_free(), and *error with vipps_error_free().
 * Threads: any, any number at once with one session.
 */
vipps_status vipps_v1_get_order(
    const vipps_session *session,
    const char *transaction_id,
    vipps_string **out_json,
    vipps_error **error);

/**
 * Adds a receipt to a payment. Deprecated: vipps_add_receipt() is what the service offers.
 *
 * POST /order-management/v1/receipts/{transactionId}
 *
 * Owner: the caller frees *error with vipps_error_free().
 * Threads: any, any number at once with one session.
 */
vipps_status vipps_v1_add_receipt(
    const vipps_session *session,
    const char *transaction_id,
    const char *receipt_json,
    vipps_error **error);

/**
 * Gets the receipt of a payment. Deprecated: vipps_get_order() is what the service offers.
 *
 * GET /order-management/v1/receipts/{transactionId}
 *
 * Owner: the caller frees *out_json with vipps_string_free(), and *error with vipps_error_free().
 * Threads: any, any number at once with one session.
 */
vipps_status vipps_v1_get_receipt(
    const vipps_session *session,
    const char *transaction_id,
    vipps_string **out_json,
    vipps_error **error);

/* --- Any other endpoint -------------------------------------------------------------------------------------------- */

/**
 * Calls an endpoint that has no function here, with token, headers, retries and errors as everywhere. `method`
 * is "GET", "POST", "PUT", "PATCH" or "DELETE"; `path` begins with a slash and may have a query; `body_json`
 * is optional, and NULL for GET and DELETE. Gives what the service answers, or null. A POST is never repeated
 * when its outcome is unknown.
 *
 * Owner: the caller frees *out_json with vipps_string_free(), and *error with vipps_error_free().
 * Threads: any, any number at once with one session.
 */
vipps_status vipps_raw(
    const vipps_session *session,
    const char *method,
    const char *path,
    const char *body_json,
    vipps_string **out_json,
    vipps_error **error);

/* --- Receipts that add up ------------------------------------------------------------------------------------------ */

/*
 * These send nothing. A line has "totalAmount" with tax and after the discount, "totalAmountExcludingTax" and "totalTaxAmount", which always
 * add up. `tax_rate` is in basis points, 0 to 10000.
 */

/**
 * A line of a receipt whose amount includes tax.
 *
 * Owner: the caller frees *out_json with vipps_string_free(), and *error with vipps_error_free().
 * Threads: any.
 */
vipps_status vipps_order_line_from_gross(
    const char *name,
    const char *id,
    int64_t total_amount,
    uint16_t tax_rate,
    vipps_string **out_json,
    vipps_error **error);

/**
 * A line of a receipt whose amount excludes tax.
 *
 * Owner: the caller frees *out_json with vipps_string_free(), and *error with vipps_error_free().
 * Threads: any.
 */
vipps_status vipps_order_line_from_net(
    const char *name,
    const char *id,
    int64_t total_amount_excluding_tax,
    uint16_t tax_rate,
    vipps_string **out_json,
    vipps_error **error);

/**
 * A line of so many units at a price with tax, rounded to the nearest minor unit. `quantity` is a decimal
 * number such as "3" or "0.822".
 *
 * Owner: the caller frees *out_json with vipps_string_free(), and *error with vipps_error_free().
 * Threads: any.
 */
vipps_status vipps_order_line_from_unit_price(
    const char *name,
    const char *id,
    int64_t unit_price,
    const char *quantity,
    uint16_t tax_rate,
    vipps_string **out_json,
    vipps_error **error);

/**
 * The shipping, at an amount that includes tax.
 *
 * Owner: the caller frees *out_json with vipps_string_free(), and *error with vipps_error_free().
 * Threads: any.
 */
vipps_status vipps_order_line_shipping(
    const char *name,
    const char *id,
    int64_t total_amount,
    uint16_t tax_rate,
    vipps_string **out_json,
    vipps_error **error);

/**
 * Takes a discount off a line: its total is less by it, and the tax is computed anew.
 *
 * Owner: the caller frees *out_json with vipps_string_free(), and *error with vipps_error_free().
 * Threads: any.
 */
vipps_status vipps_order_line_apply_discount(
    const char *line_json,
    int64_t amount,
    vipps_string **out_json,
    vipps_error **error);

/**
 * Splits an amount over `count` weights so that no minor unit is lost; for a discount on a whole order the
 * weights are the totals of its lines. `out_shares` has room for `count` numbers, and may be `weights`. It is
 * left alone if this fails.
 *
 * Owner: the caller frees *error with vipps_error_free(). Both arrays stay the caller's.
 * Threads: any.
 */
vipps_status vipps_allocate(
    int64_t amount,
    const int64_t *weights,
    size_t count,
    int64_t *out_shares,
    vipps_error **error);

/**
 * Checks a receipt as vipps_add_receipt() does before it sends one. The error names every line and field that
 * is wrong.
 *
 * Owner: the caller frees *error with vipps_error_free().
 * Threads: any.
 */
vipps_status vipps_receipt_validate(const char *receipt_json, vipps_error **error);

/**
 * What the app will show below the lines: {"totalAmount", "totalAmountExcludingTax", "totalTaxAmount",
 * "totalDiscount", "shippingAmount", "tax": [...]}.
 *
 * Owner: the caller frees *out_json with vipps_string_free(), and *error with vipps_error_free().
 * Threads: any.
 */
vipps_status vipps_receipt_totals(const char *receipt_json, vipps_string **out_json, vipps_error **error);

/* --- JSON, for programs that have no library for it ---------------------------------------------------------------- */

/**
 * A value in a document by its JSON pointer (RFC 6901), such as "/0/msn": a string as its plain text, in which
 * NUL becomes U+FFFD; anything else as JSON, in which members are sorted by name, and a number is written as a
 * 64-bit integer or the shortest double: 1.10 as 1.1.
 *
 * It reads the whole document each time: for lists of thousands of items a JSON library is the better way.
 *
 * Owner: the caller frees *out_text with vipps_string_free(), and *error with vipps_error_free().
 * Threads: any.
 */
vipps_status vipps_json_get(const char *json, const char *pointer, vipps_string **out_text, vipps_error **error);

/**
 * The number of items of an array, or of members of an object; "" points to the whole document.
 *
 * Owner: the caller frees *error with vipps_error_free().
 * Threads: any.
 */
vipps_status vipps_json_count(const char *json, const char *pointer, size_t *out_count, vipps_error **error);

/**
 * A text as a JSON string, with quotes and escapes, to be put into a request.
 *
 * Owner: the caller frees *out_json with vipps_string_free(), and *error with vipps_error_free().
 * Threads: any.
 */
vipps_status vipps_json_quote(const char *plain, vipps_string **out_json, vipps_error **error);

#ifdef __cplusplus
}
#endif

#endif
