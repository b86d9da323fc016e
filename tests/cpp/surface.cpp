// Each part of the surface once, through the classes: what goes in comes out, and who is told what.
#include "check.hpp"

#include <array>

namespace {

mls::Options options(const std::string &user) { return mls::Options().device(user, "phone").trust_on_first_use(); }

mls::Client open(const std::string &user) { return mls::Client::open_in_memory(options(user)); }

// The first event of a kind; the test ends if there is none.
mls::Event expect(const std::vector<mls::Event> &events, std::int32_t kind) {
    for (const mls::Event &event : events) {
        if (event.kind() == kind) return event;
    }
    std::fprintf(stderr, "no event of kind %d among %zu:", kind, events.size());
    for (const mls::Event &event : events) {
        std::fprintf(stderr, " %d", event.kind());
        if (event.denied()) std::fprintf(stderr, " (%s)", event.denied()->detail.c_str());
        if (event.stalled()) std::fprintf(stderr, " (%s)", event.stalled()->detail.c_str());
    }
    std::fprintf(stderr, "\n");
    std::exit(1);
}

mls::Group join(const mls::Client &client, const mls::Bytes &welcome) {
    return client.join(*expect(client.receive(welcome), MLS_EVENT_INVITED).invited());
}

// A client and its group with another one in it.
struct Pair {
    mls::Client alice = open("alice");
    mls::Client bob = open("bob");
    mls::Group alices = alice.create_group();
    mls::Group bobs = begin();

