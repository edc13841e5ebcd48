#!/usr/bin/env python3
"""safetensors.json and safetensors.cdef say what the C compiler finds in the headers."""

import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

arguments = None
description = None

# Each line makes a header that the generator must reject rather than leave something out.
UNKNOWN_DECLARATIONS = {
    "a bit-field": "typedef struct st_x { uint32_t size : 3; } st_x;",
    "a function without ST_API": "st_status st_x(void);",
    "a global variable": "extern int st_x;",
    "a macro with an expression": "#define ST_X (1 + 2)",
    "a union": "union st_x { int a; };",
    "a variable number of arguments": "ST_API st_status st_x(int first, ...);",
    "an enumerator without a value": "enum st_x { ST_X };",
    "a struct field of an unknown type": "typedef struct st_x { long size; } st_x;",
}


def type_of(entry):
    """A type of the JSON file in C."""
    const = "const " if entry["const"] else ""
    struct = "struct " if entry["base"] in description["foreign_structs"] else ""
    return f"{const}{struct}{entry['base']}{'*' * entry['pointers']}"


def checks():
    """C declarations that do not compile unless the JSON file is right."""
    number = 0

    def require(condition):
        nonlocal number
        number += 1
        return f"typedef char check_{number}[({condition}) ? 1 : -1];"

    for constant in [c for enum in description["enums"] for c in enum["constants"]]:
        yield require(f"(int64_t){constant['name']} == {constant['value']}")
    for struct in description["structs"]:
        name = struct["name"]
        yield require(f"sizeof({name}) == {struct['size']}")
        yield require(f"offsetof(struct {{ char c; {name} s; }}, s) == {struct['alignment']}")
        for field in struct["fields"]:
            yield require(f"offsetof({name}, {field['name']}) == {field['offset']}")
            yield require(f"sizeof((({name}*)0)->{field['name']}) == {field['size']}")
            c_type = type_of(field["type"]) + " "
            count = field["type"].get("count")
            pointer = f"(*p)[{count}]" if count else "*p"
            yield f"void {name}_{field['name']}({name}* s); void {name}_{field['name']}({name}* s) " \
                  f"{{ {c_type}{pointer} = &s->{field['name']}; (void)p; }}"
    for alias in description["aliases"]:
        yield f"extern {alias['name']} v_{alias['name']}; extern {type_of(alias['type'])} v_{alias['name']};"
    for callback in description["callbacks"]:
        yield f"extern {callback['name']} v_{callback['name']}; extern {signature(callback, '(*v_%s)')};"
    for function in description["functions"]:
        yield f"extern {signature(function, '%s')};"
        yield f"{signature(function, '(*p_%s)')} = {function['name']};"


def signature(function, form):
    parameters = ", ".join(type_of(parameter["type"]) for parameter in function["parameters"]) or "void"
    return f"{type_of(function['result'])} {form % function['name']}({parameters})"


def compile_error(source):
    """The C compiler's errors, an empty text if the source compiles."""
    with tempfile.TemporaryDirectory(prefix="descriptions-test-") as directory:
        path = pathlib.Path(directory, "checks.c")
        path.write_text(source, encoding="utf-8")
        command = [*arguments.cc, "-std=c99", "-Wall", "-Wextra", "-Werror", "-Wno-redundant-decls",
                   f"-I{arguments.include}", "-fsyntax-only", str(path)]  # fmt: skip
        return subprocess.run(command, capture_output=True, text=True).stderr


