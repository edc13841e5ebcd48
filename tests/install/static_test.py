#!/usr/bin/env python3
"""Links programs and plugins with an installed static library, also where they define symbols of their own that other
libraries of this kind would clash with.
"""

import re
import unittest

import consumer
from consumer import APP_OUTPUT, WARNINGS, block, pkg_config, project, run, write_model

archive = None

# An st_open, as State Threads has one, and functions of a simdjson of another version.
HOST = """
#include <stdlib.h>
int st_open(void);
int st_open(void) { return 42; }
__attribute__((noreturn)) void get(void) __asm__("_ZN8simdjson25get_active_implementationEv");
void get(void) { abort(); }
__attribute__((noreturn)) void available(void) __asm__("_ZN8simdjson29get_available_implementationsEv");
void available(void) { abort(); }
__attribute__((noreturn)) void builtin(void) __asm__("_ZN8simdjson22builtin_implementationEv");
void builtin(void) { abort(); }
__attribute__((noreturn)) void message(void) __asm__("_ZN8simdjson13error_messageENS_10error_codeE");
void message(void) { abort(); }
"""

PLUGIN = """
#include <safetensors/safetensors.h>
uint32_t plugin_version(void);
uint32_t plugin_version(void) {
  st_file* file = NULL;
  st_open("missing", NULL, &file, NULL);
  return st_version();
}
"""


def setUpModule():
    global archive
    library, _ = consumer.install()
    archive = library / "libsafetensors.a"


def symbols(file, *options):
    """The names of symbols that nm lists."""
    lines = run(["nm", *options, file]).splitlines()
    return {line.split()[-1] for line in lines if line and not line.endswith(":")}


class StaticLibrary(unittest.TestCase):
    def link(self, place, *sources):
        command = block("link_static.sh").replace("cc app.c", "app.c", 1).replace("cc ", "", 1)
        command = command.replace("app.c", " ".join(["app.c", *sources]), 1)
        run(" ".join([*consumer.arguments.cc, command]), shell=True, cwd=place)

    def test_flags_are_directories_and_libraries(self):
        self.assertTrue(all(flag.startswith("-I") for flag in pkg_config("--static", "--cflags")))
        self.assertTrue(all(flag.startswith(("-L", "-l")) for flag in pkg_config("--static", "--libs")))

    def test_program(self):
        place = project("static", {"app.c": "example.c"})
        self.link(place)
        self.assertNotIn("NEEDED", run(["readelf", "-d", "app"], cwd=place))
        write_model(place)
        self.assertEqual(run(["./app"], cwd=place), APP_OUTPUT)

    def test_host_with_st_open_and_simdjson_of_its_own(self):
        place = project("host", {"app.c": "example.c"})
        (place / "host.c").write_text(HOST)
        self.link(place, "host.c")
        write_model(place)
        self.assertEqual(run(["./app"], cwd=place), APP_OUTPUT)

    def test_meson_dependency(self):
        place = project("meson", {"meson.build": "meson.build", "app.c": "example.c"})
        build_file = place / "meson.build"
        build_file.write_text(build_file.read_text().replace("'safetensors'", "'safetensors', static: true"))
        run([*consumer.arguments.meson, "setup", "build"], cwd=place)
        run([*consumer.arguments.meson, "compile", "-C", "build"], cwd=place)
        self.assertNotIn("libsafetensors", run(["readelf", "-d", "build/app"], cwd=place))
        write_model(place)
        self.assertEqual(run(["build/app"], cwd=place), APP_OUTPUT)

    def test_plugin_exports_nothing_of_the_library(self):
        place = project("plugin", {})
        (place / "plugin.c").write_text(PLUGIN)
        run([*consumer.arguments.cc, "-shared", "-fPIC", *WARNINGS, "plugin.c", *pkg_config("--cflags"), archive,
             *pkg_config("--static", "--libs-only-l")[1:], "-o", "plugin.so"], cwd=place)
        exported = symbols(place / "plugin.so", "-D", "--defined-only")
        self.assertIn("plugin_version", exported)
        # Instances of standard templates have the visibility of namespace std.
        others = {name for name in exported if not name.startswith(("_ZNSt", "_ZNKSt", "_ZSt", "_ZTISt", "_ZTSSt", "_ZTVSt",
                                                                     "_ZZNSt", "_ZN9__gnu_cxx"))}
        self.assertEqual(others, {"plugin_version"})

    def test_symbols(self):
        defined = symbols(archive, "--defined-only", "--extern-only")
        # Clang adds a weak function of its own.
        c_names = {name for name in defined if not name.startswith(("_Z", "DW.ref.", "__clang_"))}
        self.assertEqual(c_names, exported_by_the_shared_library() - {"st_open"})
        simdjson = {name for name in defined if "simdjson" in name}
        self.assertTrue(simdjson)
        self.assertEqual({name for name in simdjson if "8simdjson" in name}, set())


def exported_by_the_shared_library():
    text = (consumer.arguments.source / "capi/safetensors.map").read_text()
    return set(re.findall(r"^    (st_\w+);$", text, re.M))


if __name__ == "__main__":
    consumer.main()