    mls::Group begin() const {
        auto commit = alices.commit({mls::Proposal::add(bob.create_key_packages(1).front())});
        commit.accept();
        return join(bob, commit.welcomes().front());
    }
    void check_same() const { CHECK(alices.epoch_authenticator() == bobs.epoch_authenticator()); }
};

void what_a_group_is_told_about_itself() {
    auto alice = mls::Client::open_in_memory(options("alice").push_extension_capability(0xF0F0));
    auto group = alice.create_group(mls::GroupOptions()
                                        .id("the group")
                                        .cipher_suite(MLS_CIPHER_SUITE_P256_AES128)
                                        .extensions({{0xF0F0, {1, 2, 3}}})
                                        .leaf_extensions({{0xF0F0, {4}}}));
    CHECK(group.id().text() == "the group");
    CHECK(group.status() == MLS_GROUP_ACTIVE);
    CHECK(group.cipher_suite() == MLS_CIPHER_SUITE_P256_AES128);
    CHECK(group.epoch() == 0 && group.own_leaf() == 0 && group.member_count() == 1);
    auto extensions = group.extensions();
    CHECK(extensions.size() == 1 && extensions[0].kind == 0xF0F0 && extensions[0].data.size() == 3);
    auto member = group.member(0);
    CHECK(member.user == "alice" && member.device == "phone" && member.leaf == 0);
    CHECK(member.credential.kind() == MLS_CREDENTIAL_BASIC);
    CHECK(member.signature_key == alice.signature_key(MLS_CIPHER_SUITE_P256_AES128));
    CHECK(member.extensions.size() == 1);
    CHECK(!group.tree_hash().empty() && !group.ratchet_tree().empty());
    CHECK(thrown([&] { group.member(7); }) == MLS_ERROR_MEMBER_NOT_FOUND);
    CHECK(alice.groups({}, 9) == std::vector<mls::Bytes>{group.id()});
    CHECK(thrown([&] { alice.create_group(mls::GroupOptions().id("the group")); }) == MLS_ERROR_GROUP_EXISTS);
    alice.delete_group(group.id());
    CHECK(thrown([&] { group.epoch(); }) == MLS_ERROR_GROUP_NOT_FOUND);
    CHECK(thrown([&] { alice.group("the group"); }) == MLS_ERROR_GROUP_NOT_FOUND);
}

void proposals_by_reference_are_seen_withdrawn_cleared_and_committed() {
    Pair pair;
    auto messages = pair.bobs.propose({mls::Proposal::update()}, "aad");
    CHECK(messages.size() == 1);
    auto proposed = expect(pair.alice.receive(messages[0]), MLS_EVENT_PROPOSED).proposed();
    CHECK(proposed && proposed->aad.text() == "aad");
    auto proposal = proposed->proposal;
    CHECK(proposal.kind == MLS_PROPOSAL_UPDATE && proposal.sender.user == "bob");
    CHECK(proposal.subject && !proposal.encoded.empty());
    CHECK(thrown([&] { pair.alices.encrypt("no"); }) == MLS_ERROR_COMMIT_REQUIRED);
    CHECK(pair.alices.proposals().size() == 1);
    CHECK(pair.alices.proposals()[0].reference == proposal.reference);
    pair.alices.clear_proposals();
    CHECK(pair.alices.proposals().empty());

    pair.bobs.withdraw(pair.bobs.proposals()[0].reference);
    CHECK(pair.bobs.proposals().empty());
    CHECK(thrown([&] { pair.bobs.withdraw("nothing"); }) == MLS_ERROR_PROPOSAL_NOT_FOUND);

    auto leave = pair.bobs.leave();
    expect(pair.alice.receive(leave), MLS_EVENT_PROPOSED);
    auto commit = pair.alices.commit();
    auto message = commit.message();
    commit.accept();
    auto removed = expect(pair.bob.receive(message), MLS_EVENT_REMOVED).removed();
    CHECK(removed && removed->sender.user == "alice");
    CHECK(pair.bobs.status() == MLS_GROUP_CLOSED);
    CHECK(thrown([&] { pair.bobs.encrypt("no"); }) == MLS_ERROR_GROUP_CLOSED);
    auto committed = expect(pair.alice.inbox(0, 100), MLS_EVENT_COMMITTED);
    CHECK(committed.deliveries() == 0 || committed.deliveries() > 0);
}

void of_two_commits_one_wins_and_the_other_is_made_again() {
    Pair pair;
    auto carol = open("carol");
    auto alices = pair.alices.commit({mls::Proposal::add(carol.create_key_packages(1).front())});
    auto bobs = pair.bobs.commit({}, mls::CommitOptions().force_path().aad("aad"));
    CHECK(pair.alices.pending_commits().size() == 1);
    CHECK(pair.alices.pending_commits()[0].message() == alices.message());
    CHECK(alices.status() == MLS_COMMIT_PENDING && alices.id() != 0);
    CHECK(alices.group().id() == pair.alices.id());

    auto winner = bobs.message();
    bobs.accept();
    bobs.accept();
    auto events = pair.alice.receive(winner);
    auto committed = expect(events, MLS_EVENT_COMMITTED).committed();
    CHECK(committed && committed->sender.user == "bob" && !committed->commit && committed->aad.text() == "aad");
    auto superseded = expect(events, MLS_EVENT_SUPERSEDED).superseded();
    CHECK(superseded && superseded->commit == alices.id() && superseded->winner.user == "bob");
    CHECK(superseded->still_valid.size() == 1);
    CHECK(thrown([&] { alices.accept(); }) == MLS_ERROR_SUPERSEDED);

    auto again = pair.alices.commit_again(superseded->still_valid);
    auto message = again.message();
    again.accept();
    CHECK(again.welcomes().size() == 1);
    auto added = expect(pair.bob.receive(message), MLS_EVENT_COMMITTED).committed();
    CHECK(added && added->added.size() == 1 && added->added[0].user == "carol");
    pair.check_same();
    auto carols = join(carol, again.welcomes().front());
    CHECK(carols.epoch_authenticator() == pair.bobs.epoch_authenticator());
}

void a_rejected_commit_frees_its_slot() {
    Pair pair;
    auto commit = pair.alices.commit({mls::Proposal::remove(pair.bobs.own_leaf())});
    commit.reject();
    commit.reject();
    CHECK(commit.status() == MLS_COMMIT_REJECTED);
    CHECK(pair.alices.pending_commits().empty());
    CHECK(pair.alices.member_count() == 2);
}

void a_bundle_is_everything_at_once() {
    Pair pair;
    auto carol = open("carol");
    auto commit = pair.alices.commit({mls::Proposal::add(carol.create_key_packages(1).front())},
                                     mls::CommitOptions().group_info().welcome_for_each().tree_out_of_band());
    auto bundle = commit.bundle();
    CHECK(bundle.message == commit.message() && bundle.welcomes.size() == 1 && bundle.group_info);
    CHECK(mls::inspect(bundle.welcomes[0]).wire_format == MLS_WIRE_FORMAT_WELCOME);
    CHECK(mls::inspect(*bundle.group_info).wire_format == MLS_WIRE_FORMAT_GROUP_INFO);
    commit.accept();
    auto invitation = expect(carol.receive(bundle.welcomes[0]), MLS_EVENT_INVITED).invited();
    CHECK(invitation && invitation->preview.needs_tree && invitation->preview.members.empty());
    CHECK(thrown([&] { carol.join(*invitation); }) == MLS_ERROR_TREE_REQUIRED);
    auto group = carol.join(*invitation, pair.alices.ratchet_tree());
    CHECK(group.member_count() == 3);
}

void an_invitation_can_be_declined() {
    Pair pair;
    auto carol = open("carol");
    auto commit = pair.alices.commit({mls::Proposal::add(carol.create_key_packages(1).front())});
    commit.accept();
    auto invitation = expect(carol.receive(commit.welcomes().front()), MLS_EVENT_INVITED).invited();
    CHECK(invitation->preview.group_id == pair.alices.id() && invitation->preview.members.size() == 3);
    CHECK(invitation->preview.inviter && invitation->preview.inviter->user == "alice");
    CHECK(!invitation->key_package.empty() && !invitation->preview.parent);
    carol.decline(*invitation);
    CHECK(thrown([&] { carol.join(*invitation); }) == MLS_ERROR_INVITATION_NOT_FOUND);
}

void key_packages_are_made_counted_moved_and_deleted() {
    auto alice = open("alice");
    auto made = alice.create_key_packages(
        2, mls::KeyPackageOptions().lifetime(1000).cipher_suite(MLS_CIPHER_SUITE_X25519_CHACHA));
    auto last = alice.create_key_packages(1, mls::KeyPackageOptions().last_resort());
    CHECK(made.size() == 2 && alice.key_packages().size() == 3);
    std::size_t last_resorts = 0;
    for (const mls::KeyPackageInfo &info : alice.key_packages()) {
        last_resorts += info.last_resort;
        CHECK(info.not_before < info.not_after);
        CHECK(mls::inspect(info.message).key_packages == std::vector<mls::Bytes>{info.reference});
    }
    CHECK(last_resorts == 1);
    auto reference = mls::inspect(made[0]).key_packages[0];
    auto secrets = alice.export_key_package(reference);
    CHECK(secrets.message() == made[0] && secrets.init_key().size() == 32);
    mls::KeyPackageSecrets copy(secrets.message(), secrets.init_key(), secrets.encryption_key(), secrets.signature_key());
    alice.delete_key_package(reference);
    CHECK(thrown([&] { alice.delete_key_package(reference); }) == MLS_ERROR_KEY_PACKAGE_NOT_FOUND);
    CHECK(alice.import_key_package(copy) == reference);
    CHECK(alice.key_packages().size() == 3 && alice.delete_expired_key_packages() == 0);
}

void pre_shared_keys_are_mixed_in() {
    Pair pair;
    pair.alice.add_psk("psk", "a secret that both have");
    pair.bob.add_psk("psk", "a secret that both have");
    auto commit = pair.alices.commit({mls::Proposal::external_psk("psk"), mls::Proposal::resumption_psk(1)});
    auto message = commit.message();
    commit.accept();
    auto committed = expect(pair.bob.receive(message), MLS_EVENT_COMMITTED).committed();
    CHECK(committed->psks.size() == 1 && committed->psks[0].text() == "psk");
    pair.check_same();
    pair.bob.delete_psk("psk");
    CHECK(thrown([&] { pair.bobs.commit({mls::Proposal::external_psk("psk")}); }) == MLS_ERROR_PSK_NOT_FOUND);
}

void a_member_changes_its_identity() {
    Pair pair;
    auto identity = mls::Identity().credential(mls::Credential::device("alice", "phone"));
    auto commit = pair.alices.commit({}, mls::CommitOptions().identity(identity));
    auto message = commit.message();
    auto before = pair.alices.member(0).signature_key;
    commit.accept();
    auto committed = expect(pair.bob.receive(message), MLS_EVENT_COMMITTED).committed();
    CHECK(committed->updated.size() == 1 && committed->updated[0].signature_key != before);
    pair.check_same();
    CHECK(expect(pair.bob.receive(pair.alices.encrypt("new key")), MLS_EVENT_MESSAGE).message()->text() == "new key");

    auto key = pair.alice.export_signing_key();
    CHECK(key.public_key() == pair.alice.signature_key());
    mls::SigningKey copy(key.secret(), key.public_key());
    auto same = mls::Client::open_in_memory(options("alice").signing_key(copy));
    CHECK(same.signature_key() == key.public_key());
    CHECK(same.credential().bytes() == pair.alice.credential().bytes());
    pair.alice.set_identity(mls::Identity().signing_key(copy));
}

void somebody_joins_from_outside() {
    auto trusting = [](const std::string &user) {
        return mls::Client::open_in_memory(options(user).external_join(MLS_EXTERNAL_JOIN_TRUSTED));
    };
    auto alice = trusting("alice"), bob = trusting("bob");
    auto group = alice.create_group();
    auto info = group.group_info(true, true);
    auto preview = bob.preview(info);
    CHECK(preview.group_id == group.id() && preview.epoch == 0 && !preview.needs_tree && preview.members.size() == 1);
    CHECK(preview.cipher_suite == MLS_CIPHER_SUITE_X25519_AES128);

    auto commit = bob.join_external(info, mls::JoinOptions().aad("let me in"));
    CHECK(commit.group().status() == MLS_GROUP_JOINING);
    auto joined = expect(alice.receive(commit.message()), MLS_EVENT_COMMITTED).committed();
    CHECK(joined->sender.kind == MLS_SENDER_NEW_MEMBER_COMMIT && joined->added.size() == 1);
    commit.accept();
    CHECK(expect(bob.inbox(0, 9), MLS_EVENT_JOINED).joined()->by == MLS_JOINED_BY_EXTERNAL_COMMIT);
    CHECK(commit.group().epoch_authenticator() == group.epoch_authenticator());
}

void an_external_sender_proposes() {
    auto server = open("server");
    auto alice = mls::Client::open_in_memory(options("alice").external_sender_proposals());
    auto group = alice.create_group(
        mls::GroupOptions().push_external_sender(server.signature_key(), server.credential()));
    auto bob = open("bob");
    auto add = mls::Proposal::add(bob.create_key_packages(1).front());
    auto message = server.propose_external(group.group_info(true, true), add);
    auto proposed = expect(alice.receive(message), MLS_EVENT_PROPOSED).proposed();
    auto sender = proposed->proposal.sender;
    CHECK(sender.kind == MLS_SENDER_EXTERNAL && sender.leaf == 0u);
}

void a_group_is_branched_and_replaced() {
    Pair pair;
    auto branch = pair.alices.branch(pair.bob.create_key_packages(1), "the branch");
    CHECK(branch.group().id().text() == "the branch");
    auto invitation = expect(pair.bob.receive(branch.welcomes().front()), MLS_EVENT_INVITED).invited();
    CHECK(invitation->preview.parent == pair.bobs.id());
    CHECK(pair.bob.join(*invitation).epoch_authenticator() == branch.group().epoch_authenticator());
    auto apart = pair.alices.branch(pair.bob.create_key_packages(1), {}, std::vector<mls::Extension>{},
                                    mls::CommitOptions().tree_out_of_band(true));
    CHECK(expect(pair.bob.receive(apart.welcomes().front()), MLS_EVENT_INVITED).invited()->preview.needs_tree);

    auto reinit = pair.alices.commit({mls::Proposal::reinit(
        MLS_CIPHER_SUITE_X25519_CHACHA, std::vector<std::uint8_t>{'n', 'e', 'w'})});
    auto message = reinit.message();
    reinit.accept();
    auto replaced = expect(pair.bob.receive(message), MLS_EVENT_REPLACED).replaced();
    CHECK(replaced->successor.text() == "new" && replaced->cipher_suite == MLS_CIPHER_SUITE_X25519_CHACHA);
    CHECK(pair.bobs.status() == MLS_GROUP_REPLACED);
    auto suite = mls::KeyPackageOptions().cipher_suite(MLS_CIPHER_SUITE_X25519_CHACHA);
    auto successor = pair.alices.create_successor(pair.bob.create_key_packages(1, suite), mls::CommitOptions());
    auto joined = join(pair.bob, successor.welcomes().front());
    CHECK(joined.id().text() == "new" && joined.epoch_authenticator() == successor.group().epoch_authenticator());
}

void custom_proposals_and_context_changes_are_told() {
    auto capable = [](const std::string &user) {
        return mls::Client::open_in_memory(
            options(user).push_proposal_capability(0xF00D).push_extension_capability(0xF0F0));
    };
    auto alice = capable("alice"), bob = capable("bob");
    auto group = alice.create_group(mls::GroupOptions().push_required_proposal(0xF00D));
    auto add = group.commit({mls::Proposal::add(bob.create_key_packages(1).front())});
    add.accept();
    auto bobs = join(bob, add.welcomes().front());
    CHECK(bobs.member(0).capabilities_proposals == std::vector<std::uint16_t>{0xF00D});
    auto extensions = bobs.extensions();
    extensions.push_back({0xF0F0, {1}});
    auto commit = group.commit(
        {mls::Proposal::custom(0xF00D, "custom"), mls::Proposal::group_context_extensions(extensions)});
    auto message = commit.message();
    commit.accept();
    auto committed = expect(bob.receive(message), MLS_EVENT_COMMITTED).committed();
    CHECK(committed->context_changed && committed->custom.size() == 1);
    CHECK(committed->custom[0].kind == 0xF00D && committed->custom[0].data.text() == "custom");
}

void later_holds_a_welcome_until_it_is_retried() {
    auto verdict = std::make_shared<mls::Verdict>(mls::Verdict::later);
    auto alice = open("alice");
    auto bob = mls::Client::open_in_memory(mls::Options().device("bob", "phone").validator(
        [verdict](const mls::Validation &request) {
            return request.user() == "bob" ? mls::Verdict::accept : *verdict;
        }));
    auto group = alice.create_group();
    auto commit = group.commit({mls::Proposal::add(bob.create_key_packages(1).front())});
    commit.accept();
    auto held = bob.receive(commit.welcomes().front());
    CHECK(!held.empty() && (held[0].kind() == MLS_EVENT_HELD || held[0].kind() == MLS_EVENT_INVITED));
    *verdict = mls::Verdict::accept;
    if (auto waiting = held[0].held()) {
        CHECK(waiting->reason == MLS_HELD_FOR_VALIDATOR);
        held = bob.retry_held();
    }
    CHECK(bob.join(*expect(held, MLS_EVENT_INVITED).invited()).member_count() == 2);
}

void messages_early_late_twice_and_broken_are_told_apart() {
    Pair pair;
    auto first = pair.alices.encrypt("first", mls::EncryptOptions().aad("aad"));
    auto message = expect(pair.bob.receive(first), MLS_EVENT_MESSAGE).message();
    CHECK(message->text() == "first" && message->aad.text() == "aad" && message->epoch == 1);
    CHECK(message->sender.kind == MLS_SENDER_MEMBER && message->sender.leaf == 0u);
    CHECK(message->sender.user == "alice" && message->sender.device == "phone");
    CHECK(expect(pair.bob.receive(first), MLS_EVENT_IGNORED).ignored()->reason == MLS_IGNORED_DUPLICATE);
    CHECK(expect(pair.alice.receive(first), MLS_EVENT_IGNORED).ignored()->reason == MLS_IGNORED_OWN_ECHO);

    auto broken = pair.alices.encrypt("second").vector();
    auto whole = broken;
    broken.back() ^= 1;
    CHECK(!expect(pair.bob.receive(broken), MLS_EVENT_UNDECRYPTABLE).undecryptable()->detail.empty());
    CHECK(expect(pair.bob.receive(whole), MLS_EVENT_MESSAGE).message()->text() == "second");

    auto commit = pair.alices.commit({}, mls::CommitOptions().force_path());
    auto epoch = commit.message();
    commit.accept();
    auto early = pair.alices.encrypt("third");
    auto held = expect(pair.bob.receive(early), MLS_EVENT_HELD).held();
    CHECK(held->reason == MLS_HELD_FOR_EPOCH && held->epoch == 2 && held->waiting == 1);
    auto events = pair.bob.receive(epoch);
    CHECK(expect(events, MLS_EVENT_MESSAGE).message()->text() == "third");

    expect(pair.bob.receive("no message"), MLS_EVENT_UNDECRYPTABLE);
    CHECK(thrown([&] { mls::inspect("no message"); }) == MLS_ERROR_INVALID_MESSAGE);
    auto package = pair.alice.create_key_packages(1).front();
    CHECK(thrown([&] { pair.bob.receive(package); }) == MLS_ERROR_UNEXPECTED_MESSAGE);
}

void the_inbox_gives_again_what_was_not_acknowledged() {
    Pair pair;
    std::vector<mls::Bytes> backlog = {pair.alices.encrypt("one"), pair.alices.encrypt("two")};
    auto events = pair.bob.receive_many(backlog);
    CHECK(events.size() == 2 && events[0].group_id() == pair.bobs.id() && events[0].deliveries() == 0);
    pair.bob.acknowledge(events[0]);
    pair.bob.acknowledge(999999);
    pair.bob.flush();
    auto again = expect(pair.bob.inbox(0, 99), MLS_EVENT_MESSAGE);
    CHECK(again.id() == events[1].id() && again.message()->text() == "two" && again.deliveries() > 0);
}

void an_extension_receives_and_does_not_acknowledge() {
    auto client = mls::Client::open_in_memory(options("alice").role(MLS_ROLE_EXTENSION).limits_extension());
    CHECK(thrown([&] { client.create_group(); }) == MLS_ERROR_NOT_ALLOWED);
    CHECK(thrown([&] { client.acknowledge(1); }) == MLS_ERROR_NOT_ALLOWED);
}

struct ShoutingCodec : mls::CredentialCodec {
    std::vector<std::uint8_t> encode(const mls::Device &device) override {
        auto text = device.user + "!" + device.device;
        return std::vector<std::uint8_t>(text.begin(), text.end());
    }
    std::optional<mls::Device> decode(mls::View identity) override {
        auto at = identity.text().find('!');
        if (at == std::string_view::npos) throw "foreign";
        return mls::Device{std::string(identity.text().substr(0, at)), std::string(identity.text().substr(at + 1))};
    }
};

void a_codec_of_the_application_s_names_the_users() {
    auto alice = mls::Client::open_in_memory(options("alice").codec(std::make_shared<ShoutingCodec>()));
    CHECK(alice.credential().bytes().text() == "alice!phone");
    auto group = alice.create_group();
    CHECK(group.member(0).user == "alice" && group.member(0).device == "phone");
    auto bob = open("bob");
    group.commit({mls::Proposal::add(bob.create_key_packages(1).front())}).accept();
    CHECK(group.member(1).user.empty() && group.member(1).credential.bytes().size() == 9);
}

struct Mark : mls::Anchor {
    std::uint64_t kept = 0;
    bool fail = false;
    std::optional<std::uint64_t> load() override {
        return kept ? std::optional<std::uint64_t>(kept) : std::nullopt;
    }
    void store(std::uint64_t mark) override {
        if (fail) throw 1;
        CHECK(mark > kept);
        kept = mark;
    }
};

void a_clock_and_an_anchor_of_the_application_s_are_asked() {
    auto mark = std::make_shared<Mark>();
    std::uint64_t time = 2000000000;
    auto alice = mls::Client::open_in_memory(options("alice").clock([&] { return time; }).anchor(mark));
    alice.create_key_packages(1, mls::KeyPackageOptions().lifetime(100));
    auto info = alice.key_packages().at(0);
    CHECK(info.not_before <= time && info.not_after >= time && info.not_after <= time + 3700);
    auto group = alice.create_group();
    group.encrypt("x");
    CHECK(mark->kept > 0);
    time += 10000;
    CHECK(alice.delete_expired_key_packages() == 1);
}

void a_chain_goes_in_and_comes_out() {
    std::vector<std::vector<std::uint8_t>> chain = {{1, 2}, {3}};
    auto credential = mls::Credential::x509(chain);
    CHECK(credential.kind() == MLS_CREDENTIAL_X509 && credential.certificates().size() == 2);
    CHECK(credential.bytes().vector() == chain[0] && credential.certificates()[1].vector() == chain[1]);
    CHECK(mls::Credential::basic("x").certificates().empty());
}

void a_client_is_suspended_rekeyed_and_closed() {
    std::string path = std::string("/tmp/mls-surface-") + std::to_string(std::rand()) + ".db";
    std::array<std::uint8_t, MLS_STORE_KEY_LEN> old_key{1}, new_key{2};
    {
        auto alice = mls::Client::open(path, old_key, options("alice"));
        alice.create_group();
        alice.suspend();
        CHECK(thrown([&] { alice.create_group(); }) == MLS_ERROR_SUSPENDED);
        alice.resume();
        alice.rekey(new_key);
        CHECK(thrown([&] { alice.rekey("short"); }) == MLS_ERROR_INVALID_ARGUMENT);
        alice.close();
        CHECK(thrown([&] { alice.flush(); }) == MLS_ERROR_CLOSED);
    }
    CHECK(thrown([&] { mls::Client::open(path, old_key, options("alice")); }) == MLS_ERROR_STORE_KEY_WRONG);
    CHECK(thrown([&] { mls::Client::open(path, new_key, options("bob")); }) == MLS_ERROR_STORE_IDENTITY);
    CHECK(mls::Client::open(path, new_key, options("alice")).groups({}, 9).size() == 1);
    for (const char *suffix : {"", "-wal", "-shm"}) std::remove((path + suffix).c_str());
}

void every_option_is_taken() {
    auto all = options("alice")
                   .cipher_suite(MLS_CIPHER_SUITE_P384_AES256)
                   .push_credential_capability(0xF001)
                   .handshake_encryption(MLS_HANDSHAKE_PUBLIC)
                   .padding(MLS_PADDING_NONE)
                   .publish_group_info()
                   .key_package_lifetime(1000)
                   .key_package_backdate(10)
                   .auto_join()
                   .limit_inbox_events(100)
                   .limit_held_messages(10)
                   .limit_held_bytes(1 << 20)
                   .limit_held_unknown_groups(4)
                   .limit_past_epochs(2)
                   .limit_message_bytes(1 << 20)
                   .limit_members(100)
                   .limit_proposals_per_member(8)
                   .limit_proposals_per_commit(50)
                   .limit_fold_distance(16)
                   .limit_send_window(8)
                   .limit_loaded_groups(4)
                   .limit_hold_commits_above(90);
    auto alice = mls::Client::open_in_memory(all);
    CHECK(alice.cipher_suite() == MLS_CIPHER_SUITE_P384_AES256);
    auto commit = alice.create_group().commit();
    CHECK(mls::inspect(commit.message()).wire_format == MLS_WIRE_FORMAT_PUBLIC_MESSAGE);
    CHECK(mls::inspect(commit.message()).content == MLS_CONTENT_COMMIT);
    CHECK(mls::inspect(commit.message()).sender_kind == MLS_SENDER_MEMBER);
    CHECK(mls::inspect(commit.message()).sender_leaf == 0u && mls::inspect(commit.message()).epoch == 0u);
    CHECK(commit.bundle().group_info);
    CHECK(thrown([] { mls::Options().role(9); }) == MLS_ERROR_INVALID_ARGUMENT);
    CHECK(thrown([&] { mls::Client::open_in_memory(options("alice").insecure_accept_any().cipher_suite(4)); }) ==
          MLS_ERROR_UNSUPPORTED);
}

void the_library_says_what_it_is() {
    CHECK(mls::version() == "0.1.0" && mls::abi_version() == MLS_ABI_VERSION);
    CHECK(mls::store_key_len() == MLS_STORE_KEY_LEN && mls::media_type() == MLS_MEDIA_TYPE);
    CHECK(mls::cipher_suites().size() == 5 && mls::has_cipher_suite(1) && !mls::has_cipher_suite(4));
}

} // namespace

