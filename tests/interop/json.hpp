// As much of JSON as test vectors need, strictly read: no floating point, no \u escapes.
#ifndef JSON_HPP
#define JSON_HPP

#include <cstdint>
#include <fstream>
#include <iterator>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

class Json {
public:
    enum Kind { null, boolean, number, text, array, object };

    // Reads a whole file. Throws what is wrong with it.
    static Json file(const std::string &path) {
        std::ifstream in(path, std::ios::binary);
        if (!in) {
            throw std::runtime_error(path + ": cannot be read");
        }
        std::string all((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
        Reader reader{all, 0};
        Json json = reader.value();
        reader.space();
        if (reader.at != all.size()) {
            throw std::runtime_error(path + ": something follows the value");
        }
        return json;
    }

    bool is_null() const { return kind_ == null; }
    const std::vector<Json> &items() const { return need(array).array_; }
    std::size_t size() const { return need(array).array_.size(); }
    std::uint64_t integer() const { return need(number).number_; }
    bool boolean_value() const { return need(boolean).number_ != 0; }
    const std::string &string() const { return need(text).text_; }

    const Json &operator[](const std::string &key) const {
        auto found = need(object).object_.find(key);
        if (found == object_.end()) {
            throw std::runtime_error("no field " + key);
        }
        return found->second;
    }
    bool has(const std::string &key) const { return need(object).object_.count(key) != 0; }
    const std::map<std::string, Json> &fields() const { return need(object).object_; }

    // The bytes that a string of hexadecimal digits stands for.
    std::vector<std::uint8_t> bytes() const {
        const std::string &hex = string();
        auto digit = [&](char c) {
            int value = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
            if (value < 0) {
                throw std::runtime_error("not hexadecimal");
            }
            return value;
        };
        if (hex.size() % 2 != 0) {
            throw std::runtime_error("half a byte");
        }
        std::vector<std::uint8_t> bytes(hex.size() / 2);
        for (std::size_t i = 0; i < bytes.size(); i++) {
            bytes[i] = static_cast<std::uint8_t>(digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]));
        }
        return bytes;
    }

private:
    struct Reader {
        const std::string &all;
        std::size_t at;

        [[noreturn]] void wrong() const { throw std::runtime_error("malformed JSON at byte " + std::to_string(at)); }
        void space() {
            while (at < all.size() && std::string(" \t\r\n").find(all[at]) != std::string::npos) {
                at++;
            }
        }
        char peek() {
            space();
            return at < all.size() ? all[at] : '\0';
        }
        bool take(char c) { return peek() == c ? (at++, true) : false; }
        void expect(const std::string &word) {
            if (all.compare(at, word.size(), word) != 0) {
                wrong();
            }
            at += word.size();
        }
        std::string quoted() {
            if (!take('"')) {
                wrong();
            }
            std::string out;
            while (at < all.size() && all[at] != '"') {
                if (all[at] == '\\' && (++at >= all.size() || std::string("\"\\/").find(all[at]) == std::string::npos)) {
                    wrong();
                }
                out += all[at++];
            }
            expect("\"");
            return out;
        }
        Json value() {
            Json json;
            switch (char c = peek()) {
            case '{':
                json.kind_ = object;
                at++;
                while (!take('}')) {
                    if (!json.object_.empty() && !take(',')) {
                        wrong();
                    }
                    std::string key = quoted();
                    if (!take(':') || !json.object_.emplace(key, value()).second) {
                        wrong();
                    }
                }
                break;
            case '[':
                json.kind_ = array;
                at++;
                while (!take(']')) {
                    if (!json.array_.empty() && !take(',')) {
                        wrong();
                    }
                    json.array_.push_back(value());
                }
                break;
            case '"':
                json.kind_ = text;
                json.text_ = quoted();
                break;
            case 'n': expect("null"); break;
            case 't':
            case 'f':
                json.kind_ = boolean;
                json.number_ = c == 't';
                expect(c == 't' ? "true" : "false");
                break;
            default:
                if (c < '0' || c > '9') {
                    wrong();
                }
                json.kind_ = number;
                for (; at < all.size() && all[at] >= '0' && all[at] <= '9'; at++) {
                    if (json.number_ > (UINT64_MAX - 9) / 10) {
                        wrong();
                    }
                    json.number_ = json.number_ * 10 + static_cast<std::uint64_t>(all[at] - '0');
                }
            }
            return json;
        }
    };

    const Json &need(Kind kind) const {
        if (kind_ != kind) {
            throw std::runtime_error("a JSON value of another kind");
        }
        return *this;
    }

    Kind kind_ = null;
    std::uint64_t number_ = 0;
    std::string text_;
    std::vector<Json> array_;
    std::map<std::string, Json> object_;
};

#endif
