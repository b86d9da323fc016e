// libmls as a contestant of benches/run.py, through the C ABI: `libmls NAME DIRECTORY`, NAME libmls-memory or
// libmls-sqlite. It understands the commands of benches/peers/src/main.rs, and answers in the same way.
#include "mls.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <ctime>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <malloc.h>
#include <map>
#include <memory>
#include <sstream>
#include <thread>

using Clock = std::chrono::steady_clock;

static std::uint64_t nanoseconds(Clock::duration time) {
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(time).count());
}

static std::uint64_t field(const char *path, const std::string &name) {
    std::ifstream file(path);
    std::string word;
    while (file >> word) {
        if (word == name) {
            std::uint64_t value;
            file >> value;
            return value;
        }
    }
    throw std::runtime_error("the kernel does not count " + name);
}

// Bytes that this process has given to `write` and its kin.
static std::uint64_t written() { return field("/proc/self/io", "wchar:"); }

// Nanoseconds of CPU that this process has used.
static std::uint64_t cpu() {
    timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(time.tv_nsec);
}

// Bytes that are allocated now.
static std::uint64_t allocated() {
    auto info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

static std::string file(const std::string &path) {
    std::ifstream in(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
}

// Messages one behind the other, each with its length.
static std::vector<std::string> frames(const std::string &path, std::size_t count) {
    std::string bytes = file(path);
    std::vector<std::string> frames;
    for (std::size_t at = 0; at < bytes.size() && frames.size() < count;) {
        std::size_t length = 0;
        for (int i = 0; i < 4; i++) {
            length = length << 8 | static_cast<std::uint8_t>(bytes[at++]);
        }
        frames.push_back(bytes.substr(at, length));
        at += length;
    }
    return frames;
}

// What named steps cost: nanoseconds, bytes written, nanoseconds of CPU.
class Meter {
public:
    template <class Step>
    auto measure(const std::string &name, Step step) {
        auto bytes = written(), before = cpu();
        auto begun = Clock::now();
        auto finish = [&] {
            auto wall = Clock::now() - begun;
            auto used = cpu() - before;
            note(name, nanoseconds(wall), written() - bytes, used);
        };
        if constexpr (std::is_void_v<decltype(step())>) {
            step();
            finish();
        } else {
            auto answer = step();
            finish();
            return answer;
        }
    }

    void note(const std::string &name, std::uint64_t value, std::uint64_t bytes = 0, std::uint64_t used = 0) {
        if (!series_.count(name)) {
            names_.push_back(name);
        }
        series_[name].push_back({value, bytes, used});
    }

    void answer() const {
        for (const auto &name : names_) {
            std::cout << name << '\t';
            const char *between = "";
            for (auto [value, bytes, used] : series_.at(name)) {
                std::cout << between << value << ':' << bytes << ':' << used;
                between = " ";
            }
            std::cout << '\n';
        }
        std::cout << "end" << std::endl;
    }

private:
    std::vector<std::string> names_;
    std::map<std::string, std::vector<std::array<std::uint64_t, 3>>> series_;
};

static mls::Group join(const mls::Client &client, const std::string &welcome) {
    for (const auto &event : client.receive(welcome)) {
        if (auto invited = event.invited()) {
            auto group = client.join(*invited);
            client.acknowledge(event);
            return group;
        }
    }
    throw std::runtime_error("no invitation");
}

class Contestant {
public:
    Contestant(bool durable, std::string directory) : durable_(durable), directory_(std::move(directory)) {
        alice_ = open("alice");
        bob_ = open("bob");
    }

    void obey(const std::vector<std::string> &words, Meter &meter) {
        auto number = [&](std::size_t index) { return static_cast<std::size_t>(std::stoul(words.at(index))); };
        const auto &command = words.at(0);
        if (command == "pair") {
            group_ = alice_->create_group();
            auto commit = group_->commit({mls::Proposal::add(package(*bob_))});
            commit.accept();
            auto welcome = commit.welcomes().at(0).str();
            meter.measure("join", [&] { join(*bob_, welcome); });
        } else if (command == "invite") {
            if (group_) {
                // A Welcome does not replace a group that one is in.
                alice_->delete_group(group_->id());
                bob_->delete_group(group_->id());
            }
            std::ofstream(words.at(1), std::ios::binary) << package(*alice_).text();
            std::ofstream(words.at(2), std::ios::binary) << package(*bob_).text();
        } else if (command == "join") {
            auto welcome = file(words.at(1));
            group_ = meter.measure("join", [&] { return join(*alice_, welcome); });
            meter.measure("join", [&] { join(*bob_, welcome); });
        } else if (command == "key_package") {
            repeat(number(1), [&] { meter.measure("key package", [&] { package(*alice_); }); });
        } else if (command == "create") {
            repeat(number(1), [&] { meter.measure("create", [&] { alice_->create_group(); }); });
        } else if (command == "encrypt") {
            std::string data(number(2), 'a');
            repeat(number(1), [&] { sent_.push_back(meter.measure("encrypt", [&] { return group_->encrypt(data); })); });
        } else if (command == "decrypt") {
            for (const auto &message : sent_) {
                meter.measure("decrypt", [&] { take(bob_->receive(message)); });
            }
            sent_.clear();
        } else if (command == "backlog") {
            meter.measure("backlog", [&] { take(bob_->receive_many(sent_)); });
            sent_.clear();
        } else if (command == "commit") {
            repeat(number(1), [&] { commit("commit", {}, meter); });
        } else if (command == "add") {
            for (const auto &stranger : frames(words.at(1), number(2))) {
                commit("add", {mls::Proposal::add(stranger)}, meter);
                commit("remove", {mls::Proposal::remove(group_->members().back().leaf)}, meter);
            }
        } else if (command == "bulk") {
            std::vector<mls::Proposal> adds;
            for (const auto &stranger : frames(words.at(1), number(2))) {
                adds.push_back(mls::Proposal::add(stranger));
            }
            // With the tree in the Welcome, as the others do it, and with the tree beside it.
            for (bool apart : {false, true}) {
                std::string name = apart ? "bulk add, tree apart" : "bulk add";
                group_ = alice_->create_group();
                auto options = mls::CommitOptions().tree_out_of_band(apart);
                auto commit = meter.measure(name, [&] { return group_->commit(adds, options); });
                meter.measure(name + " accept", [&] { commit.accept(); });
                acknowledge(*alice_);
            }
        } else if (command == "load") {
            repeat(durable_ ? number(1) : 0, [&] { load(meter); });
        } else if (command == "cached") {
            auto id = group_->id();
            group_->epoch();
            auto begun = Clock::now();
            repeat(number(1), [&] { alice_->group(id).epoch(); });
            meter.note("cached", nanoseconds(Clock::now() - begun) / number(1));
        } else if (command == "threads") {
            threads(number(1), number(2), meter);
        } else if (command == "peak") {
            meter.note("peak", field("/proc/self/status", "VmHWM:"));
        } else {
            throw std::runtime_error("no command " + command);
        }
    }

private:
    template <class Step>
    static void repeat(std::size_t count, Step step) {
        for (std::size_t i = 0; i < count; i++) {
            step();
        }
    }

    mls::Client open(const std::string &name, std::uint32_t loaded = 128) const {
        auto options = mls::Options().device(name, "bench").insecure_accept_any().limit_loaded_groups(loaded);
        return durable_ ? mls::Client::open(directory_ + "/" + name, std::string(32, 'k'), options)
                        : mls::Client::open_in_memory(options);
    }

    static mls::Bytes package(const mls::Client &client) { return client.create_key_packages(1).at(0); }

    // What the application has seen, it acknowledges; it rides with the next write.
    void take(const std::vector<mls::Event> &events) {
        for (const auto &event : events) {
            if (event.kind() != MLS_EVENT_MESSAGE) {
                throw std::runtime_error("no message");
            }
            bob_->acknowledge(event);
        }
    }

    static void acknowledge(const mls::Client &client) {
        for (const auto &event : client.inbox(0, 1000)) {
            client.acknowledge(event);
        }
    }

    void commit(const std::string &name, const std::vector<mls::Proposal> &proposals, Meter &meter) {
        auto commit = meter.measure(name, [&] { return group_->commit(proposals); });
        auto message = commit.message();
        meter.measure(name + " accept", [&] { commit.accept(); });
        acknowledge(*alice_);
        meter.measure(name + " process", [&] {
            for (const auto &event : bob_->receive(message)) {
                if (!event.committed()) {
                    throw std::runtime_error("no commit");
                }
                bob_->acknowledge(event);
            }
        });
    }

    // In a client that has just been opened: nothing is cached in the process.
    void load(Meter &meter) {
        auto id = group_->id();
        alice_->close();
        alice_ = open("alice");
        group_ = alice_->group(id);
        auto before = allocated();
        meter.measure("load", [&] { group_->member_count(); });
        meter.note("loaded bytes", allocated() - before);
    }

    // Alice and bob in so many groups: all threads send, then all receive; both once with one thread and once with 8.
    void threads(std::size_t count, std::size_t messages, Meter &meter) {
        auto loaded = static_cast<std::uint32_t>(count + 128);
        alice_->close();
        bob_->close();
        alice_ = open("alice", loaded);
        bob_ = open("bob", loaded);
        std::vector<mls::Group> groups;
        auto packages = bob_->create_key_packages(static_cast<std::uint32_t>(count));
        for (const auto &package : packages) {
            auto group = alice_->create_group();
            auto commit = group.commit({mls::Proposal::add(package)});
            commit.accept();
            join(*bob_, commit.welcomes().at(0).str());
            groups.push_back(group);
        }
        acknowledge(*alice_);
        for (std::size_t workers : {1, 8}) {
            std::vector<std::vector<mls::Bytes>> sent(count);
            auto all = [&](const std::string &name, const std::function<void(std::size_t)> &each) {
                std::atomic<std::size_t> next{0};
                std::vector<std::thread> running;
                meter.measure(name + " " + std::to_string(workers), [&] {
                    for (std::size_t worker = 0; worker < workers; worker++) {
                        running.emplace_back([&] {
                            for (std::size_t n; (n = next++) < count;) {
                                each(n);
                            }
                        });
                    }
                    for (auto &thread : running) {
                        thread.join();
                    }
                });
            };
            for (std::size_t round = 0; round < messages; round++) {
                all("send", [&](std::size_t n) { sent[n].push_back(groups[n].encrypt("a message of thirty-two bytes...")); });
                all("receive", [&](std::size_t n) { take(bob_->receive(sent[n].back())); });
            }
        }
    }

    bool durable_;
    std::string directory_;
    std::optional<mls::Client> alice_, bob_;
    std::optional<mls::Group> group_;
    std::vector<mls::Bytes> sent_;
};

int main(int count, char **arguments) {
    if (count != 3) {
        std::cerr << "libmls libmls-memory|libmls-sqlite DIRECTORY\n";
        return 2;
    }
    try {
        Contestant contestant(std::string(arguments[1]) == "libmls-sqlite", arguments[2]);
        for (std::string line; std::getline(std::cin, line);) {
            std::istringstream in(line);
            std::vector<std::string> words{std::istream_iterator<std::string>(in), {}};
            Meter meter;
            contestant.obey(words, meter);
            meter.answer();
        }
    } catch (const std::exception &error) {
        std::cerr << error.what() << '\n';
        return 1;
    }
}