class Description(unittest.TestCase):
    def test_the_compiler_agrees_with_the_json_file(self):
        source = ["#include <safetensors/dlpack.h>", *checks()]
        for macro in description["macros"]:
            source.append(f"typedef char m_{macro['name']}[{macro['name']} == {macro['value']} ? 1 : -1];")
        self.assertEqual(compile_error("\n".join(source) + "\n"), "")
        self.assertGreater(len(source), 300)

    def test_the_compiler_agrees_with_the_cdef(self):
        source = ["#include <stddef.h>", "#include <stdint.h>", arguments.cdef.read_text(encoding="utf-8"), *checks()]
        self.assertEqual(compile_error("\n".join(source) + "\n"), "")

    def test_the_cdef_needs_no_preprocessor(self):
        text = arguments.cdef.read_text(encoding="utf-8")
        self.assertIsNone(re.search(r"#|__\w+|ST_API|ST_SYMBOL|\bsizeof\b", text))
        self.assertLessEqual(max(map(len, text.splitlines())), 110)

    def test_both_files_have_every_exported_function(self):
        text = re.sub(r"#.*", "", arguments.map.read_text(encoding="utf-8"))
        exported = set(re.findall(r"\bst_\w+(?=;)", text))
        functions = description["functions"]
        self.assertEqual({function[key] for function in functions for key in ("name", "symbol")}, exported)
        cdef = arguments.cdef.read_text(encoding="utf-8")
        self.assertEqual(
            sorted(re.findall(r"^(?!typedef)[\w *]*?\b(st_\w+)\(", cdef, re.M)), sorted(f["name"] for f in functions)
        )

    def test_nothing_of_the_headers_is_left_out(self):
        """Enumerators by their text, fields by the bytes that they cover: the structs have no padding."""
        header = pathlib.Path(arguments.include, "safetensors/safetensors.h").read_text(encoding="utf-8")
        written = re.findall(r"\b(ST_[A-Z0-9_]+)\s*=(?!=)", re.sub(r"/\*.*?\*/", "", header, flags=re.S))
        described = [constant["name"] for enum in description["enums"] for constant in enum["constants"]]
        self.assertEqual(sorted(described), sorted(written))
        for struct in description["structs"]:
            self.assertEqual(sum(field["size"] for field in struct["fields"]), struct["size"], struct["name"])

    def test_every_item_is_documented(self):
        for kind in ("macros", "enums", "aliases", "handles", "callbacks", "structs", "functions"):
            self.assertTrue(description[kind], kind)
            for entry in description[kind]:
                self.assertTrue(entry["doc"], entry["name"])
                self.assertNotIn("@", entry["doc"])
        for struct in description["structs"]:
            for field in struct["fields"]:
                self.assertTrue(field["doc"], f"{struct['name']}.{field['name']}")

    def test_fields_name_existing_enumerations(self):
        enums = {enum["name"] for enum in description["enums"]}
        named = {field["enum"] for struct in description["structs"] for field in struct["fields"] if "enum" in field}
        self.assertLessEqual(named, enums)
        self.assertIn("st_backend", named)


class Generator(unittest.TestCase):
    def generate(self, declaration):
        """Runs the generator on a header with one more declaration."""
        with tempfile.TemporaryDirectory(prefix="descriptions-test-") as directory:
            header = pathlib.Path(directory, "safetensors.h")
            text = pathlib.Path(arguments.include, "safetensors/safetensors.h").read_text(encoding="utf-8")
            at = text.index("/* ---- Struct sizes")
            header.write_text(f"{text[:at]}/** X. */\n{declaration}\n\n{text[at:]}", encoding="utf-8")
            command = [sys.executable, "-B", arguments.generator, header, "--cdef", f"{directory}/cdef",
                       "--json", f"{directory}/json"]  # fmt: skip
            run = subprocess.run(command, capture_output=True, text=True)
            output = pathlib.Path(directory, "json")
            return run.returncode, run.stderr, json.loads(output.read_text()) if output.exists() else None

    def test_it_rejects_declarations_that_it_does_not_know(self):
        for name, declaration in UNKNOWN_DECLARATIONS.items():
            with self.subTest(name):
                code, error, written = self.generate(declaration)
                self.assertEqual((code, written), (1, None), error)
                self.assertNotIn("Traceback", error)

    def test_it_accepts_what_the_header_has_already(self):
        code, error, written = self.generate("ST_API uint32_t st_x(const st_file* file);")
        self.assertEqual(code, 0, error)
        self.assertIn("st_x", [function["name"] for function in written["functions"]])

    def test_padding(self):
        code, error, written = self.generate("typedef struct st_x { char c; uint64_t u; int32_t i[3]; } st_x;")
        self.assertEqual(code, 0, error)
        struct = next(struct for struct in written["structs"] if struct["name"] == "st_x")
        self.assertEqual([field["offset"] for field in struct["fields"]], [0, 8, 16])
        self.assertEqual((struct["size"], struct["alignment"]), (32, 8))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    for option in ("json", "cdef", "map"):
        parser.add_argument(f"--{option}", required=True, type=pathlib.Path)
    parser.add_argument("--include", required=True)
    parser.add_argument("--generator", required=True)
    parser.add_argument("--cc", required=True, nargs="+")
    arguments = parser.parse_args()
    description = json.loads(arguments.json.read_text(encoding="utf-8"))
    unittest.main(argv=sys.argv[:1], verbosity=2)
