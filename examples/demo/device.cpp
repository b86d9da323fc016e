// A device in C++: the same as device.c, over mls.hpp. demo.c says what is asked of it.
//
//     device NAME DIRECTORY SOCKET
//
// What an application has to do so that nothing is lost and nothing shown twice is said at the head of device.c.
#include "mls.hpp"
#include "wire.h"

#include <algorithm>
#include <fstream>
#include <iostream>
#include <set>
#include <sstream>

#include <fcntl.h>

namespace {

constexpr std::size_t chunk_size = 1024;

void answer(const std::string &text) { std::cout << "= " << text << std::endl; }

// Says where it is, and waits to be killed there.
[[noreturn]] void be_killed(const char *where) {
    answer(where);
    for (;;) pause();
}

[[noreturn]] void give_up(const std::string &why) {
    answer("failed: " + why);
    std::exit(2);
}

// The mailbox's answer to a request; nothing if there was none.
struct Answer {
    std::string word;
    std::vector<std::uint8_t> body;
};

class Mailbox {
public:
    explicit Mailbox(std::string path) : path_(std::move(path)) {}

    std::optional<Answer> ask(const char *verb, const std::string &about, mls::View body = {}, std::size_t number = 0) const {
        char word[WIRE_LINE];
        std::uint8_t *answer = nullptr;
        std::size_t len = 0;
        if (!wire_call(path_.c_str(), verb, about.c_str(), number, body.data(), body.size(), word, &answer, &len)) {
            return std::nullopt;
        }
        Answer got{word, {answer, answer + len}};
        std::free(answer);
        return got;
    }

    void must(const char *verb, const std::string &about, mls::View body = {}) const {
        auto got = ask(verb, about, body);
        if (!got || got->word != "OK") give_up(std::string("the mailbox does not ") + verb);
    }

private:
    std::string path_;
};

// The application's own files: NAME.SUFFIX in its directory.
class Files {
public:
    Files(std::string directory, const std::string &name) : prefix_(std::move(directory) + "/" + name + ".") {}

    std::string path(const std::string &suffix) const { return prefix_ + suffix; }

    std::string read(const std::string &suffix) const {
        std::ifstream file(path(suffix), std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }

    // Written at a place, and safe from a crash when it returns.
    void write(const std::string &suffix, const std::string &data, std::optional<std::size_t> at = std::nullopt) const {
        int fd = open(path(suffix).c_str(), O_CREAT | O_WRONLY, 0600);
        off_t place = at ? static_cast<off_t>(*at) : lseek(fd, 0, SEEK_END);
        bool ok = fd >= 0 && pwrite(fd, data.data(), data.size(), place) == static_cast<ssize_t>(data.size());
        if (!ok || fsync(fd) != 0 || close(fd) != 0) give_up("cannot write " + path(suffix));
    }

    void cut(const std::string &suffix, std::size_t size) const {
        if (truncate(path(suffix).c_str(), static_cast<off_t>(size)) != 0 && size > 0) give_up("cannot cut " + suffix);
    }

    std::size_t number(const std::string &suffix) const { return std::strtoull(read(suffix).c_str(), nullptr, 10); }

    // A number that may be lost or old after a crash: then a little is done again.
    void set_number(const std::string &suffix, std::size_t number) const {
        std::ofstream(path(suffix), std::ios::trunc) << number << '\n';
    }

private:
    std::string prefix_;
};

class Device {
public:
    Device(std::string name, const std::string &directory, const std::string &socket)
        : name_(std::move(name)), files_(directory, name_), mailbox_(socket), client_(open_client()) {
        auto ids = client_.groups({}, 1);
        if (!ids.empty()) group_ = client_.group(ids.front());
        mailbox_.must("HELLO", name_);
        recover();
    }

    void obey(const std::string &line) {
        std::istringstream words(line);
        std::string verb, rest;
        words >> verb >> std::ws;
        std::getline(words, rest);
        if (verb == "publish") publish();
        else if (verb == "create") group_ = client_.create_group(), answer("created");
        else if (verb == "invite") invite(rest);
        else if (verb == "update") commit({mls::Proposal::update()});
        else if (verb == "remove") remove(rest);
        else if (verb == "submit") submit(rest);
        else if (verb == "say") post("text", "text\n" + rest), answer("said");
        else if (verb == "file") send_file(rest);
        else if (verb == "die") pause_at_ = std::strtoull(rest.c_str() + 3, nullptr, 10), answer("so be it");
        else if (verb == "lose") mailbox_.must("LOSE", name_), answer("so be it");
        else if (verb == "sync") sync(rest == "without commits");
        else if (verb == "authenticator") tell_authenticator();
        else if (verb == "try") try_to_send();
        else answer("what?");
    }

