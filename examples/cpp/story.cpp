// Five minutes of libmls in C++: Alice makes a group, adds Bob and says hello; Bob's device joins and shows it. In life
// the two are on two machines, and `Service` is yours: it orders commits and carries bytes.
#include <mls.hpp>

#include <array>
#include <iostream>
#include <vector>

enum Answer { Accepted, Refused, Unknown };

// This one takes every commit.
struct Service {
    std::vector<mls::Bytes> mailbox;
    Answer submit(const mls::Bytes &commit) { return commit.empty() ? Refused : Accepted; }
    void deliver(const std::vector<mls::Bytes> &welcomes) { mailbox.insert(mailbox.end(), welcomes.begin(), welcomes.end()); }
    void send(const mls::Bytes &message) { mailbox.push_back(message); }
};

using Key = std::array<std::uint8_t, MLS_STORE_KEY_LEN>; // from the platform's keystore

void story(const std::string &alice_path, const std::string &bob_path) {
    Service service;
    auto bob = mls::Client::open(bob_path, Key{2}, mls::Options().device("bob@example.org", "laptop").trust_on_first_use());
    auto bob_key_package = bob.create_key_packages(1).front();

    auto alice = mls::Client::open(alice_path, Key{1}, mls::Options().device("alice@example.org", "phone").trust_on_first_use());
    auto group = alice.create_group();
    auto commit = group.commit({mls::Proposal::add(bob_key_package)});
    switch (service.submit(commit.message())) {
    case Accepted: commit.accept(); service.deliver(commit.welcomes()); break; // only now may a Welcome leave the device
    case Refused: commit.reject(); break; // receive the winner, then commit again
    case Unknown: break; // keep it: the same bytes go out again
    }
    service.send(group.encrypt("hello"));

    for (const mls::Bytes &bytes : service.mailbox) {
        for (const mls::Event &event : bob.receive(bytes)) {
            if (auto invitation = event.invited()) bob.join(*invitation);
            if (auto message = event.message()) std::cout << message->sender.user << ": " << message->text() << '\n';
            bob.acknowledge(event); // after the app has saved what it needs
        }
    }
}

int main(int argc, char **argv) {
    if (argc != 3) {
        std::cerr << "usage: story ALICE.db BOB.db\n";
        return 2;
    }
    try {
        story(argv[1], argv[2]);
    } catch (const mls::Error &error) {
        std::cerr << error.name() << ": " << error.what() << '\n';
        return 1;
    }
}
