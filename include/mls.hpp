/*
 * libmls for C++17: RAII over mls.h, header-only.
 *
 * A class is a handle, and a copy of it is the same object: it ends with the last copy. A call that fails throws
 * mls::Error, with the code, the engine's detail and an advice. Numbers that name something (kinds, reasons, statuses,
 * roles) are the constants of mls.h. What each call does, and which errors it can answer, is said there, at the
 * function of the same name.
 *
 * Any call may be made from any thread. Callbacks are functions or interfaces of yours; what they throw never crosses
 * C, but becomes MLS_ERROR_CALLBACK_FAILED or the answer that the callback's comment says.
 *
 * SPDX-License-Identifier: Apache-2.0 OR MIT
 */
#ifndef MLS_HPP
#define MLS_HPP

#include "mls.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace mls {

/// Why a call failed. Throw one with a code from a Store of yours.
class Error : public std::exception {
public:
    /// An error of one of MLS_ERROR_*.
    explicit Error(mls_status_t code, const std::string &message = {})
        : code_(code), advice_(mls_status_advice(code)), name_(mls_status_name(code)),
          message_(message.empty() ? name_ : message) {}

    /// Takes an error of the library's, and frees it.
    Error(mls_status_t code, mls_error_t *error) : Error(code, std::string(mls_error_message(error))) {
        if (mls_error_code(error) == code) {
            advice_ = mls_error_advice(error);
            name_ = mls_error_name(error);
            detail_ = mls_error_detail(error);
        }
        mls_error_free(error);
    }

    /// One sentence for the developer. Not stable.
    const char *what() const noexcept override { return message_.c_str(); }
    /// One of MLS_ERROR_*.
    mls_status_t code() const noexcept { return code_; }
    /// What to do about it, one of MLS_ADVICE_*.
    std::int32_t advice() const noexcept { return advice_; }
    /// The code's name, as "GROUP_NOT_FOUND".
    const std::string &name() const noexcept { return name_; }
    /// The engine's or the database's own word for it, possibly empty. Not stable.
    const std::string &detail() const noexcept { return detail_; }

private:
    mls_status_t code_;
    std::int32_t advice_;
    std::string name_;
    std::string message_;
    std::string detail_;
};

/// Bytes of the library's, which wipes them when the last copy ends. Immutable, always followed by a NUL.
class Bytes {
public:
    /// No bytes.
    Bytes() = default;

    /// Takes bytes of the library's.
    explicit Bytes(mls_bytes_t raw) : bytes_(new mls_bytes_t(raw), release) {}

    const std::uint8_t *data() const noexcept { return bytes_ ? bytes_->data : nullptr; }
    std::size_t size() const noexcept { return bytes_ ? bytes_->len : 0; }
    bool empty() const noexcept { return size() == 0; }
    const std::uint8_t *begin() const noexcept { return data(); }
    const std::uint8_t *end() const noexcept { return data() + size(); }
    std::uint8_t operator[](std::size_t index) const noexcept { return data()[index]; }

    /// The bytes as text; it ends with the bytes.
    std::string_view text() const noexcept {
        return empty() ? std::string_view() : std::string_view(reinterpret_cast<const char *>(data()), size());
    }
    /// A copy of the bytes as text.
    std::string str() const { return std::string(text()); }
    /// A copy of the bytes, which nobody wipes.
    std::vector<std::uint8_t> vector() const { return std::vector<std::uint8_t>(begin(), end()); }

    friend bool operator==(const Bytes &a, const Bytes &b) { return a.text() == b.text(); }
    friend bool operator!=(const Bytes &a, const Bytes &b) { return !(a == b); }
    friend bool operator<(const Bytes &a, const Bytes &b) { return a.text() < b.text(); }

private:
    static void release(mls_bytes_t *bytes) {
        mls_bytes_free(bytes);
        delete bytes;
    }

    std::shared_ptr<mls_bytes_t> bytes_;
};

/// Bytes of somebody else's, for the length of a call.
class View {
public:
    constexpr View() noexcept = default;
    constexpr View(std::nullptr_t) noexcept {}
    View(const void *data, std::size_t size) noexcept : data_(static_cast<const std::uint8_t *>(data)), size_(size) {}
    View(std::string_view text) noexcept : View(text.data(), text.size()) {}
    View(const char *text) noexcept : View(std::string_view(text)) {}
    View(const std::string &text) noexcept : View(text.data(), text.size()) {}
    View(const Bytes &bytes) noexcept : View(bytes.data(), bytes.size()) {}
    /// Anything with data() and size() of single bytes: std::vector, std::array, std::span.
    template <class Container, class = std::enable_if_t<sizeof(*std::declval<const Container &>().data()) == 1>>
    View(const Container &bytes) noexcept : View(bytes.data(), bytes.size()) {}
    template <std::size_t Size>
    View(const std::uint8_t (&bytes)[Size]) noexcept : View(bytes, Size) {}

    const std::uint8_t *data() const noexcept { return data_; }
    std::size_t size() const noexcept { return size_; }
    bool empty() const noexcept { return size_ == 0; }
    const std::uint8_t *begin() const noexcept { return data_; }
    const std::uint8_t *end() const noexcept { return data_ + size_; }
    std::string_view text() const noexcept {
        return empty() ? std::string_view() : std::string_view(reinterpret_cast<const char *>(data_), size_);
    }
    std::vector<std::uint8_t> vector() const { return std::vector<std::uint8_t>(begin(), end()); }

private:
    const std::uint8_t *data_ = nullptr;
    std::size_t size_ = 0;
};

namespace detail {

inline void check(mls_status_t status, mls_error_t *error) {
    if (status != MLS_OK) {
        throw Error(status, error);
    }
}

/// Calls a function that has no result.
template <class Function, class... Arguments>
void call(Function function, Arguments... arguments) {
    mls_error_t *error = nullptr;
    mls_status_t status = function(arguments..., &error);
    check(status, error);
}

/// Calls a function that has one.
template <class Result, class Function, class... Arguments>
Result give(Function function, Arguments... arguments) {
    Result out{};
    mls_error_t *error = nullptr;
    mls_status_t status = function(arguments..., &out, &error);
    check(status, error);
    return out;
}

template <class Function, class... Arguments>
Bytes bytes(Function function, Arguments... arguments) {
    return Bytes(give<mls_bytes_t>(function, arguments...));
}

/// Bytes that may be absent.
template <class Function, class... Arguments>
std::optional<Bytes> optional_bytes(Function function, Arguments... arguments) {
    Bytes given = bytes(function, arguments...);
    return given.data() ? std::optional<Bytes>(std::move(given)) : std::nullopt;
}

/// Text that may be absent: empty then, since no name is.
template <class Function, class... Arguments>
std::string text(Function function, Arguments... arguments) {
    return bytes(function, arguments...).str();
}

/// A value that is not always there.
template <class Result, class Function, class... Arguments>
std::optional<Result> optional(Function function, Arguments... arguments) {
    Result out{};
    mls_error_t *error = nullptr;
    mls_status_t status = function(arguments..., &out, &error);
    if (status == MLS_ERROR_INVALID_ARGUMENT) {
        mls_error_free(error);
        return std::nullopt;
    }
    check(status, error);
    return out;
}

/// A string without NUL, which C would take for its end.
inline const char *c_str(const std::string &text) {
    if (text.find('\0') != std::string::npos) {
        throw Error(MLS_ERROR_INVALID_ARGUMENT, "the string has a NUL in it");
    }
    return text.c_str();
}

/// Owns a handle; copies share it.
template <class C, void (*Free)(C *)>
class Handle {
public:
    explicit Handle(C *handle) : handle_(handle, Free) {
        if (!handle) {
            throw Error(MLS_ERROR_TOO_LARGE, "too many handles are live");
        }
    }

    C *get() const noexcept { return handle_.get(); }

private:
    std::shared_ptr<C> handle_;
};

/// Keeps a callback's object until the library lets it go.
template <class T>
struct Kept {
    static void *keep(T object) { return new T(std::move(object)); }
    static T &of(void *user) { return *static_cast<T *>(user); }
    static void release(void *user) { delete static_cast<T *>(user); }
};

/// Runs a callback that answers a status.
template <class Body>
mls_status_t answer(Body body) noexcept {
    try {
        return body();
    } catch (const Error &error) {
        return error.code();
    } catch (...) {
        return MLS_ERROR_CALLBACK_FAILED;
    }
}

} // namespace detail

/// The library's version, as "0.1.0".
inline std::string version() { return mls_version(); }
/// The library's ABI; the header's is MLS_ABI_VERSION.
inline std::uint32_t abi_version() noexcept { return mls_abi_version(); }
/// Bytes of a store key.
inline std::size_t store_key_len() noexcept { return mls_store_key_len(); }
/// The media type of an MLS message (RFC 9420 section 17.10).
inline std::string media_type() { return mls_media_type(); }
/// Whether this build has a cipher suite.
inline bool has_cipher_suite(std::uint16_t suite) noexcept { return mls_cipher_suites_contains(suite); }

