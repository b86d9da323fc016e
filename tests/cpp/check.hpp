// What every test in C++ needs: CHECK, which says where it failed, and what a call throws.
#ifndef CHECK_HPP
#define CHECK_HPP

#include "mls.hpp"

#include <cstdio>
#include <cstdlib>

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            std::fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                                       \
            std::exit(1);                                                                                              \
        }                                                                                                              \
    } while (0)

// The code that a call throws; MLS_OK if it throws nothing.
template <class Call>
mls_status_t thrown(Call call) {
    try {
        call();
    } catch (const mls::Error &error) {
        return error.code();
    }
    return MLS_OK;
}

// Runs a test and says its name.
inline int run(const char *name, void (*test)()) {
    try {
        test();
    } catch (const mls::Error &error) {
        std::fprintf(stderr, "%s: %s: %s (%s)\n", name, error.name().c_str(), error.what(), error.detail().c_str());
        return 1;
    }
    std::printf("ok %s\n", name);
    return 0;
}

#define RUN(test) run(#test, test)

#endif
