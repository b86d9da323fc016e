// A program that uses an installed libmls: one group, one message.
#include <mls.hpp>

#include <iostream>

int main() {
    try {
        auto client = mls::Client::open_in_memory(mls::Options().device("alice@example.org", "phone").trust_on_first_use());
        auto message = client.create_group().encrypt("hello");
        if (mls::version() != CONSUMER_EXPECTS) throw std::runtime_error("it is libmls " + mls::version());
        std::cout << "C++: libmls " << mls::version() << " made " << message.size() << " bytes\n";
    } catch (const std::exception &error) {
        std::cerr << error.what() << '\n';
        return 1;
    }
}