    void close() { client_.close(); }

private:
    mls::Client open_client() const {
        const std::uint8_t key[MLS_STORE_KEY_LEN] = "from the platform's keystore!!!";
        return mls::Client::open(files_.path("db"), key, mls::Options().device(name_, "demo").trust_on_first_use());
    }

    // After a start: first what the library still keeps for us, then what was not sent.
    void recover() {
        std::string log = files_.read("log"), line;
        files_.cut("log", log.rfind('\n') + 1);
        for (std::istringstream lines(log.substr(0, log.rfind('\n') + 1)); std::getline(lines, line);) {
            seen_.insert(std::strtoull(line.c_str(), nullptr, 10));
        }
        pulled_ = files_.number("pulled");
        load_outbox();
        take_all(client_.inbox(0, 10000));
        send_outbox();
        answer("ready, again " + std::to_string(again_) + ", new " + std::to_string(shown_));
    }

    // ---- what comes in ------------------------------------------------------------------------------------------

    // The first line of a message says what it is: "text", or a piece of a file.
    void show(std::uint64_t id, const mls::Message &message) {
        std::string head, line = std::to_string(id) + '\t' + message.sender.user + '\t', kind, file, text(message.text());
        std::size_t index = 0, total = 0, body = text.find('\n') + 1;
        std::istringstream words(text.substr(0, body));
        if (words >> kind && kind == "file" && words >> file >> index >> total) {
            files_.write(file, text.substr(body), index * chunk_size);
            line += '@' + file + ' ' + std::to_string(index) + '/' + std::to_string(total);
        } else {
            std::cout << "  " << message.sender.user << " says: " << text.substr(body) << '\n';
            line += text.substr(body);
        }
        files_.write("log", line + '\n');
        seen_.insert(id);
        if (++shown_ == pause_at_) be_killed("saved, not acknowledged");
    }

    void take(const mls::Event &event) {
        if (auto message = event.message()) {
            if (seen_.count(event.id()) == 0) show(event.id(), *message);
            else again_++;
        } else if (auto invitation = event.invited()) {
            group_ = client_.join(*invitation);
            std::cout << "  joined the group of " << (invitation->preview.inviter ? invitation->preview.inviter->user : "?") << '\n';
        } else if (auto committed = event.committed()) {
            std::cout << "  epoch " << committed->epoch << ", by "
                      << (committed->commit ? "this device" : committed->sender.user) << '\n';
            if (committed->commit && !committed->added.empty()) deliver_welcomes(*committed);
        } else if (auto superseded = event.superseded()) {
            std::cout << "  " << superseded->winner.user << "'s commit won; " << superseded->still_valid.size()
                      << " of this device's proposals are still valid\n";
            if (!superseded->still_valid.empty()) group_->commit_again(superseded->still_valid);
        } else if (auto removed = event.removed()) {
            std::cout << "  was removed from the group by " << removed->sender.user << '\n';
        }
        client_.acknowledge(event);
    }

    void take_all(const std::vector<mls::Event> &events) {
        for (const mls::Event &event : events) take(event);
    }

    void deliver_welcomes(const mls::Committed &committed) {
        auto welcome = group_->find_commit(*committed.commit).welcomes().front(); // one for all
        for (const mls::Sender &added : committed.added) {
            mailbox_.must("WELCOME", added.user, welcome);
            std::cout << "  sent " << added.user << " the Welcome\n";
        }
    }

    // Pulls what is in the mailbox. One who does not want to hear of his removal leaves the commits out.
    void sync(bool without_commits) {
        shown_ = again_ = 0;
        for (;;) {
            auto message = mailbox_.ask("PULL", name_, {}, pulled_);
            if (!message || message->word != "OK") break;
            bool is_commit = mls::inspect(message->body).content == MLS_CONTENT_COMMIT;
            if (!without_commits || !is_commit) take_all(client_.receive(message->body));
            files_.set_number("pulled", ++pulled_);
        }
        take_all(client_.inbox(0, 10000)); // what a join has released
        client_.flush();
        answer("shown " + std::to_string(shown_));
    }

    // ---- what goes out ------------------------------------------------------------------------------------------

    // Reads what was encrypted: "LABEL TAB LENGTH \n bytes \n" each. A last one that has no end was not saved.
    void load_outbox() {
        std::string file = files_.read("outbox");
        std::size_t at = 0;
        for (;;) {
            std::size_t tab = file.find('\t', at), line = file.find('\n', at);
            if (line == std::string::npos || tab > line) break;
            std::size_t len = std::strtoull(file.c_str() + tab, nullptr, 10);
            if (line + 1 + len >= file.size()) break;
            outbox_.push_back({file.substr(at, tab - at), file.substr(line + 1, len)});
            at = line + 1 + len + 1;
        }
        files_.cut("outbox", at);
        sent_ = files_.number("sent");
    }

