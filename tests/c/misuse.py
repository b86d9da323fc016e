#!/usr/bin/env python3
"""Writes the C program that misuses every function of mls.h: NULL in every pointer's place, a freed handle, a handle of
another noun, a hostile length. Each call must answer the code that the header promises, with its result cleared. Where
the library was built with faults (MLS_FAULTS), a panic behind every function too.

    python3 tests/c/misuse.py include/mls.h > misuse.c
"""
import contextlib
import io
import re
import sys

# Where NULL means something: (function, parameter).
OPTIONAL = {
    ("mls_group_commit", "proposals"),
    ("mls_proposals_push_update", "identity"),
    ("mls_proposals_push_update", "leaf_extensions"),
    ("mls_proposals_push_reinit", "extensions"),
    ("mls_group_branch", "extensions"),
}
# Handles that are only lent to a callback: there is no live one here.
LENT = {"codec_answer", "store_rows", "store_writes", "validation"}


def functions(header):
    """(returns, name, [(type, parameter)]) of every function."""
    code = re.sub(r"/\*.*?\*/", "", header, flags=re.S)
    code = re.sub(r"//.*|#.*", "", code)
    for match in re.finditer(r"^(?:MLS_MUST_USE\s+)?([\w ]+?[ *]+)(mls_\w+)\(([^;{}]*?)\);", code, re.M):
        returns, name, list_ = match.groups()
        parameters = []
        for parameter in filter(lambda p: p.strip() != "void", list_.split(",")):
            kind, called = re.match(r"\s*(.*?)(\w+)\s*$", parameter, re.S).groups()
            parameters.append((" ".join(kind.split()), called))
        yield " ".join(returns.split()), name, parameters


def noun(kind):
    match = re.fullmatch(r"(?:const )?mls_(\w+)_t ?\*", kind)
    return match.group(1) if match and match.group(1) != "bytes" else None


def may_be_defaults(kind):
    return kind.startswith("const") and (noun(kind) or "").endswith("options")


def good(kind, called, parameters, index):
    """An argument that is fine."""
    if noun(kind):
        return f"live.{noun(kind)}" if noun(kind) not in LENT else f"(mls_{noun(kind)}_t *)freed"
    if kind == "mls_error_t **":
        return "&error"
    if called == "out":
        return "&out"
    if kind == "const char *":
        return '"text"'
    if kind == "const uint8_t *":
        return "some_bytes"
    if called.endswith("_len") and parameters[index - 1][0] == "const uint8_t *":
        return "sizeof some_bytes"
    if kind.endswith("_fn"):
        return f"some_{kind[len('mls_'):-len('_fn')]}"
    if kind.endswith("*"):
        return "NULL"
    return "1"


def bad_arguments(name, parameters):
    """(index, argument, status, what) of every way to misuse a function."""
    for index, (kind, called) in enumerate(parameters):
        if noun(kind):
            type_ = f"(mls_{noun(kind)}_t *)"
            if (name, called) not in OPTIONAL and not may_be_defaults(kind):
                yield index, "NULL", "MLS_ERROR_NULL_POINTER", f"{called} is NULL"
            yield index, f"{type_}freed", "MLS_ERROR_CLOSED", f"{called} is freed"
            yield index, f"{type_}&error", "MLS_ERROR_CLOSED", f"{called} is an address"
            other = "live.options" if noun(kind) == "proposals" else "foreign"
            yield index, f"{type_}{other}", "MLS_ERROR_WRONG_TYPE", f"{called} is of another noun"
        elif kind.endswith("_fn") and kind != "mls_drop_fn" and not name.startswith("mls_store_set_"):
            yield index, "NULL", "MLS_ERROR_NULL_POINTER", f"{called} is NULL"
        elif called == "out":
            yield index, "NULL", "MLS_ERROR_NULL_POINTER", "out is NULL"
        elif kind == "const char *":
            yield index, "NULL", "MLS_ERROR_NULL_POINTER", f"{called} is NULL"
            yield index, '"\\xff\\xfe"', "MLS_ERROR_INVALID_UTF8", f"{called} is not UTF-8"
        elif kind == "const uint8_t *":
            yield index, "NULL", "MLS_ERROR_NULL_POINTER", f"{called} is NULL"
        elif called.endswith("_len") and parameters[index - 1][0] == "const uint8_t *":
            for length in ("SIZE_MAX", "SIZE_MAX / 2", "(size_t)1 << 30"):
                yield index, length, "MLS_ERROR_TOO_LARGE", f"{called} is {length}"


def call(name, parameters, index, argument):
    arguments = [good(kind, called, parameters, i) for i, (kind, called) in enumerate(parameters)]
    arguments[index] = argument
    return f"{name}({', '.join(arguments)})"


def out_type(parameters):
    kinds = [kind for kind, called in parameters if called == "out"]
    return re.sub(r" ?\*$", "", kinds[0]) if kinds else None