/// The cipher suites that this build has.
inline std::vector<std::uint16_t> cipher_suites() {
    std::vector<std::uint16_t> suites;
    for (std::size_t i = 0; i < mls_cipher_suites_count(); i++) {
        suites.push_back(mls_cipher_suites_at(i));
    }
    return suites;
}

/// A list of messages, as C has it. Elsewhere it is a std::vector<Bytes>.
class Messages : public detail::Handle<mls_messages_t, mls_messages_free> {
public:
    using Handle::Handle;
    Messages() : Handle(mls_messages_new()) {}

    template <class Range>
    explicit Messages(const Range &messages) : Messages() {
        for (const auto &message : messages) {
            push(message);
        }
    }

    Messages push(View message) const {
        detail::call(mls_messages_push, get(), message.data(), message.size());
        return *this;
    }

    std::vector<Bytes> vector() const {
        std::vector<Bytes> messages;
        for (std::size_t i = 0; i < mls_messages_count(get()); i++) {
            messages.push_back(detail::bytes(mls_messages_at, get(), i));
        }
        return messages;
    }
};

namespace detail {

/// Takes a list of ids, and frees it.
inline std::vector<Bytes> ids(mls_ids_t *raw) {
    Handle<mls_ids_t, mls_ids_free> list(raw);
    std::vector<Bytes> ids;
    for (std::size_t i = 0; i < mls_ids_count(raw); i++) {
        ids.push_back(bytes(mls_ids_at, raw, i));
    }
    return ids;
}

} // namespace detail

/// A user's device, by their names.
struct Device {
    std::string user;
    std::string device;
};

/// Who a member says it is.
class Credential : public detail::Handle<mls_credential_t, mls_credential_free> {
public:
    using Handle::Handle;

    static Credential device(const std::string &user, const std::string &device) {
        auto *raw = detail::give<mls_credential_t *>(mls_credential_new_device, detail::c_str(user), detail::c_str(device));
        return Credential(raw);
    }

    static Credential basic(View identity) {
        return Credential(detail::give<mls_credential_t *>(mls_credential_new_basic, identity.data(), identity.size()));
    }

    /// A chain of DER certificates, the member's own first.
    template <class Range>
    static Credential x509(const Range &chain) {
        Credential credential(mls_credential_new_x509());
        for (const auto &certificate : chain) {
            View der(certificate);
            detail::call(mls_credential_push_certificate, credential.get(), der.data(), der.size());
        }
        return credential;
    }

    /// MLS_CREDENTIAL_*, or another type's IANA number.
    std::uint16_t kind() const noexcept { return mls_credential_kind(get()); }
    Bytes bytes() const { return detail::bytes(mls_credential_bytes, get()); }

    /// The chain of an X.509 credential, DER.
    std::vector<Bytes> certificates() const {
        std::vector<Bytes> chain;
        for (std::size_t i = 0; i < mls_credential_certificates_count(get()); i++) {
            chain.push_back(detail::bytes(mls_credential_certificate, get(), i));
        }
        return chain;
    }
};

/// A signature key pair.
class SigningKey : public detail::Handle<mls_signing_key_t, mls_signing_key_free> {
public:
    using Handle::Handle;
    SigningKey(View secret, View public_key)
        : Handle(detail::give<mls_signing_key_t *>(
              mls_signing_key_new, secret.data(), secret.size(), public_key.data(), public_key.size())) {}

    Bytes secret() const { return detail::bytes(mls_signing_key_secret, get()); }
    Bytes public_key() const { return detail::bytes(mls_signing_key_public, get()); }
};

/// A new credential and signature key of a member. What is not set: the credential stays, the key is generated.
class Identity : public detail::Handle<mls_identity_t, mls_identity_free> {
public:
    using Handle::Handle;
    Identity() : Handle(mls_identity_new()) {}

    Identity credential(const Credential &credential) const {
        detail::call(mls_identity_set_credential, get(), credential.get());
        return *this;
    }
    Identity signing_key(const SigningKey &key) const {
        detail::call(mls_identity_set_signing_key, get(), key.get());
        return *this;
    }
};

/// An extension by type and bytes.
struct Extension {
    std::uint16_t kind = 0;
    std::vector<std::uint8_t> data;
};

/// A list of extensions, as C has it. Elsewhere it is a std::vector<Extension>.
class Extensions : public detail::Handle<mls_extensions_t, mls_extensions_free> {
public:
    using Handle::Handle;
    Extensions() : Handle(mls_extensions_new()) {}
    explicit Extensions(const std::vector<Extension> &extensions) : Extensions() {
        for (const Extension &extension : extensions) {
            push(extension.kind, extension.data);
        }
    }

    Extensions push(std::uint16_t kind, View data) const {
        detail::call(mls_extensions_push, get(), kind, data.data(), data.size());
        return *this;
    }

    std::vector<Extension> vector() const {
        std::vector<Extension> extensions;
        for (std::size_t i = 0; i < mls_extensions_count(get()); i++) {
            auto kind = detail::give<std::uint16_t>(mls_extensions_kind, get(), i);
            extensions.push_back({kind, detail::bytes(mls_extensions_data, get(), i).vector()});
        }
        return extensions;
    }
};

/// What a validator answers.
enum class Verdict : std::int32_t {
    accept = MLS_VERDICT_ACCEPT,
    deny = MLS_VERDICT_DENY,
    later = MLS_VERDICT_LATER,
};

/// A credential to decide on. Only for the length of the callback.
class Validation {
public:
    explicit Validation(const mls_validation_t *request) noexcept : request_(request) {}

    /// One of MLS_PURPOSE_*.
    std::int32_t purpose() const noexcept { return mls_validation_purpose(request_); }
    std::optional<Bytes> group_id() const { return detail::optional_bytes(mls_validation_group_id, request_); }
    Credential credential() const {
        return Credential(detail::give<mls_credential_t *>(mls_validation_credential, request_));
    }
    /// Empty if the credential is not of the client's form.
    std::string user() const { return detail::text(mls_validation_user, request_); }
    /// Empty if the credential is not of the client's form.
    std::string device() const { return detail::text(mls_validation_device, request_); }
    Bytes signature_key() const { return detail::bytes(mls_validation_signature_key, request_); }
    /// What the member had before, for MLS_PURPOSE_UPDATE.
    std::optional<Credential> previous_credential() const {
        auto raw = detail::optional<mls_credential_t *>(mls_validation_previous_credential, request_);
        return raw ? std::optional<Credential>(Credential(*raw)) : std::nullopt;
    }
    std::optional<Bytes> previous_signature_key() const {
        return detail::optional_bytes(mls_validation_previous_signature_key, request_);
    }
    /// The client's clock, seconds since 1970.
    std::uint64_t time() const noexcept { return mls_validation_time(request_); }

private:
    const mls_validation_t *request_;
};

/// Decides on a credential. One that throws fails the call that asked, and nothing has changed.
using Validator = std::function<Verdict(const Validation &)>;

/// Seconds since 1970. If it throws, the system's time is taken.
using Clock = std::function<std::uint64_t()>;

/// Where the store's high-water mark is kept, outside of its backups. One that throws fails the call.
class Anchor {
public:
    virtual ~Anchor() = default;
    /// The mark, or nothing if there is none yet.
    virtual std::optional<std::uint64_t> load() = 0;
    /// Keeps a mark that is larger than any before.
    virtual void store(std::uint64_t mark) = 0;
};

/// The application's form of basic credentials. A decode that throws names nobody.
class CredentialCodec {
public:
    virtual ~CredentialCodec() = default;
    virtual std::vector<std::uint8_t> encode(const Device &device) = 0;
    virtual std::optional<Device> decode(View identity) = 0;
};

namespace detail {

struct ValidatorCalls : Kept<Validator> {
    static std::int32_t validate(void *user, const mls_validation_t *request) noexcept {
        try {
            return static_cast<std::int32_t>(of(user)(Validation(request)));
        } catch (...) {
            return -1;
        }
    }
};

struct ClockCalls : Kept<Clock> {
    static std::uint64_t now(void *user) noexcept {
        try {
            return of(user)();
        } catch (...) {
            auto now = std::chrono::system_clock::now().time_since_epoch();
            return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(now).count());
        }
    }
};

struct AnchorCalls : Kept<std::shared_ptr<Anchor>> {
    static std::int32_t load(void *user, std::uint64_t *mark) noexcept {
        return answer([&] {
            *mark = of(user)->load().value_or(0);
            return MLS_OK;
        });
    }
    static std::int32_t store(void *user, std::uint64_t mark) noexcept {
        return answer([&] {
            of(user)->store(mark);
            return MLS_OK;
        });
    }
};