    // Sends what was encrypted and not sent, the same bytes as before a crash.
    void send_outbox() {
        while (sent_ < outbox_.size()) {
            mailbox_.must("SEND", name_, outbox_[sent_].second);
            files_.set_number("sent", ++sent_);
        }
    }

    // Encrypts and saves under a label, then sends.
    void post(const std::string &label, const std::string &data) {
        std::string message = group_->encrypt(data).str();
        files_.write("outbox", label + '\t' + std::to_string(message.size()) + '\n' + message + '\n');
        outbox_.push_back({label, message});
        send_outbox();
    }

    void send_file(const std::string &path) {
        std::ifstream file(path, std::ios::binary);
        std::string all{std::istreambuf_iterator<char>(file), {}}, base = path.substr(path.rfind('/') + 1);
        std::size_t total = (all.size() + chunk_size - 1) / chunk_size, posted = 0;
        for (std::size_t index = 0; index < total; index++) {
            std::string label = "file " + base + ' ' + std::to_string(index) + ' ' + std::to_string(total);
            auto is_it = [&](const auto &record) { return record.first == label; };
            if (std::any_of(outbox_.begin(), outbox_.end(), is_it)) continue; // before a crash
            post(label, label + '\n' + all.substr(index * chunk_size, chunk_size));
            if (++posted == pause_at_) be_killed("in the middle of sending");
        }
        answer("sent " + std::to_string(posted) + " of " + std::to_string(total));
    }

    // ---- changes of the group -----------------------------------------------------------------------------------

    void publish() {
        for (const mls::Bytes &package : client_.create_key_packages(2)) mailbox_.must("PUBLISH", name_, package);
        answer("published");
    }

    // It is in the store, and comes back with pending_commits.
    void commit(const std::vector<mls::Proposal> &proposals) {
        group_->commit(proposals);
        answer("pending");
    }

    void invite(const std::string &names) {
        std::vector<mls::Proposal> proposals;
        std::istringstream words(names);
        for (std::string who; words >> who;) {
            auto package = mailbox_.ask("FETCH", who);
            if (!package || package->word != "OK") give_up("no key package of " + who);
            proposals.push_back(mls::Proposal::add(package->body));
        }
        commit(proposals);
    }

    void remove(const std::string &who) {
        for (const mls::Member &member : group_->members()) {
            if (member.user == who) return commit({mls::Proposal::remove(member.leaf)});
        }
        give_up("nobody is " + who);
    }

    // Submits the oldest pending commit. "refused" leaves it pending: the winner in the mailbox will supersede it;
    // with "or reject" its slot is free at once.
    void submit(const std::string &how) {
        auto pending = group_->pending_commits();
        if (pending.empty()) return answer("nothing pending");
        const mls::Commit &commit = pending.front();
        auto verdict = mailbox_.ask("SUBMIT", name_, commit.message());
        if (!verdict) return answer("unknown"); // send the same bytes again, or wait for the echo
        if (verdict->word != "ACCEPTED") {
            if (how == "or reject") commit.reject();
            return answer("refused");
        }
        commit.accept();
        if (how == "and die") be_killed("accepted, Welcome not delivered");
        take_all(client_.inbox(0, 100)); // the `committed` event
        answer("accepted");
    }

    void tell_authenticator() const {
        std::ostringstream hex;
        hex << group_->epoch() << ' ' << std::hex;
        for (int byte : group_->epoch_authenticator()) hex << (byte >> 4) << (byte & 15);
        answer(hex.str());
    }

    // What a removed member is answered when it tries to send.
    void try_to_send() const {
        try {
            group_->encrypt("?");
            answer("OK");
        } catch (const mls::Error &error) {
            answer(error.name());
        }
    }

    std::string name_;
    Files files_;
    Mailbox mailbox_;
    mls::Client client_;
    std::optional<mls::Group> group_; // this demo's only one
    std::set<std::uint64_t> seen_;    // ids of events in the log
    std::vector<std::pair<std::string, std::string>> outbox_;
    std::size_t pulled_ = 0, sent_ = 0, shown_ = 0, again_ = 0;
    std::size_t pause_at_ = 0; // to be killed when so many messages are saved or sent
};

} // namespace

int main(int argc, char **argv) {
    if (argc != 4) return 2;
    try {
        Device device(argv[1], argv[2], argv[3]);
        for (std::string line; std::getline(std::cin, line);) device.obey(line);
        device.close();
    } catch (const mls::Error &error) {
        give_up(error.name() + ": " + error.what() + " (" + error.detail() + ")");
    }
    return 0;
}
