// The five-minute story, from end to end, and a store, a validator, a codec and a clock of the application's.
#include "check.hpp"

#include <array>
#include <iostream>
#include <map>
#include <mutex>

namespace {

enum Answer { Accepted, Refused, Unknown };

// The service: it takes every commit, and keeps what is to be delivered.
struct Server {
    std::vector<mls::Bytes> mailbox;
    Answer submit(const mls::Bytes &message) { return message.empty() ? Refused : Accepted; }
    void deliver(const std::vector<mls::Bytes> &welcomes) { mailbox.insert(mailbox.end(), welcomes.begin(), welcomes.end()); }
    void send(const mls::Bytes &message) { mailbox.push_back(message); }
};

const std::array<std::uint8_t, MLS_STORE_KEY_LEN> key{7};

// What bob shows of what comes in.
std::vector<std::string> receive(const mls::Client &bob, const mls::Bytes &bytes) {
    std::vector<std::string> shown;
    // quickstart
    for (const mls::Event &event : bob.receive(bytes)) {
        if (auto invitation = event.invited()) bob.join(*invitation);
        if (auto message = event.message()) {
            std::cout << "  " << message->sender.user << ": " << message->text() << '\n';
            shown.emplace_back(message->text());
        }
        bob.acknowledge(event);
    }
    // end of quickstart
    return shown;
}

// The story, with clients opened by anybody.
void story(const mls::Client &alice, const mls::Client &bob) {
    Server server;
    // quickstart
    auto bob_key_package = bob.create_key_packages(1).front();
    auto group = alice.create_group();
    auto commit = group.commit({mls::Proposal::add(bob_key_package)});
    // end of quickstart
    CHECK(thrown([&] { commit.welcomes(); }) == MLS_ERROR_COMMIT_NOT_ACCEPTED);
    // quickstart
    switch (server.submit(commit.message())) {
    case Accepted: commit.accept(); server.deliver(commit.welcomes()); break;
    case Refused: commit.reject(); break;
    case Unknown: break;
    }
    server.send(group.encrypt("hello"));
    // end of quickstart

    std::vector<std::string> shown;
    for (const mls::Bytes &bytes : server.mailbox) {
        for (auto &text : receive(bob, bytes)) shown.push_back(text);
    }
    CHECK(shown == std::vector<std::string>{"hello"});

    auto bobs = bob.group(group.id());
    CHECK(bobs.epoch_authenticator() == group.epoch_authenticator());
    CHECK(bobs.export_secret("label", "context", 32) == group.export_secret("label", "context", 32));
    CHECK(bobs.member_count() == 2);
    CHECK(bobs.members().at(0).user == "alice@example.org");
    CHECK(bobs.member(bobs.own_leaf()).device == "laptop");
    CHECK(mls::inspect(server.mailbox.back()).group_id == group.id());
}

mls::Options options(const char *user, const char *device) {
    return mls::Options().device(user, device).trust_on_first_use();
}

void two_devices_meet_and_one_message_arrives() {
    story(mls::Client::open_in_memory(options("alice@example.org", "phone")),
          mls::Client::open_in_memory(options("bob@example.org", "laptop")));
}

// A store of the application's, in a std::map.
struct MapStore : mls::Store {
    std::mutex mutex;
    std::map<std::vector<std::uint8_t>, std::vector<std::uint8_t>> rows;
    std::uint64_t now = 1;
    int failures = 0;