struct CodecCalls : Kept<std::shared_ptr<CredentialCodec>> {
    static std::int32_t encode(void *user, const char *name, const char *device, mls_codec_answer_t *out) noexcept {
        return answer([&] {
            auto identity = of(user)->encode({name, device});
            call(mls_codec_answer_set_identity, out, identity.data(), identity.size());
            return MLS_OK;
        });
    }
    static std::int32_t decode(
        void *user, const std::uint8_t *data, std::size_t len, mls_codec_answer_t *out) noexcept {
        return answer([&] {
            if (auto device = of(user)->decode(View(data, len))) {
                call(mls_codec_answer_set_device, out, c_str(device->user), c_str(device->device));
            }
            return MLS_OK;
        });
    }
};

} // namespace detail

/// How to open a client.
class Options : public detail::Handle<mls_options_t, mls_options_free> {
public:
    using Handle::Handle;
    Options() : Handle(mls_options_new()) {}

    Options device(const std::string &user, const std::string &device) const {
        return set(mls_options_set_device, detail::c_str(user), detail::c_str(device));
    }
    Options credential(const Credential &credential) const {
        return set(mls_options_set_credential, credential.get());
    }
    Options signing_key(const SigningKey &key) const { return set(mls_options_set_signing_key, key.get()); }
    Options cipher_suite(std::uint16_t suite) const { return set(mls_options_set_cipher_suite, suite); }
    /// One of MLS_ROLE_*.
    Options role(std::int32_t role) const { return set(mls_options_set_role, role); }
    Options push_extension_capability(std::uint16_t kind) const {
        return set(mls_options_push_extension_capability, kind);
    }
    Options push_proposal_capability(std::uint16_t kind) const {
        return set(mls_options_push_proposal_capability, kind);
    }
    Options push_credential_capability(std::uint16_t kind) const {
        return set(mls_options_push_credential_capability, kind);
    }

    Options trust_on_first_use() const { return set(mls_options_set_trust_on_first_use); }
    Options insecure_accept_any() const { return set(mls_options_set_insecure_accept_any); }
    Options push_trust_root(View der) const { return set(mls_options_push_trust_root, der.data(), der.size()); }
    Options validator(Validator validator) const {
        using Calls = detail::ValidatorCalls;
        return set(mls_options_set_validator, Calls::validate, Calls::keep(std::move(validator)), Calls::release);
    }

    Options codec(std::shared_ptr<CredentialCodec> codec) const {
        using Calls = detail::CodecCalls;
        return set(mls_options_set_codec, Calls::encode, Calls::decode, Calls::keep(std::move(codec)), Calls::release);
    }
    Options clock(Clock clock) const {
        using Calls = detail::ClockCalls;
        return set(mls_options_set_clock, Calls::now, Calls::keep(std::move(clock)), Calls::release);
    }
    Options anchor(std::shared_ptr<Anchor> anchor) const {
        using Calls = detail::AnchorCalls;
        return set(mls_options_set_anchor, Calls::load, Calls::store, Calls::keep(std::move(anchor)), Calls::release);
    }

    /// One of MLS_HANDSHAKE_*.
    Options handshake_encryption(std::int32_t how) const { return set(mls_options_set_handshake_encryption, how); }
    /// One of MLS_PADDING_*.
    Options padding(std::int32_t how) const { return set(mls_options_set_padding, how); }
    Options publish_group_info(bool yes = true) const { return set(mls_options_set_publish_group_info, yes); }
    Options new_member_proposals(bool yes = true) const { return set(mls_options_set_new_member_proposals, yes); }
    Options external_sender_proposals(bool yes = true) const {
        return set(mls_options_set_external_sender_proposals, yes);
    }
    /// One of MLS_EXTERNAL_JOIN_*.
    Options external_join(std::int32_t who) const { return set(mls_options_set_external_join, who); }
    Options key_package_lifetime(std::uint64_t seconds) const {
        return set(mls_options_set_key_package_lifetime, seconds);
    }
    Options key_package_backdate(std::uint64_t seconds) const {
        return set(mls_options_set_key_package_backdate, seconds);
    }
    Options auto_join(bool yes = true) const { return set(mls_options_set_auto_join, yes); }

    Options limit_inbox_events(std::uint32_t count) const { return set(mls_options_set_limit_inbox_events, count); }
    Options limit_held_messages(std::uint32_t count) const { return set(mls_options_set_limit_held_messages, count); }
    Options limit_held_bytes(std::uint64_t bytes) const { return set(mls_options_set_limit_held_bytes, bytes); }
    Options limit_held_unknown_groups(std::uint32_t count) const {
        return set(mls_options_set_limit_held_unknown_groups, count);
    }
    Options limit_past_epochs(std::uint32_t count) const { return set(mls_options_set_limit_past_epochs, count); }
    Options limit_message_bytes(std::uint64_t bytes) const { return set(mls_options_set_limit_message_bytes, bytes); }
    Options limit_members(std::uint32_t count) const { return set(mls_options_set_limit_members, count); }
    Options limit_proposals_per_member(std::uint32_t count) const {
        return set(mls_options_set_limit_proposals_per_member, count);
    }
    Options limit_proposals_per_commit(std::uint32_t count) const {
        return set(mls_options_set_limit_proposals_per_commit, count);
    }
    Options limit_fold_distance(std::uint32_t count) const { return set(mls_options_set_limit_fold_distance, count); }
    Options limit_send_window(std::uint32_t count) const { return set(mls_options_set_limit_send_window, count); }
    Options limit_loaded_groups(std::uint32_t count) const { return set(mls_options_set_limit_loaded_groups, count); }
    Options limit_hold_commits_above(std::uint32_t members) const {
        return set(mls_options_set_limit_hold_commits_above, members);
    }
    Options limits_extension() const { return set(mls_options_set_limits_extension); }

private:
    template <class Function, class... Arguments>
    Options set(Function function, Arguments... arguments) const {
        detail::call(function, get(), arguments...);
        return *this;
    }
};

/// A row of a Store.
struct Row {
    std::vector<std::uint8_t> key;
    std::vector<std::uint8_t> value;
};

/// A change of a Store: one of MLS_STORE_WRITE_*.
struct Write {
    std::int32_t kind = 0;
    /// The row's key; the first key of a range.
    Bytes key;
    /// The new value of a put.
    Bytes value;
    /// The first key that a range keeps.
    Bytes end;
};

/// A store of the application's: one ordered key space with compare-and-swap transactions (see mls_store_t). Called
/// from any thread. To fail, throw Error with MLS_ERROR_STORE_LOCKED, _FULL, _IO, _CORRUPT, _NEWER or
/// MLS_ERROR_SUSPENDED.
class Store {
public:
    virtual ~Store() = default;
    /// A number that moves whenever anyone commits.
    virtual std::uint64_t version() = 0;
    virtual std::optional<std::vector<std::uint8_t>> get(View key) = 0;
    /// At most `limit` rows from `from` to below `to`; the last ones, descending, if `reverse`.
    virtual std::vector<Row> scan(View from, View to, bool reverse, std::uint32_t limit) = 0;
    /// Applies all writes if nobody has committed since `version`, and answers the new one; nothing if somebody has.
    virtual std::optional<std::uint64_t> commit(std::uint64_t version, const std::vector<Write> &writes) = 0;
    virtual void checkpoint() {}
    virtual void suspend() {}
    virtual void resume() {}
};

namespace detail {

struct StoreCalls : Kept<std::shared_ptr<Store>> {
    static mls_status_t version(void *user, std::uint64_t *version) noexcept {
        return answer([&] {
            *version = of(user)->version();
            return MLS_OK;
        });
    }
    static mls_status_t get(void *user, const std::uint8_t *key, std::size_t len, mls_store_rows_t *rows) noexcept {
        return answer([&] {
            if (auto value = of(user)->get(View(key, len))) {
                call(mls_store_rows_push, rows, key, len, value->data(), value->size());
            }
            return MLS_OK;
        });
    }
    static mls_status_t scan(void *user, const std::uint8_t *from, std::size_t from_len, const std::uint8_t *to,
                             std::size_t to_len, std::int32_t reverse, std::uint32_t limit,
                             mls_store_rows_t *rows) noexcept {
        return answer([&] {
            for (const Row &row : of(user)->scan(View(from, from_len), View(to, to_len), reverse != 0, limit)) {
                call(mls_store_rows_push, rows, row.key.data(), row.key.size(), row.value.data(), row.value.size());
            }
            return MLS_OK;
        });
    }
    static mls_status_t commit(void *user, std::uint64_t version, const mls_store_writes_t *writes,
                               std::uint64_t *new_version) noexcept {
        return answer([&] {
            auto committed = of(user)->commit(version, read(writes));
            *new_version = committed.value_or(0);
            return committed ? MLS_OK : MLS_ERROR_STALE;
        });
    }
    static mls_status_t checkpoint(void *user) noexcept {
        return answer([&] { return of(user)->checkpoint(), MLS_OK; });
    }
    static mls_status_t suspend(void *user) noexcept {
        return answer([&] { return of(user)->suspend(), MLS_OK; });
    }
    static mls_status_t resume(void *user) noexcept {
        return answer([&] { return of(user)->resume(), MLS_OK; });
    }

