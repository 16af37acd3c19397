/*
 * vipps.hpp - C++17 wrapper of vipps.h, with RAII handles and exceptions.
 *
 *     auto session = vipps::session::from_env(R"({"system": {"name": "acme", "version": "1"}})");
 *     std::string units = session.list_sales_units();
 *
 * Any number of threads may use one session. Requests and replies are JSON, as in vipps.h.
 */
#ifndef VIPPS_HPP
#define VIPPS_HPP

#include "vipps.h"

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace vipps {

/* A failed call. Copies share the vipps_error. */
class error : public std::exception {
public:
    error(vipps_status status, vipps_error *owned)
        : status_(status), error_(owned, vipps_error_free) {}

    const char *what() const noexcept override
    {
        const char *text = nullptr;
        return vipps_error_message(error_.get(), &text) == VIPPS_OK ? text : "vipps: call failed";
    }

    vipps_status status() const noexcept { return status_; }

    /* 0 if there was no reply. */
    int http_status() const noexcept { return read<int>(vipps_error_http_status); }

    vipps_delivery delivery() const noexcept
    {
        vipps_delivery delivery = VIPPS_DELIVERY_UNKNOWN;
        vipps_error_delivery(error_.get(), &delivery);
        return delivery;
    }

    bool is_retryable() const noexcept { return read<bool>(vipps_error_is_retryable); }

    /* Empty if there is none. */
    std::string trace_id() const { return text(vipps_error_trace_id); }

    /* The whole error as a JSON object. */
    std::string json() const { return text(vipps_error_json); }

private:
    template <typename T> T read(vipps_status (*get)(const vipps_error *, T *)) const noexcept
    {
        T value{};
        get(error_.get(), &value);
        return value;
    }

    std::string text(vipps_status (*get)(const vipps_error *, const char **)) const
    {
        const char *text = nullptr;
        get(error_.get(), &text);
        return text == nullptr ? std::string() : std::string(text);
    }

    vipps_status status_;
    std::shared_ptr<vipps_error> error_;
};

namespace detail {

template <typename T, void (*Free)(T *)> struct deleter {
    void operator()(T *object) const noexcept { Free(object); }
};

template <typename T, void (*Free)(T *)> using handle = std::unique_ptr<T, deleter<T, Free>>;

using string_handle = handle<vipps_string, vipps_string_free>;

/* Throws if a call failed. */
inline void check(vipps_status status, vipps_error *failure)
{
    if (status != VIPPS_OK) throw error(status, failure);
}

/* Calls a function that returns a string. */
template <typename Call> std::string text_of(Call call)
{
    vipps_string *out = nullptr;
    vipps_error *failure = nullptr;
    vipps_status status = call(&out, &failure);
    check(status, failure);
    string_handle owned(out);
    const char *text = nullptr;
    std::size_t length = 0;
    vipps_string_text(out, &text);
    vipps_string_length(out, &length);
    return std::string(text, length);
}

} // namespace detail

/* The reply of session::request(). */
class reply {
public:
    explicit reply(vipps_reply *owned) : reply_(owned) {}

    int status() const
    {
        int status = 0;
        vipps_reply_status(reply_.get(), &status);
        return status;
    }

    /* Empty if the reply does not have the header. */
    std::optional<std::string> header(const std::string &name) const
    {
        vipps_string *out = nullptr;
        vipps_error *failure = nullptr;
        vipps_status status = vipps_reply_header(reply_.get(), name.c_str(), &out, &failure);
        detail::check(status, failure);
        detail::string_handle owned(out);
        if (out == nullptr) return std::nullopt;
        const char *text = nullptr;
        vipps_string_text(out, &text);
        return std::string(text);
    }

    std::string body() const
    {
        const std::uint8_t *bytes = nullptr;
        std::size_t length = 0;
        vipps_error *failure = nullptr;
        vipps_status status = vipps_reply_body(reply_.get(), &bytes, &length, &failure);
        detail::check(status, failure);
        return std::string(reinterpret_cast<const char *>(bytes), length);
    }

private:
    detail::handle<vipps_reply, vipps_reply_free> reply_;
};

/* Called after every attempt. Its exceptions are caught and dropped. */
using observer = std::function<void(const vipps_attempt &)>;

class session {
public:
    /* See vipps_session_new(). */
    explicit session(const std::string &config_json, observer on_attempt = {})
        : session(create(vipps_session_new, config_json, std::move(on_attempt))) {}

    /* See vipps_session_from_env(). */
    static session from_env(const std::string &config_json, observer on_attempt = {})
    {
        return create(vipps_session_from_env, config_json, std::move(on_attempt));
    }

    session for_sales_unit(const std::string &msn) const
    {
        return create_with([&](auto out, auto failure) {
            return vipps_session_for_sales_unit(get(), msn.c_str(), out, failure);
        });
    }

    session with_timeout_ms(std::uint64_t timeout) const
    {
        return create_with([&](auto out, auto failure) {
            return vipps_session_with_timeout(get(), timeout, out, failure);
        });
    }

    std::string list_sales_units() const { return call(vipps_list_sales_units); }

    std::string get_sales_unit(const std::string &msn) const
    {
        return call(vipps_get_sales_unit, msn);
    }

    std::string ensure_receipt(const std::string &payment_type, const std::string &order_id,
                               const std::string &receipt_json) const
    {
        return call(vipps_ensure_receipt, payment_type, order_id, receipt_json);
    }

    /* Calls a function that takes strings and returns JSON: call(vipps_get_order, "ECOM", id). */
    template <typename Function, typename... Texts>
    std::string call(Function function, const Texts &...texts) const
    {
        return detail::text_of([&](auto out, auto failure) {
            return function(get(), std::string(texts).c_str()..., out, failure);
        });
    }

    reply request(const std::string &method, const std::string &path,
                  const std::string &options_json = "{}",
                  const std::optional<std::string> &body = std::nullopt) const
    {
        vipps_reply *out = nullptr;
        vipps_error *failure = nullptr;
        auto bytes = body ? reinterpret_cast<const std::uint8_t *>(body->data()) : nullptr;
        auto length = body ? body->size() : 0;
        auto status = vipps_request(get(), method.c_str(), path.c_str(), options_json.c_str(),
                                    bytes, length, &out, &failure);
        detail::check(status, failure);
        return reply(out);
    }

    /* For functions of vipps.h without a method here. */
    const vipps_session *get() const noexcept { return session_.get(); }

private:
    explicit session(vipps_session *owned) : session_(owned) {}

    template <typename Call> static session create_with(Call call)
    {
        vipps_session *out = nullptr;
        vipps_error *failure = nullptr;
        vipps_status status = call(&out, &failure);
        detail::check(status, failure);
        return session(out);
    }

    template <typename Function>
    static session create(Function function, const std::string &config, observer on_attempt)
    {
        vipps_observer callbacks{};
        if (on_attempt) {
            /* The library releases it even if the call fails. */
            callbacks.user = new observer(std::move(on_attempt));
            callbacks.on_attempt = [](void *user, const vipps_attempt *attempt) {
                try {
                    (*static_cast<observer *>(user))(*attempt);
                } catch (...) {
                }
            };
            callbacks.release = [](void *user) { delete static_cast<observer *>(user); };
        }
        return create_with([&](auto out, auto failure) {
            return function(config.c_str(), &callbacks, out, failure);
        });
    }

    detail::handle<vipps_session, vipps_session_free> session_;
};

} // namespace vipps

#endif /* VIPPS_HPP */