    std::uint64_t version() override {
        std::lock_guard<std::mutex> lock(mutex);
        return now;
    }
    std::optional<std::vector<std::uint8_t>> get(mls::View key) override {
        std::lock_guard<std::mutex> lock(mutex);
        auto row = rows.find(key.vector());
        return row == rows.end() ? std::nullopt : std::optional<std::vector<std::uint8_t>>(row->second);
    }
    std::vector<mls::Row> scan(mls::View from, mls::View to, bool reverse, std::uint32_t limit) override {
        std::lock_guard<std::mutex> lock(mutex);
        std::vector<mls::Row> found;
        if (from.vector() >= to.vector()) return found;
        for (auto row = rows.lower_bound(from.vector()); row != rows.lower_bound(to.vector()); ++row) {
            found.push_back({row->first, row->second});
        }
        if (reverse) found = {found.rbegin(), found.rend()};
        if (found.size() > limit) found.resize(limit);
        return found;
    }
    std::optional<std::uint64_t> commit(std::uint64_t version, const std::vector<mls::Write> &writes) override {
        std::lock_guard<std::mutex> lock(mutex);
        if (failures > 0) {
            failures--;
            throw mls::Error(MLS_ERROR_STORE_FULL);
        }
        if (version != now) return std::nullopt;
        for (const mls::Write &write : writes) {
            auto key = write.key.vector();
            if (write.kind == MLS_STORE_WRITE_PUT) rows[key] = write.value.vector();
            if (write.kind == MLS_STORE_WRITE_DELETE) rows.erase(key);
            if (write.kind == MLS_STORE_WRITE_DELETE_RANGE && key < write.end.vector()) {
                rows.erase(rows.lower_bound(key), rows.lower_bound(write.end.vector()));
            }
        }
        return ++now;
    }
};

void the_story_runs_on_a_store_of_the_application_s() {
    auto store = std::make_shared<MapStore>();
    {
        auto alice = mls::Client::open_store(store, key, options("alice@example.org", "phone"));
        story(alice, mls::Client::open_in_memory(options("bob@example.org", "laptop")));
        auto group = alice.group(alice.groups({}, 1).at(0));
        store->failures = 1;
        CHECK(thrown([&] { alice.create_key_packages(1); }) == MLS_ERROR_STORE_FULL);
        CHECK(alice.create_key_packages(1).size() == 1);
        CHECK(group.member_count() == 2);
        alice.close();
        CHECK(thrown([&] { group.epoch(); }) == MLS_ERROR_CLOSED);
    }
    CHECK(store.use_count() == 1);
    auto again = mls::Client::open_store(store, key, options("alice@example.org", "phone"));
    CHECK(again.groups({}, 10).size() == 1);
}

void a_validator_of_the_application_s_decides() {
    int asked = 0;
    auto denying = mls::Options().device("alice@example.org", "phone").validator([&](const mls::Validation &request) {
        asked++;
        CHECK(request.purpose() == MLS_PURPOSE_ADD || request.purpose() == MLS_PURPOSE_MEMBER);
        CHECK(request.credential().kind() == MLS_CREDENTIAL_BASIC);
        CHECK(!request.signature_key().empty());
        CHECK(request.time() > 0);
        bool bob = request.credential().bytes().text().find("bob") != std::string_view::npos;
        return bob ? mls::Verdict::deny : mls::Verdict::accept;
    });
    auto alice = mls::Client::open_in_memory(denying);
    auto bob = mls::Client::open_in_memory(options("bob@example.org", "laptop"));
    auto group = alice.create_group();
    auto package = bob.create_key_packages(1).front();
    CHECK(thrown([&] { group.commit({mls::Proposal::add(package)}); }) == MLS_ERROR_CREDENTIAL_DENIED);
    CHECK(asked > 0);
}

void a_validator_that_throws_fails_the_call_and_nothing_else() {
    auto throwing = mls::Options().device("alice@example.org", "phone").validator(
        [](const mls::Validation &) -> mls::Verdict { throw 42; });
    auto alice = mls::Client::open_in_memory(throwing);
    auto bob = mls::Client::open_in_memory(options("bob@example.org", "laptop"));
    auto group = alice.create_group();
    auto package = bob.create_key_packages(1).front();
    CHECK(thrown([&] { group.commit({mls::Proposal::add(package)}); }) == MLS_ERROR_CALLBACK_FAILED);
    CHECK(group.epoch() == 0);
    CHECK(group.pending_commits().empty());
}

void a_name_with_a_nul_is_misuse() {
    std::string name("al\0ice", 6);
    CHECK(thrown([&] { mls::Options().device(name, "phone"); }) == MLS_ERROR_INVALID_ARGUMENT);
}

void an_error_says_what_and_what_to_do() {
    try {
        mls::Client::open_in_memory(options("alice@example.org", "phone")).group("no such group");
        CHECK(false);
    } catch (const mls::Error &error) {
        CHECK(error.code() == MLS_ERROR_GROUP_NOT_FOUND);
        CHECK(error.name() == "GROUP_NOT_FOUND");
        CHECK(error.advice() == MLS_ADVICE_FIX_CALL);
        CHECK(error.what() != error.name());
    }
}

} // namespace

int main() {
    return RUN(two_devices_meet_and_one_message_arrives) + RUN(the_story_runs_on_a_store_of_the_application_s) +
           RUN(a_validator_of_the_application_s_decides) +
           RUN(a_validator_that_throws_fails_the_call_and_nothing_else) + RUN(a_name_with_a_nul_is_misuse) +
           RUN(an_error_says_what_and_what_to_do);
}