    static std::vector<Write> read(const mls_store_writes_t *writes) {
        std::vector<Write> list;
        for (std::size_t i = 0; i < mls_store_writes_count(writes); i++) {
            Write write;
            write.kind = mls_store_writes_kind(writes, i);
            write.key = bytes(mls_store_writes_key, writes, i);
            if (write.kind == MLS_STORE_WRITE_PUT) {
                write.value = bytes(mls_store_writes_value, writes, i);
            } else if (write.kind == MLS_STORE_WRITE_DELETE_RANGE) {
                write.end = bytes(mls_store_writes_end, writes, i);
            }
            list.push_back(std::move(write));
        }
        return list;
    }

    static Handle<mls_store_t, mls_store_free> make(std::shared_ptr<Store> store) {
        Handle<mls_store_t, mls_store_free> made(mls_store_new(keep(std::move(store)), release));
        call(mls_store_set_version, made.get(), version);
        call(mls_store_set_get, made.get(), get);
        call(mls_store_set_scan, made.get(), scan);
        call(mls_store_set_commit, made.get(), commit);
        call(mls_store_set_checkpoint, made.get(), checkpoint);
        call(mls_store_set_suspend, made.get(), suspend);
        call(mls_store_set_resume, made.get(), resume);
        return made;
    }
};

} // namespace detail

/// Who sent something, or whom it is about.
struct Sender {
    /// One of MLS_SENDER_*.
    std::int32_t kind = 0;
    /// A member's leaf; an external sender's place in `external_senders`.
    std::optional<std::uint32_t> leaf;
    std::optional<Credential> credential;
    /// Empty if the credential is not of the client's form.
    std::string user;
    /// Empty if the credential is not of the client's form.
    std::string device;
    /// Empty if it is not known.
    Bytes signature_key;
};

/// A member of a group.
struct Member {
    std::uint32_t leaf = 0;
    Credential credential;
    /// Empty if the credential is not of the client's form.
    std::string user;
    /// Empty if the credential is not of the client's form.
    std::string device;
    Bytes signature_key;
    /// The epoch in which its keys last changed, as far as this device has seen.
    std::uint64_t last_update = 0;
    std::vector<Extension> extensions;
    /// What it knows beyond RFC 9420's defaults.
    std::vector<std::uint16_t> capabilities_extensions;
    std::vector<std::uint16_t> capabilities_proposals;
    std::vector<std::uint16_t> capabilities_credentials;
    std::vector<std::uint16_t> capabilities_cipher_suites;
};

namespace detail {

inline Sender sender(const mls_senders_t *senders, std::size_t i) {
    Sender sender;
    sender.kind = mls_senders_kind(senders, i);
    sender.leaf = optional<std::uint32_t>(mls_senders_leaf, senders, i);
    if (auto credential = optional<mls_credential_t *>(mls_senders_credential, senders, i)) {
        sender.credential = Credential(*credential);
    }
    sender.user = text(mls_senders_user, senders, i);
    sender.device = text(mls_senders_device, senders, i);
    sender.signature_key = bytes(mls_senders_signature_key, senders, i);
    return sender;
}

/// Takes a list of senders, and frees it.
inline std::vector<Sender> senders(mls_senders_t *raw) {
    Handle<mls_senders_t, mls_senders_free> list(raw);
    std::vector<Sender> senders;
    for (std::size_t i = 0; i < mls_senders_count(raw); i++) {
        senders.push_back(sender(raw, i));
    }
    return senders;
}

/// Takes a list of at most one sender, and frees it.
inline std::optional<Sender> maybe_sender(mls_senders_t *raw) {
    auto list = senders(raw);
    return list.empty() ? std::nullopt : std::optional<Sender>(std::move(list.front()));
}

inline std::vector<std::uint16_t> capabilities(const mls_members_t *members, std::size_t i, std::int32_t which) {
    std::vector<std::uint16_t> kinds;
    for (std::size_t k = 0; k < mls_members_capabilities_count(members, i, which); k++) {
        kinds.push_back(give<std::uint16_t>(mls_members_capability, members, i, which, k));
    }
    return kinds;
}

inline Member member(const mls_members_t *members, std::size_t i) {
    Extensions extensions(give<mls_extensions_t *>(mls_members_extensions, members, i));
    return Member{
        give<std::uint32_t>(mls_members_leaf, members, i),
        Credential(give<mls_credential_t *>(mls_members_credential, members, i)),
        text(mls_members_user, members, i),
        text(mls_members_device, members, i),
        bytes(mls_members_signature_key, members, i),
        give<std::uint64_t>(mls_members_last_update, members, i),
        extensions.vector(),
        capabilities(members, i, MLS_CAPABILITY_EXTENSION),
        capabilities(members, i, MLS_CAPABILITY_PROPOSAL),
        capabilities(members, i, MLS_CAPABILITY_CREDENTIAL),
        capabilities(members, i, MLS_CAPABILITY_CIPHER_SUITE),
    };
}

/// Takes a list of members, and frees it.
inline std::vector<Member> members(mls_members_t *raw) {
    Handle<mls_members_t, mls_members_free> list(raw);
    std::vector<Member> members;
    for (std::size_t i = 0; i < mls_members_count(raw); i++) {
        members.push_back(member(raw, i));
    }
    return members;
}

} // namespace detail

/// A group as its GroupInfo shows it, before this device is in it.
struct Preview {
    Bytes group_id;
    std::uint16_t cipher_suite = 0;
    std::uint64_t epoch = 0;
    /// Who signed the GroupInfo, if the tree is known.
    std::optional<Sender> inviter;
    /// Empty while the tree is not known.
    std::vector<Sender> members;
    /// Whether the ratchet tree has to be given to join.
    bool needs_tree = false;
    /// The group that it succeeds or branches off, if this device knows it.
    std::optional<Bytes> parent;
};

namespace detail {

/// Takes a preview, and frees it.
inline Preview preview(mls_preview_t *raw) {
    Handle<mls_preview_t, mls_preview_free> handle(raw);
    return Preview{
        bytes(mls_preview_group_id, raw),
        mls_preview_cipher_suite(raw),
        give<std::uint64_t>(mls_preview_epoch, raw),
        maybe_sender(give<mls_senders_t *>(mls_preview_inviter, raw)),
        senders(give<mls_senders_t *>(mls_preview_members, raw)),
        give<bool>(mls_preview_needs_tree, raw),
        optional_bytes(mls_preview_parent, raw),
    };
}

} // namespace detail

/// A change of the group to be made. The same ones go to Group::propose and Group::commit.
class Proposal {
public:
    static Proposal add(View key_package) {
        return Proposal([kp = key_package.vector()](mls_proposals_t *list) {
            detail::call(mls_proposals_push_add, list, kp.data(), kp.size());
        });
    }
    /// Renews our own leaf: its encryption key, and what is given.
    static Proposal update(std::optional<Identity> identity = std::nullopt,
                           std::optional<std::vector<Extension>> leaf_extensions = std::nullopt) {
        return Proposal([identity, leaf_extensions](mls_proposals_t *list) {
            auto extensions = leaf_extensions ? std::optional<Extensions>(*leaf_extensions) : std::nullopt;
            detail::call(mls_proposals_push_update, list, identity ? identity->get() : nullptr,
                         extensions ? extensions->get() : nullptr);
        });
    }
    static Proposal remove(std::uint32_t leaf) {
        return Proposal([leaf](mls_proposals_t *list) { detail::call(mls_proposals_push_remove, list, leaf); });
    }
    static Proposal external_psk(View id) {
        return Proposal([id = id.vector()](mls_proposals_t *list) {
            detail::call(mls_proposals_push_external_psk, list, id.data(), id.size());
        });
    }
    static Proposal resumption_psk(std::uint64_t epoch) {
        return Proposal([epoch](mls_proposals_t *list) {
            detail::call(mls_proposals_push_resumption_psk, list, epoch);
        });
    }
    /// Ends the group; the successor's id is random if it is not given.
    static Proposal reinit(std::uint16_t cipher_suite, std::optional<std::vector<std::uint8_t>> group_id = std::nullopt,
                           std::vector<Extension> extensions = {}) {
        return Proposal([=](mls_proposals_t *list) {
            View id = group_id ? View(*group_id) : View();
            detail::call(mls_proposals_push_reinit, list, id.data(), id.size(), cipher_suite,
                         Extensions(extensions).get());
        });
    }
    static Proposal group_context_extensions(std::vector<Extension> extensions) {
        return Proposal([extensions = std::move(extensions)](mls_proposals_t *list) {
            detail::call(mls_proposals_push_group_context_extensions, list, Extensions(extensions).get());
        });
    }
    static Proposal custom(std::uint16_t kind, View data) {
        return Proposal([kind, data = data.vector()](mls_proposals_t *list) {
            detail::call(mls_proposals_push_custom, list, kind, data.data(), data.size());
        });
    }