def test(returns, name, parameters):
    body = []
    lent = any(noun(kind) in LENT for kind, _ in parameters)
    for index, argument, status, what in bad_arguments(name, parameters):
        if parameters[-1][0] != "mls_error_t **":
            if noun(parameters[index][0]):
                body.append(f"    value = (uintptr_t){call(name, parameters, index, argument)};")
                empty = '*(const char *)value == 0' if returns == "const char *" else "value == 0"
                body.append(f'    EXPECT({empty}, "{name}: {what}");')
            continue
        if lent and index > 0 and argument != "NULL":
            continue
        body.append("    DIRTY;")
        body.append(f"    status = {call(name, parameters, index, argument)};")
        expected = f"status == {status}" + (" || status == MLS_ERROR_CLOSED" if lent else "")
        body.append(f'    EXPECT(({expected}) && mls_error_code(error) == status && CLEAN, "{name}: {what}");')
        body.append("    mls_error_free(error);")
        without = call(name, parameters, index, argument)[: -len("&error)")] + "NULL)"
        body.append(f'    EXPECT({without} == status, "{name}: {what}, error is NULL");')
    if not body:
        return None
    out = out_type(parameters)
    space = "" if out and out.endswith("*") else " "
    lines = [f"static void misuse_{name}(void) {{"]
    uses_status = any("status = " in line for line in body)
    if uses_status or any("&error" in line for line in body):
        lines.append("    mls_error_t *error = NULL;")
    if uses_status:
        lines.append("    mls_status_t status;")
    if any("value = " in line for line in body):
        lines.append("    uintptr_t value;")
    if out:
        lines.append(f"    {out}{space}out;")
        dirty, clean = "memset(&out, 0x5a, sizeof out)", "all_zero(&out, sizeof out)"
    else:
        dirty, clean = "(void)0", "1"
    body = [line.replace("DIRTY", dirty) for line in body]
    # A call without `out` cannot have cleared it.
    body = [line.replace("CLEAN", "1" if "out is NULL" in line else clean) for line in body]
    return "\n".join(lines + body + ["}"]) + "\n"


def panic_test(returns, name, parameters):
    """A panic behind a function, all of whose arguments are fine."""
    arguments = [good(kind, called, parameters, i) for i, (kind, called) in enumerate(parameters)]
    all_fine = f"{name}({', '.join(arguments)})"
    out = out_type(parameters)
    lines = [f"static void panic_{name}(void) {{", "    mls_faults_panic_next();"]
    if parameters and parameters[-1][0] == "mls_error_t **":
        lines.insert(1, "    mls_error_t *error = NULL;")
        if out:
            lines.insert(1, f"    {out}{'' if out.endswith('*') else ' '}out;\n    memset(&out, 0x5a, sizeof out);")
        clean = "all_zero(&out, sizeof out)" if out else "1"
        lines.append(f"    mls_status_t status = {all_fine};")
        lines.append(f'    EXPECT(status == MLS_ERROR_PANIC && {clean}, "{name}: a panic behind it");')
        lines.append("    EXPECT(mls_error_code(error) == MLS_ERROR_PANIC, \"" + name + ": the panic's error\");")
        lines.append("    mls_error_free(error);")
    elif returns == "void":
        lines.append(f"    {all_fine};")
    else:
        value = "*value == 0" if returns == "const char *" else "!value"
        lines.append(f"    {returns} value = {all_fine};")
        lines.append(f'    EXPECT({value}, "{name}: a panic behind it");')
    return "\n".join(lines + ["}"]) + "\n"


def program(header):
    """The whole program."""
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        write(header)
    return text.getvalue()


def write(header):
    all_functions = list(functions(header))
    tests = [(name, test(returns, name, parameters)) for returns, name, parameters in all_functions
             if not name.endswith("_free")]
    print('/* Written by tests/c/misuse.py. */\n#include "fixture.h"\n')
    print("static int calls, failures;\n")
    print("#define EXPECT(condition, what)                          \\")
    print("    do {                                                 \\")
    print("        calls++;                                         \\")
    print("        if (!(condition)) {                              \\")
    print('            fprintf(stderr, "FAILED %s\\n", what);        \\')
    print("            failures++;                                  \\")
    print("        }                                                \\")
    print("    } while (0)\n")
    print("static int all_zero(const void *data, size_t len) {")
    print("    const unsigned char *bytes = data;")
    print("    for (size_t i = 0; i < len; i++) {\n        if (bytes[i] != 0) return 0;\n    }\n    return 1;\n}\n")
    for _, text in tests:
        if text:
            print(text)
    # What wipes bytes runs no guard, since nothing in it can panic.
    guarded = [each for each in all_functions if each[1] != "mls_bytes_free"]
    print("#ifdef MLS_FAULTS\nextern void mls_faults_panic_next(void);\n")
    for returns, name, parameters in guarded:
        print(panic_test(returns, name, parameters))
    print("#endif\n")
    print("static void every_free_takes_null_freed_and_foreign_handles(void) {")
    for returns, name, parameters in all_functions:
        if name.endswith("_free"):
            kind = parameters[0][0]
            for argument in ("NULL",) if name == "mls_bytes_free" else ("NULL", f"({kind})freed", f"({kind})&calls"):
                print(f"    {name}({argument});\n    calls++;")
    print("}\n")
    print("int main(void) {\n    set_up();")
    for name, text in tests:
        if text:
            print(f"    misuse_{name}();")
    print("#ifdef MLS_FAULTS")
    for _, name, _ in guarded:
        print(f"    panic_{name}();")
    print("#endif")
    print("    every_free_takes_null_freed_and_foreign_handles();\n    tear_down();")
    print('    if (failures) return 1;')
    print(f'    printf("ok %d calls misuse {len(all_functions)} functions and each answers its error\\n", calls);')
    print("    return 0;\n}")


if __name__ == "__main__":
    write(open(sys.argv[1]).read())