int main() {
    return RUN(what_a_group_is_told_about_itself) +
           RUN(proposals_by_reference_are_seen_withdrawn_cleared_and_committed) +
           RUN(of_two_commits_one_wins_and_the_other_is_made_again) + RUN(a_rejected_commit_frees_its_slot) +
           RUN(a_bundle_is_everything_at_once) + RUN(an_invitation_can_be_declined) +
           RUN(key_packages_are_made_counted_moved_and_deleted) + RUN(pre_shared_keys_are_mixed_in) +
           RUN(a_member_changes_its_identity) + RUN(somebody_joins_from_outside) + RUN(an_external_sender_proposes) +
           RUN(a_group_is_branched_and_replaced) + RUN(custom_proposals_and_context_changes_are_told) +
           RUN(later_holds_a_welcome_until_it_is_retried) + RUN(messages_early_late_twice_and_broken_are_told_apart) +
           RUN(the_inbox_gives_again_what_was_not_acknowledged) + RUN(an_extension_receives_and_does_not_acknowledge) +
           RUN(a_codec_of_the_application_s_names_the_users) +
           RUN(a_clock_and_an_anchor_of_the_application_s_are_asked) + RUN(a_chain_goes_in_and_comes_out) +
           RUN(a_client_is_suspended_rekeyed_and_closed) + RUN(every_option_is_taken) +
           RUN(the_library_says_what_it_is);
}