    /// Appends it to a list of C's.
    void push(mls_proposals_t *list) const { push_(list); }

private:
    explicit Proposal(std::function<void(mls_proposals_t *)> push) : push_(std::move(push)) {}
    std::function<void(mls_proposals_t *)> push_;
};

/// A list of proposals, as C has it. Elsewhere it is a std::vector<Proposal>.
class Proposals : public detail::Handle<mls_proposals_t, mls_proposals_free> {
public:
    using Handle::Handle;
    Proposals(const std::vector<Proposal> &proposals = {}) : Handle(mls_proposals_new()) {
        for (const Proposal &proposal : proposals) {
            proposal.push(get());
        }
    }
    std::size_t size() const noexcept { return mls_proposals_count(get()); }
};

/// What a proposal would do, as somebody made it.
struct ProposalInfo {
    /// MLS_PROPOSAL_*, or the application's own number.
    std::uint16_t kind = 0;
    Sender sender;
    /// What a commit refers to it by; empty if it was made by value.
    Bytes reference;
    /// Whom it is about.
    std::optional<Sender> subject;
    /// A PSK's id, a successor's group id, a custom proposal's bytes.
    Bytes data;
    /// As in RFC 9420 section 12.1.
    Bytes encoded;
};

/// What proposals would do. What was superseded goes back to Group::commit_again.
class ProposalInfos : public detail::Handle<mls_proposal_infos_t, mls_proposal_infos_free> {
public:
    using Handle::Handle;
    std::size_t size() const noexcept { return mls_proposal_infos_count(get()); }
    bool empty() const noexcept { return size() == 0; }

    ProposalInfo operator[](std::size_t i) const {
        ProposalInfo info;
        info.kind = mls_proposal_infos_kind(get(), i);
        info.sender = detail::maybe_sender(detail::give<mls_senders_t *>(mls_proposal_infos_sender, get(), i)).value();
        info.reference = detail::bytes(mls_proposal_infos_reference, get(), i);
        info.subject = detail::maybe_sender(detail::give<mls_senders_t *>(mls_proposal_infos_subject, get(), i));
        info.data = detail::bytes(mls_proposal_infos_data, get(), i);
        info.encoded = detail::bytes(mls_proposal_infos_encoded, get(), i);
        return info;
    }

    std::vector<ProposalInfo> vector() const {
        std::vector<ProposalInfo> infos;
        for (std::size_t i = 0; i < size(); i++) {
            infos.push_back((*this)[i]);
        }
        return infos;
    }
};

/// An application message.
struct Message {
    Sender sender;
    std::uint64_t epoch = 0;
    /// The sender's count in that epoch. Not signed.
    std::uint32_t generation = 0;
    Bytes data;
    Bytes aad;
    std::string_view text() const noexcept { return data.text(); }
};

/// A Welcome that waits for Client::join or Client::decline.
struct Invitation {
    std::uint64_t id = 0;
    Preview preview;
    /// The reference of the key package that was used.
    Bytes key_package;
};

/// This device is in a group now.
struct Joined {
    /// One of MLS_JOINED_BY_*.
    std::int32_t by = 0;
    std::uint64_t epoch = 0;
    /// Empty for an external commit.
    Bytes key_package;
    /// The id of our external commit.
    std::optional<std::uint64_t> commit;
};

/// A proposal was cached.
struct Proposed {
    ProposalInfo proposal;
    Bytes aad;
};

/// A new epoch.
struct Committed {
    Sender sender;
    std::uint64_t epoch = 0;
    /// The commit's id, if it is ours.
    std::optional<std::uint64_t> commit;
    std::vector<Sender> added;
    std::vector<Sender> removed;
    std::vector<Sender> updated;
    std::vector<Bytes> psks;
    bool context_changed = false;
    ProposalInfos custom;
    ProposalInfos dropped;
    Bytes aad;
};

/// Another's commit won over ours.
struct Superseded {
    std::uint64_t commit = 0;
    Sender winner;
    std::uint64_t epoch = 0;
    /// For Group::commit_again.
    ProposalInfos still_valid;
};

/// This device was removed.
struct Removed {
    Sender sender;
    std::uint64_t epoch = 0;
};

/// The group ended in favour of a successor.
struct Replaced {
    Bytes successor;
    std::uint16_t cipher_suite = 0;
    Sender sender;
};

/// A message waits.
struct Held {
    /// One of MLS_HELD_FOR_*.
    std::int32_t reason = 0;
    std::uint64_t epoch = 0;
    std::uint32_t waiting = 0;
};

/// Nothing to do.
struct Ignored {
    /// One of MLS_IGNORED_*.
    std::int32_t reason = 0;
    std::uint64_t epoch = 0;
};

/// Turned away.
struct Denied {
    /// One of MLS_DENIED_*.
    std::int32_t reason = 0;
    std::string detail;
    std::optional<Sender> sender;
    Bytes message;
};

/// Nobody in the group is proven to have sent it.
struct Undecryptable {
    std::string detail;
    std::uint64_t epoch = 0;
};

/// A genuine commit cannot be applied here.
struct Stalled {
    /// One of MLS_DENIED_*.
    std::int32_t reason = 0;
    std::string detail;
    std::uint64_t epoch = 0;
    std::optional<Sender> sender;
    Bytes message;
};

/// Join again by an external commit.
struct RejoinNeeded {
    /// One of MLS_REJOIN_*.
    std::int32_t reason = 0;
    std::uint64_t epoch = 0;
};

/// What happened. Of the accessors of its kinds exactly one answers; none for a kind that this header does not know.
class Event {
public:
    using List = detail::Handle<mls_events_t, mls_events_free>;
    Event(List list, std::size_t index) : list_(std::move(list)), index_(index) {}

    std::uint64_t id() const noexcept { return mls_events_id(raw(), index_); }
    /// One of MLS_EVENT_*, or from a newer library another.
    std::int32_t kind() const noexcept { return mls_events_kind(raw(), index_); }
    /// How often it was returned before.
    std::uint32_t deliveries() const { return number<std::uint32_t>(mls_events_deliveries); }
    Bytes group_id() const { return bytes(mls_events_group_id); }

    std::optional<Message> message() const {
        if (kind() != MLS_EVENT_MESSAGE) {
            return std::nullopt;
        }
        return Message{sender(mls_events_sender), epoch(), number<std::uint32_t>(mls_events_generation),
                       bytes(mls_events_data), bytes(mls_events_aad)};
    }
    std::optional<Invitation> invited() const {
        if (kind() != MLS_EVENT_INVITED) {
            return std::nullopt;
        }
        return Invitation{id(), detail::preview(number<mls_preview_t *>(mls_events_preview)),
                          bytes(mls_events_key_package)};
    }
    std::optional<Joined> joined() const {
        if (kind() != MLS_EVENT_JOINED) {
            return std::nullopt;
        }
        return Joined{number<std::int32_t>(mls_events_joined_by), epoch(), bytes(mls_events_key_package), commit()};
    }
    std::optional<Proposed> proposed() const {
        if (kind() != MLS_EVENT_PROPOSED) {
            return std::nullopt;
        }
        return Proposed{infos(mls_events_proposal)[0], bytes(mls_events_aad)};
    }
    std::optional<Committed> committed() const {
        if (kind() != MLS_EVENT_COMMITTED) {
            return std::nullopt;
        }
        return Committed{sender(mls_events_sender),
                         epoch(),
                         commit(),
                         senders(mls_events_added),
                         senders(mls_events_removed),
                         senders(mls_events_updated),
                         detail::ids(number<mls_ids_t *>(mls_events_psks)),
                         number<bool>(mls_events_context_changed),
                         infos(mls_events_custom),
                         infos(mls_events_dropped),
                         bytes(mls_events_aad)};
    }
    std::optional<Superseded> superseded() const {
        if (kind() != MLS_EVENT_SUPERSEDED) {
            return std::nullopt;
        }
        return Superseded{number<std::uint64_t>(mls_events_commit), sender(mls_events_winner), epoch(),
                          infos(mls_events_still_valid)};
    }
    std::optional<Removed> removed() const {
        if (kind() != MLS_EVENT_REMOVED) {
            return std::nullopt;
        }
        return Removed{sender(mls_events_sender), epoch()};
    }
    std::optional<Replaced> replaced() const {
        if (kind() != MLS_EVENT_REPLACED) {
            return std::nullopt;
        }
        return Replaced{bytes(mls_events_successor), number<std::uint16_t>(mls_events_cipher_suite),
                        sender(mls_events_sender)};
    }
    std::optional<Held> held() const {
        if (kind() != MLS_EVENT_HELD) {
            return std::nullopt;
        }
        return Held{reason(), epoch(), number<std::uint32_t>(mls_events_waiting)};
    }
    std::optional<Ignored> ignored() const {
        return kind() == MLS_EVENT_IGNORED ? std::optional<Ignored>({reason(), epoch()}) : std::nullopt;
    }
    std::optional<Denied> denied() const {
        if (kind() != MLS_EVENT_DENIED) {
            return std::nullopt;
        }
        return Denied{reason(), detail_word(), maybe_sender(), bytes(mls_events_message)};
    }
    std::optional<Undecryptable> undecryptable() const {
        return kind() == MLS_EVENT_UNDECRYPTABLE ? std::optional<Undecryptable>({detail_word(), epoch()})
                                                 : std::nullopt;
    }
    std::optional<Stalled> stalled() const {
        if (kind() != MLS_EVENT_STALLED) {
            return std::nullopt;
        }
        return Stalled{reason(), detail_word(), epoch(), maybe_sender(), bytes(mls_events_message)};
    }
    std::optional<RejoinNeeded> rejoin_needed() const {
        return kind() == MLS_EVENT_REJOIN_NEEDED ? std::optional<RejoinNeeded>({reason(), epoch()}) : std::nullopt;
    }

