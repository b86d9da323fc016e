// libmls-passive: a client that only follows, over the C ABI.
//
//     libmls-passive [--expect COUNTS] FILE...
//
// Each FILE holds passive-client vectors of the MLS working group: a key package with its private keys, a Welcome, and
// then for each epoch some proposals and a commit. A case passes if the client is in the state that the vector tells
// after every one of them. Cases of cipher suites that the library does not have are skipped, and counted.
//
// COUNTS says how many cases of each suite each file has to have run and skipped: one line "FILE SUITE RUN SKIP" each.
// With it, a file that is missing, not named, or of other counts is a failure: less was shown than is claimed.
//
// Exit: 0 if every case that ran has passed and something has run, 1 if not, 2 for wrong use.
#include "json.hpp"
#include "mls.hpp"

#include <cstring>
#include <iostream>
#include <set>
#include <sstream>

namespace {

// The vectors' key packages live from 0 to the end of time, or around the day they were made on; a fixed clock makes
// what passes today pass for ever.
constexpr std::uint64_t now = 1'700'000'000;

struct Failure {
    std::string why;
};

void require(bool condition, const std::string &why) {
    if (!condition) {
        throw Failure{why};
    }
}

std::string hex(mls::View bytes) {
    std::string out;
    for (std::uint8_t byte : bytes) {
        char digits[3];
        std::snprintf(digits, sizeof digits, "%02x", byte);
        out += digits;
    }
    return out;
}

std::string describe(const mls::Event &event) {
    std::ostringstream out;
    out << "event " << event.kind();
    if (auto stalled = event.stalled()) {
        out << " stalled: " << stalled->detail;
    } else if (auto denied = event.denied()) {
        out << " denied: " << denied->detail;
    } else if (auto undecryptable = event.undecryptable()) {
        out << " undecryptable: " << undecryptable->detail;
    } else if (auto held = event.held()) {
        out << " held: " << held->reason;
    } else if (auto ignored = event.ignored()) {
        out << " ignored: " << ignored->reason;
    }
    return out.str();
}

// One message, which has to have exactly one outcome of this kind.
mls::Event receive(const mls::Client &client, const Json &message, std::int32_t kind) {
    auto events = client.receive(message.bytes());
    require(events.size() == 1, std::to_string(events.size()) + " events for a message");
    require(events[0].kind() == kind, describe(events[0]));
    client.acknowledge(events[0]);
    return events[0];
}

void check_authenticator(const mls::Group &group, const Json &expected) {
    auto authenticator = hex(group.epoch_authenticator());
    require(authenticator == expected.string(), "epoch authenticator " + authenticator);
}

mls::Group join(const mls::Client &client, const Json &vector) {
    auto event = receive(client, vector["welcome"], MLS_EVENT_INVITED);
    auto invitation = event.invited();
    const Json &tree = vector["ratchet_tree"];
    require(invitation->preview.needs_tree == !tree.is_null(), "the tree is not where the preview says");
    return tree.is_null() ? client.join(*invitation) : client.join(*invitation, tree.bytes());
}

// A private key that is not the key package's must be turned down: exercised on every case, with one bit changed.
void check_import(const mls::Client &client, const Json &vector) {
    const char *keys[] = {"init_priv", "encryption_priv", "signature_priv"};
    for (int wrong = 0; wrong < 3; wrong++) {
        std::vector<std::uint8_t> key[3];
        for (int i = 0; i < 3; i++) {
            key[i] = vector[keys[i]].bytes();
        }
        key[wrong][key[wrong].size() / 2] ^= 0x10;
        try {
            client.import_key_package(mls::KeyPackageSecrets(vector["key_package"].bytes(), key[0], key[1], key[2]));
        } catch (const mls::Error &error) {
            require(error.code() == MLS_ERROR_INVALID_KEY_PACKAGE || error.code() == MLS_ERROR_INVALID_SIGNING_KEY,
                    "a wrong key is " + error.name());
            continue;
        }
        throw Failure{std::string("a wrong ") + keys[wrong] + " was taken"};
    }
}

void follow(const Json &vector, std::uint16_t suite) {
    auto client = mls::Client::open_in_memory(mls::Options()
                                                  .device("passive", "client")
                                                  .cipher_suite(suite)
                                                  .insecure_accept_any()
                                                  .external_join(MLS_EXTERNAL_JOIN_TRUSTED)
                                                  .new_member_proposals()
                                                  .external_sender_proposals()
                                                  // The vectors' resumption secrets may be of any epoch before.
                                                  .limit_past_epochs(1'000)
                                                  .clock([] { return now; }));
    check_import(client, vector);
    auto reference = client.import_key_package(mls::KeyPackageSecrets(
        vector["key_package"].bytes(), vector["init_priv"].bytes(), vector["encryption_priv"].bytes(),
        vector["signature_priv"].bytes()));
    require(mls::inspect(vector["key_package"].bytes()).key_packages.at(0) == reference, "another reference");
    for (const Json &psk : vector["external_psks"].items()) {
        client.add_psk(psk["psk_id"].bytes(), psk["psk"].bytes());
    }
    auto group = join(client, vector);
    require(group.cipher_suite() == suite, "another cipher suite");
    require(client.key_packages().empty() || client.key_packages()[0].last_resort, "the key package was not used up");
    check_authenticator(group, vector["initial_epoch_authenticator"]);
    std::size_t index = 0;
    for (const Json &epoch : vector["epochs"].items()) {
        try {
            for (const Json &proposal : epoch["proposals"].items()) {
                receive(client, proposal, MLS_EVENT_PROPOSED);
            }
            receive(client, epoch["commit"], MLS_EVENT_COMMITTED);
            check_authenticator(group, epoch["epoch_authenticator"]);
        } catch (const mls::Error &error) {
            throw Failure{"epoch " + std::to_string(index) + ": " + error.name() + " (" + error.detail() + ")"};
        } catch (const Failure &failure) {
            throw Failure{"epoch " + std::to_string(index) + ": " + failure.why};
        }
        index++;
    }
}

struct Count {
    unsigned run = 0, passed = 0, skipped = 0;
    std::size_t epochs = 0;
};
using Counts = std::map<std::uint16_t, Count>;

std::string base_name(const std::string &path) { return path.substr(path.find_last_of('/') + 1); }

// Runs a file; says what failed.
Counts run_file(const std::string &path) {
    Counts counts;
    Json file = Json::file(path);
    for (std::size_t i = 0; i < file.size(); i++) {
        const Json &vector = file.items()[i];
        auto suite = static_cast<std::uint16_t>(vector["cipher_suite"].integer());
        Count &count = counts[suite];
        if (!mls::has_cipher_suite(suite)) {
            count.skipped++;
            continue;
        }
        count.run++;
        auto fail = [&](const std::string &why) {
            std::cout << "FAIL " << base_name(path) << " case " << i << " suite " << suite << ": " << why << "\n";
        };
        try {
            follow(vector, suite);
            count.passed++;
            count.epochs += 1 + vector["epochs"].size();
        } catch (const mls::Error &error) {
            fail(error.name() + ": " + error.what() + " (" + error.detail() + ")");
        } catch (const Failure &failure) {
            fail(failure.why);
        } catch (const std::exception &error) {
            fail(error.what());
        }
    }
    return counts;
}

// The lines of a file of expected counts, with comments left out.
std::multiset<std::string> expected(const std::string &path) {
    std::ifstream in(path);
    if (!in) {
        std::cerr << path << ": cannot be read\n";
        std::exit(2);
    }
    std::multiset<std::string> lines;
    for (std::string line; std::getline(in, line);) {
        if (!line.empty() && line[0] != '#') {
            lines.insert(line);
        }
    }
    return lines;
}

} // namespace

int main(int argc, char **argv) {
    std::vector<std::string> files(argv + 1, argv + argc);
    bool counted = files.size() >= 2 && files[0] == "--expect";
    std::multiset<std::string> wanted;
    if (counted) {
        wanted = expected(files[1]);
        files.erase(files.begin(), files.begin() + 2);
    }
    if (files.empty()) {
        std::cerr << "libmls-passive [--expect COUNTS] FILE...\n";
        return 2;
    }
    bool good = true;
    Counts total;
    for (const std::string &path : files) {
        try {
            for (const auto &[suite, count] : run_file(path)) {
                std::ostringstream line;
                line << base_name(path) << " " << suite << " " << count.run << " " << count.skipped;
                auto found = wanted.find(line.str());
                if (found != wanted.end()) {
                    wanted.erase(found);
                } else if (counted) {
                    std::cout << "UNEXPECTED " << line.str() << "\n";
                    good = false;
                }
                Count &sum = total[suite];
                sum.run += count.run;
                sum.passed += count.passed;
                sum.skipped += count.skipped;
                sum.epochs += count.epochs;
            }
        } catch (const std::exception &error) {
            std::cout << "FAIL " << base_name(path) << ": " << error.what() << "\n";
            good = false;
        }
    }
    for (const std::string &line : wanted) {
        std::cout << "MISSING " << line << "\n";
        good = false;
    }
    Count all;
    for (const auto &[suite, count] : total) {
        std::cout << "suite " << suite << ": " << count.run << " run, " << count.passed << " passed, " << count.skipped
                  << (count.skipped ? " SKIPPED (the library does not have the suite)" : " skipped") << "\n";
        all.run += count.run;
        all.passed += count.passed;
        all.skipped += count.skipped;
        all.epochs += count.epochs;
    }
    std::cout << "passive client: " << all.run << " run, " << all.passed << " passed, " << all.run - all.passed
              << " failed, " << all.skipped << " skipped; " << all.epochs << " epochs compared\n";
    if (all.run == 0) {
        std::cout << "no suite ran\n";
    }
    good = good && all.run > 0 && all.passed == all.run;
    return good ? 0 : 1;
}