    /// Takes a list of events.
    static std::vector<Event> vector(mls_events_t *raw) {
        List list(raw);
        std::vector<Event> events;
        for (std::size_t i = 0; i < mls_events_count(raw); i++) {
            events.emplace_back(list, i);
        }
        return events;
    }

private:
    const mls_events_t *raw() const noexcept { return list_.get(); }
    template <class Result, class Function>
    Result number(Function function) const {
        return detail::give<Result>(function, raw(), index_);
    }
    template <class Function>
    Bytes bytes(Function function) const {
        return detail::bytes(function, raw(), index_);
    }
    template <class Function>
    std::vector<Sender> senders(Function function) const {
        return detail::senders(number<mls_senders_t *>(function));
    }
    template <class Function>
    Sender sender(Function function) const {
        return detail::maybe_sender(number<mls_senders_t *>(function)).value();
    }
    template <class Function>
    ProposalInfos infos(Function function) const {
        return ProposalInfos(number<mls_proposal_infos_t *>(function));
    }
    std::optional<Sender> maybe_sender() const {
        return detail::maybe_sender(number<mls_senders_t *>(mls_events_sender));
    }
    std::uint64_t epoch() const { return number<std::uint64_t>(mls_events_epoch); }
    /// 0 stands for none.
    std::optional<std::uint64_t> commit() const {
        auto id = number<std::uint64_t>(mls_events_commit);
        return id ? std::optional<std::uint64_t>(id) : std::nullopt;
    }
    std::int32_t reason() const { return number<std::int32_t>(mls_events_reason); }
    std::string detail_word() const { return bytes(mls_events_detail).str(); }

    List list_;
    std::size_t index_;
};

/// What can be seen of a message from outside. Nothing in it is verified.
struct MessageInfo {
    /// One of MLS_WIRE_FORMAT_*.
    std::int32_t wire_format = 0;
    std::optional<Bytes> group_id;
    std::optional<std::uint64_t> epoch;
    /// 0 where the message names none.
    std::uint16_t cipher_suite = 0;
    /// One of MLS_CONTENT_*, 0 for a message that is not framed.
    std::int32_t content = 0;
    /// One of MLS_SENDER_*, 0 for a message that is not public.
    std::int32_t sender_kind = 0;
    std::optional<std::uint32_t> sender_leaf;
    /// The references of the key packages that a Welcome is for, or of a KeyPackage itself.
    std::vector<Bytes> key_packages;
    Bytes aad;
};

/// Reads a message from outside, for routing.
inline MessageInfo inspect(View message) {
    auto *raw = detail::give<mls_message_info_t *>(mls_message_info_read, message.data(), message.size());
    detail::Handle<mls_message_info_t, mls_message_info_free> handle(raw);
    return MessageInfo{
        mls_message_info_wire_format(raw),
        detail::optional_bytes(mls_message_info_group_id, raw),
        detail::optional<std::uint64_t>(mls_message_info_epoch, raw),
        mls_message_info_cipher_suite(raw),
        mls_message_info_content(raw),
        mls_message_info_sender_kind(raw),
        detail::optional<std::uint32_t>(mls_message_info_sender_leaf, raw),
        detail::ids(detail::give<mls_ids_t *>(mls_message_info_key_packages, raw)),
        detail::bytes(mls_message_info_aad, raw),
    };
}

/// How to make a group.
class GroupOptions : public detail::Handle<mls_group_options_t, mls_group_options_free> {
public:
    using Handle::Handle;
    GroupOptions() : Handle(mls_group_options_new()) {}
    GroupOptions id(View id) const { return set(mls_group_options_set_id, id.data(), id.size()); }
    GroupOptions cipher_suite(std::uint16_t suite) const { return set(mls_group_options_set_cipher_suite, suite); }
    GroupOptions extensions(const std::vector<Extension> &extensions) const {
        return set(mls_group_options_set_extensions, Extensions(extensions).get());
    }
    GroupOptions push_required_extension(std::uint16_t kind) const {
        return set(mls_group_options_push_required_extension, kind);
    }
    GroupOptions push_required_proposal(std::uint16_t kind) const {
        return set(mls_group_options_push_required_proposal, kind);
    }
    GroupOptions push_required_credential(std::uint16_t kind) const {
        return set(mls_group_options_push_required_credential, kind);
    }
    GroupOptions push_external_sender(View signature_key, const Credential &credential) const {
        return set(mls_group_options_push_external_sender, signature_key.data(), signature_key.size(), credential.get());
    }
    GroupOptions leaf_extensions(const std::vector<Extension> &extensions) const {
        return set(mls_group_options_set_leaf_extensions, Extensions(extensions).get());
    }

private:
    template <class Function, class... Arguments>
    GroupOptions set(Function function, Arguments... arguments) const {
        detail::call(function, get(), arguments...);
        return *this;
    }
};

/// How to commit.
class CommitOptions : public detail::Handle<mls_commit_options_t, mls_commit_options_free> {
public:
    using Handle::Handle;
    CommitOptions() : Handle(mls_commit_options_new()) {}
    CommitOptions force_path(bool yes = true) const { return set(mls_commit_options_set_force_path, yes); }
    CommitOptions aad(View aad) const { return set(mls_commit_options_set_aad, aad.data(), aad.size()); }
    CommitOptions identity(const Identity &identity) const {
        return set(mls_commit_options_set_identity, identity.get());
    }
    CommitOptions leaf_extensions(const std::vector<Extension> &extensions) const {
        return set(mls_commit_options_set_leaf_extensions, Extensions(extensions).get());
    }
    CommitOptions tree_out_of_band(bool yes = true) const {
        return set(mls_commit_options_set_tree_out_of_band, yes);
    }
    CommitOptions welcome_for_each(bool yes = true) const {
        return set(mls_commit_options_set_welcome_for_each, yes);
    }
    CommitOptions group_info(bool yes = true) const { return set(mls_commit_options_set_group_info, yes); }

private:
    template <class Function, class... Arguments>
    CommitOptions set(Function function, Arguments... arguments) const {
        detail::call(function, get(), arguments...);
        return *this;
    }
};

/// How to encrypt an application message.
class EncryptOptions : public detail::Handle<mls_encrypt_options_t, mls_encrypt_options_free> {
public:
    using Handle::Handle;
    EncryptOptions() : Handle(mls_encrypt_options_new()) {}
    EncryptOptions aad(View aad) const {
        detail::call(mls_encrypt_options_set_aad, get(), aad.data(), aad.size());
        return *this;
    }
};

/// How to join by an external commit.
class JoinOptions : public detail::Handle<mls_join_options_t, mls_join_options_free> {
public:
    using Handle::Handle;
    JoinOptions() : Handle(mls_join_options_new()) {}
    JoinOptions tree(View tree) const { return set(mls_join_options_set_tree, tree.data(), tree.size()); }
    JoinOptions resync(bool yes = true) const { return set(mls_join_options_set_resync, yes); }
    JoinOptions push_psk(View id) const { return set(mls_join_options_push_psk, id.data(), id.size()); }
    JoinOptions aad(View aad) const { return set(mls_join_options_set_aad, aad.data(), aad.size()); }
    JoinOptions leaf_extensions(const std::vector<Extension> &extensions) const {
        return set(mls_join_options_set_leaf_extensions, Extensions(extensions).get());
    }

private:
    template <class Function, class... Arguments>
    JoinOptions set(Function function, Arguments... arguments) const {
        detail::call(function, get(), arguments...);
        return *this;
    }
};

/// How to make key packages.
class KeyPackageOptions : public detail::Handle<mls_key_package_options_t, mls_key_package_options_free> {
public:
    using Handle::Handle;
    KeyPackageOptions() : Handle(mls_key_package_options_new()) {}
    KeyPackageOptions cipher_suite(std::uint16_t suite) const {
        return set(mls_key_package_options_set_cipher_suite, suite);
    }
    KeyPackageOptions last_resort(bool yes = true) const { return set(mls_key_package_options_set_last_resort, yes); }
    KeyPackageOptions lifetime(std::uint64_t seconds) const {
        return set(mls_key_package_options_set_lifetime, seconds);
    }
    KeyPackageOptions extensions(const std::vector<Extension> &extensions) const {
        return set(mls_key_package_options_set_extensions, Extensions(extensions).get());
    }
    KeyPackageOptions leaf_extensions(const std::vector<Extension> &extensions) const {
        return set(mls_key_package_options_set_leaf_extensions, Extensions(extensions).get());
    }

private:
    template <class Function, class... Arguments>
    KeyPackageOptions set(Function function, Arguments... arguments) const {
        detail::call(function, get(), arguments...);
        return *this;
    }
};

/// A key package of this device that was not used yet.
struct KeyPackageInfo {
    Bytes reference;
    std::uint16_t cipher_suite = 0;
    bool last_resort = false;
    /// Seconds since 1970.
    std::uint64_t not_before = 0;
    /// Seconds since 1970.
    std::uint64_t not_after = 0;
    /// The message to publish.
    Bytes message;
};

/// A key package with its private keys.
class KeyPackageSecrets : public detail::Handle<mls_key_package_secrets_t, mls_key_package_secrets_free> {
public:
    using Handle::Handle;
    KeyPackageSecrets(View message, View init_key, View encryption_key, View signature_key)
        : Handle(mls_key_package_secrets_new()) {
        detail::call(mls_key_package_secrets_set_message, get(), message.data(), message.size());
        detail::call(mls_key_package_secrets_set_init_key, get(), init_key.data(), init_key.size());
        detail::call(mls_key_package_secrets_set_encryption_key, get(), encryption_key.data(), encryption_key.size());
        detail::call(mls_key_package_secrets_set_signature_key, get(), signature_key.data(), signature_key.size());
    }

    Bytes message() const { return detail::bytes(mls_key_package_secrets_message, get()); }
    Bytes init_key() const { return detail::bytes(mls_key_package_secrets_init_key, get()); }
    Bytes encryption_key() const { return detail::bytes(mls_key_package_secrets_encryption_key, get()); }
    Bytes signature_key() const { return detail::bytes(mls_key_package_secrets_signature_key, get()); }
};

/// All that a commit makes.
struct Bundle {
    /// For the members.
    Bytes message;
    /// For the joiners; a service must not deliver them unless it accepts the commit.
    std::vector<Bytes> welcomes;
    /// For the service to publish, if asked for.
    std::optional<Bytes> group_info;
};

class Group;

/// A commit of this device's, between being made and being ordered by the delivery service.
class Commit : public detail::Handle<mls_commit_t, mls_commit_free> {
public:
    using Handle::Handle;

    std::uint64_t id() const noexcept { return mls_commit_id(get()); }
    inline Group group() const;
    /// One of MLS_COMMIT_*.
    std::int32_t status() const { return detail::give<std::int32_t>(mls_commit_status, get()); }
    Bytes message() const { return detail::bytes(mls_commit_message, get()); }
    Bundle bundle() const {
        auto *raw = detail::give<mls_bundle_t *>(mls_commit_bundle, get());
        detail::Handle<mls_bundle_t, mls_bundle_free> handle(raw);
        return Bundle{detail::bytes(mls_bundle_message, raw),
                      Messages(detail::give<mls_messages_t *>(mls_bundle_welcomes, raw)).vector(),
                      detail::optional_bytes(mls_bundle_group_info, raw)};
    }
    std::vector<Bytes> welcomes() const {
        return Messages(detail::give<mls_messages_t *>(mls_commit_welcomes, get())).vector();
    }
    void accept() const { detail::call(mls_commit_accept, get()); }
    void reject() const { detail::call(mls_commit_reject, get()); }
};

/// One group of a client.
class Group : public detail::Handle<mls_group_t, mls_group_free> {
public:
    using Handle::Handle;

    Bytes id() const { return detail::bytes(mls_group_id, get()); }
    /// One of MLS_GROUP_*.
    std::int32_t status() const { return detail::give<std::int32_t>(mls_group_status, get()); }
    std::uint64_t epoch() const { return detail::give<std::uint64_t>(mls_group_epoch, get()); }
    std::uint16_t cipher_suite() const { return detail::give<std::uint16_t>(mls_group_cipher_suite, get()); }
    std::uint32_t own_leaf() const { return detail::give<std::uint32_t>(mls_group_own_leaf, get()); }
    std::vector<Member> members() const {
        return detail::members(detail::give<mls_members_t *>(mls_group_members, get()));
    }
    Member member(std::uint32_t leaf) const {
        return detail::members(detail::give<mls_members_t *>(mls_group_member, get(), leaf)).at(0);
    }
    std::uint32_t member_count() const { return detail::give<std::uint32_t>(mls_group_member_count, get()); }
    std::vector<Extension> extensions() const {
        return Extensions(detail::give<mls_extensions_t *>(mls_group_extensions, get())).vector();
    }
    Bytes tree_hash() const { return detail::bytes(mls_group_tree_hash, get()); }
    Bytes epoch_authenticator() const { return detail::bytes(mls_group_epoch_authenticator, get()); }
    Bytes export_secret(const std::string &label, View context, std::uint32_t len) const {
        return detail::bytes(
            mls_group_export_secret, get(), detail::c_str(label), context.data(), context.size(), len);
    }
    Bytes group_info(bool allow_join, bool with_tree) const {
        return detail::bytes(mls_group_info, get(), allow_join, with_tree);
    }
    Bytes ratchet_tree() const { return detail::bytes(mls_group_ratchet_tree, get()); }

    Bytes encrypt(View data) const { return encrypt_with(data, nullptr); }
    Bytes encrypt(View data, const EncryptOptions &options) const { return encrypt_with(data, options.get()); }

    /// A message for each proposal, in the same order.
    std::vector<Bytes> propose(const std::vector<Proposal> &proposals, View aad = {}) const {
        Proposals list(proposals);
        auto *raw = detail::give<mls_messages_t *>(mls_group_propose, get(), list.get(), aad.data(), aad.size());
        return Messages(raw).vector();
    }
    Bytes leave(View aad = {}) const { return detail::bytes(mls_group_leave, get(), aad.data(), aad.size()); }
    ProposalInfos proposals() const {
        return ProposalInfos(detail::give<mls_proposal_infos_t *>(mls_group_proposals, get()));
    }
    void withdraw(View reference) const {
        detail::call(mls_group_withdraw, get(), reference.data(), reference.size());
    }
    void clear_proposals() const { detail::call(mls_group_clear_proposals, get()); }

    Commit commit(const std::vector<Proposal> &proposals = {}) const { return commit_with(proposals, nullptr); }
    Commit commit(const std::vector<Proposal> &proposals, const CommitOptions &options) const {
        return commit_with(proposals, options.get());
    }
    Commit commit_again(const ProposalInfos &proposals) const { return commit_again_with(proposals, nullptr); }
    Commit commit_again(const ProposalInfos &proposals, const CommitOptions &options) const {
        return commit_again_with(proposals, options.get());
    }
    std::vector<Commit> pending_commits() const {
        auto *raw = detail::give<mls_commits_t *>(mls_group_pending_commits, get());
        detail::Handle<mls_commits_t, mls_commits_free> list(raw);
        std::vector<Commit> commits;
        for (std::size_t i = 0; i < mls_commits_count(raw); i++) {
            commits.emplace_back(detail::give<mls_commit_t *>(mls_commits_at, raw, i));
        }
        return commits;
    }
    /// A commit of this device's by its id, as Committed and Superseded name it.
    Commit find_commit(std::uint64_t id) const {
        return Commit(detail::give<mls_commit_t *>(mls_group_find_commit, get(), id));
    }

    /// A new group, whose id is random if it is not given, with the owners of these key packages. Its context has this
    /// group's extensions if none are given.
    template <class Range>
    Commit branch(const Range &key_packages, View id = {},
                  std::optional<std::vector<Extension>> extensions = std::nullopt) const {
        return branch_with(key_packages, id, extensions, MLS_DEFAULTS);
    }
    /// The same; a path, the tree and the Welcomes can be chosen.
    template <class Range>
    Commit branch(const Range &key_packages, View id, std::optional<std::vector<Extension>> extensions,
                  const CommitOptions &options) const {
        return branch_with(key_packages, id, extensions, options.get());
    }
    /// The successor that a committed ReInit announced, with the owners of these key packages.
    template <class Range>
    Commit create_successor(const Range &key_packages) const {
        Messages list(key_packages);
        return Commit(detail::give<mls_commit_t *>(mls_group_create_successor, get(), list.get(), MLS_DEFAULTS));
    }
    /// The same; a path, the tree and the Welcomes can be chosen.
    template <class Range>
    Commit create_successor(const Range &key_packages, const CommitOptions &options) const {
        Messages list(key_packages);
        return Commit(detail::give<mls_commit_t *>(mls_group_create_successor, get(), list.get(), options.get()));
    }

private:
    template <class Range>
    Commit branch_with(const Range &key_packages, View id, const std::optional<std::vector<Extension>> &extensions,
                       const mls_commit_options_t *options) const {
        Messages list(key_packages);
        auto context = extensions ? std::optional<Extensions>(*extensions) : std::nullopt;
        return Commit(detail::give<mls_commit_t *>(mls_group_branch, get(), id.data(), id.size(), list.get(),
                                                   context ? context->get() : nullptr, options));
    }
    Bytes encrypt_with(View data, const mls_encrypt_options_t *options) const {
        return detail::bytes(mls_group_encrypt, get(), data.data(), data.size(), options);
    }
    Commit commit_with(const std::vector<Proposal> &proposals, const mls_commit_options_t *options) const {
        Proposals list(proposals);
        return Commit(detail::give<mls_commit_t *>(mls_group_commit, get(), list.get(), options));
    }
    Commit commit_again_with(const ProposalInfos &proposals, const mls_commit_options_t *options) const {
        return Commit(detail::give<mls_commit_t *>(mls_group_commit_again, get(), proposals.get(), options));
    }
};

inline Group Commit::group() const { return Group(detail::give<mls_group_t *>(mls_commit_group, get())); }

/// One device: one identity, one store.
class Client : public detail::Handle<mls_client_t, mls_client_free> {
public:
    using Handle::Handle;

    static Client open(const std::string &path, View key, const Options &options) {
        auto *raw = detail::give<mls_client_t *>(
            mls_client_open, detail::c_str(path), key.data(), key.size(), options.get());
        return Client(raw);
    }
    static Client open_in_memory(const Options &options) {
        return Client(detail::give<mls_client_t *>(mls_client_open_in_memory, options.get()));
    }
    static Client open_store(std::shared_ptr<Store> store, View key, const Options &options) {
        auto made = detail::StoreCalls::make(std::move(store));
        auto *raw = detail::give<mls_client_t *>(
            mls_client_open_store, made.get(), key.data(), key.size(), options.get());
        return Client(raw);
    }

    void close() const { detail::call(mls_client_close, get()); }
    void flush() const { detail::call(mls_client_flush, get()); }
    void suspend() const { detail::call(mls_client_suspend, get()); }
    void resume() const { detail::call(mls_client_resume, get()); }
    void rekey(View key) const { detail::call(mls_client_rekey, get(), key.data(), key.size()); }

    Credential credential() const {
        return Credential(detail::give<mls_credential_t *>(mls_client_credential, get()));
    }
    std::uint16_t cipher_suite() const noexcept { return mls_client_cipher_suite(get()); }
    /// For a cipher suite, 0 for the client's own.
    Bytes signature_key(std::uint16_t suite = 0) const {
        return detail::bytes(mls_client_signature_key, get(), suite);
    }
    /// For a cipher suite, 0 for the client's own.
    SigningKey export_signing_key(std::uint16_t suite = 0) const {
        return SigningKey(detail::give<mls_signing_key_t *>(mls_client_export_signing_key, get(), suite));
    }
    void set_identity(const Identity &identity) const {
        detail::call(mls_client_set_identity, get(), identity.get());
    }

    std::vector<Bytes> create_key_packages(std::uint32_t count) const { return create_with(count, nullptr); }
    std::vector<Bytes> create_key_packages(std::uint32_t count, const KeyPackageOptions &options) const {
        return create_with(count, options.get());
    }
    std::vector<KeyPackageInfo> key_packages() const {
        auto *raw = detail::give<mls_key_packages_t *>(mls_client_key_packages, get());
        detail::Handle<mls_key_packages_t, mls_key_packages_free> list(raw);
        std::vector<KeyPackageInfo> packages;
        for (std::size_t i = 0; i < mls_key_packages_count(raw); i++) {
            packages.push_back({detail::bytes(mls_key_packages_reference, raw, i),
                                detail::give<std::uint16_t>(mls_key_packages_cipher_suite, raw, i),
                                detail::give<bool>(mls_key_packages_last_resort, raw, i),
                                detail::give<std::uint64_t>(mls_key_packages_not_before, raw, i),
                                detail::give<std::uint64_t>(mls_key_packages_not_after, raw, i),
                                detail::bytes(mls_key_packages_message, raw, i)});
        }
        return packages;
    }
    void delete_key_package(View reference) const {
        detail::call(mls_client_delete_key_package, get(), reference.data(), reference.size());
    }
    std::uint32_t delete_expired_key_packages() const {
        return detail::give<std::uint32_t>(mls_client_delete_expired_key_packages, get());
    }
    /// Answers its reference.
    Bytes import_key_package(const KeyPackageSecrets &secrets) const {
        return detail::bytes(mls_client_import_key_package, get(), secrets.get());
    }
    KeyPackageSecrets export_key_package(View reference) const {
        auto *raw = detail::give<mls_key_package_secrets_t *>(
            mls_client_export_key_package, get(), reference.data(), reference.size());
        return KeyPackageSecrets(raw);
    }

    void add_psk(View id, View secret) const {
        detail::call(mls_client_add_psk, get(), id.data(), id.size(), secret.data(), secret.size());
    }
    void delete_psk(View id) const { detail::call(mls_client_delete_psk, get(), id.data(), id.size()); }

    Group create_group() const { return create_group_with(nullptr); }
    Group create_group(const GroupOptions &options) const { return create_group_with(options.get()); }
    Group group(View id) const {
        return Group(detail::give<mls_group_t *>(mls_client_group, get(), id.data(), id.size()));
    }
    /// A page of ids; `after` is the last one of the page before.
    std::vector<Bytes> groups(View after, std::uint32_t limit) const {
        return detail::ids(detail::give<mls_ids_t *>(mls_client_groups, get(), after.data(), after.size(), limit));
    }
    /// Those that external commits of ours join which the service has not answered.
    std::vector<Bytes> joining_groups() const {
        return detail::ids(detail::give<mls_ids_t *>(mls_client_joining_groups, get()));
    }
    void delete_group(View id) const { detail::call(mls_client_delete_group, get(), id.data(), id.size()); }

    Group join(const Invitation &invitation, View tree = {}) const { return join(invitation.id, tree); }
    Group join(std::uint64_t invitation, View tree = {}) const {
        return Group(detail::give<mls_group_t *>(mls_client_join, get(), invitation, tree.data(), tree.size()));
    }
    void decline(const Invitation &invitation) const { decline(invitation.id); }
    void decline(std::uint64_t invitation) const { detail::call(mls_client_decline, get(), invitation); }
    Commit join_external(View group_info) const { return join_external_with(group_info, nullptr); }
    Commit join_external(View group_info, const JoinOptions &options) const {
        return join_external_with(group_info, options.get());
    }
    Preview preview(View group_info, View tree = {}) const {
        return detail::preview(detail::give<mls_preview_t *>(
            mls_client_preview, get(), group_info.data(), group_info.size(), tree.data(), tree.size()));
    }
    Bytes propose_join(View group_info, View aad = {}) const {
        return detail::bytes(
            mls_client_propose_join, get(), group_info.data(), group_info.size(), aad.data(), aad.size());
    }
    Bytes propose_external(View group_info, const Proposal &proposal, View tree = {}, View aad = {}) const {
        Proposals list({proposal});
        return detail::bytes(mls_client_propose_external, get(), group_info.data(), group_info.size(), tree.data(),
                             tree.size(), list.get(), aad.data(), aad.size());
    }

    std::vector<Event> receive(View message) const {
        return Event::vector(
            detail::give<mls_events_t *>(mls_client_receive, get(), message.data(), message.size()));
    }
    template <class Range>
    std::vector<Event> receive_many(const Range &messages) const {
        Messages list(messages);
        return Event::vector(detail::give<mls_events_t *>(mls_client_receive_many, get(), list.get()));
    }
    std::vector<Event> retry_held() const {
        return Event::vector(detail::give<mls_events_t *>(mls_client_retry_held, get()));
    }
    std::vector<Event> inbox(std::uint64_t after, std::uint32_t limit) const {
        return Event::vector(detail::give<mls_events_t *>(mls_client_inbox, get(), after, limit));
    }
    void acknowledge(const Event &event) const { acknowledge(event.id()); }
    void acknowledge(std::uint64_t id) const { detail::call(mls_client_acknowledge, get(), id); }

private:
    std::vector<Bytes> create_with(std::uint32_t count, const mls_key_package_options_t *options) const {
        auto *raw = detail::give<mls_messages_t *>(mls_client_create_key_packages, get(), count, options);
        return Messages(raw).vector();
    }
    Group create_group_with(const mls_group_options_t *options) const {
        return Group(detail::give<mls_group_t *>(mls_client_create_group, get(), options));
    }
    Commit join_external_with(View group_info, const mls_join_options_t *options) const {
        return Commit(detail::give<mls_commit_t *>(
            mls_client_join_external, get(), group_info.data(), group_info.size(), options));
    }
};

} // namespace mls

#endif // MLS_HPP
