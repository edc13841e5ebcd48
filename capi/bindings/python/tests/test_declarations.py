"""The package against the generated descriptions of the C ABI: SAFETENSORS_CDEF and SAFETENSORS_JSON name them, as
installed in share/safetensors. Skipped without them."""

import json
import os
import pathlib
import re
import unittest

import cffi

import libsafetensors
from libsafetensors import _library

CDEF = os.environ.get("SAFETENSORS_CDEF")
JSON = os.environ.get("SAFETENSORS_JSON")

# Enumerations of the package -> their C name and the prefix of their constants.
ENUMS = {
    "Status": ("st_status_code", "ST_E_"),
    "Dtype": ("st_dtype", "ST_DTYPE_"),
    "Backend": ("st_backend", "ST_BACKEND_"),
    "SetPolicy": ("st_set_policy", "ST_SET_"),
    "Order": ("st_order", "ST_ORDER_"),
    "MetadataForm": ("st_metadata_form", "ST_METADATA_"),
    "Split": ("st_split", "ST_SPLIT_"),
    "IndexFormat": ("st_index_format", "ST_INDEX_"),
    "EditMethod": ("st_edit_method", "ST_EDIT_"),
}


@unittest.skipUnless(CDEF and JSON, "SAFETENSORS_CDEF and SAFETENSORS_JSON are not set")
class Declarations(unittest.TestCase):
    def setUp(self):
        self.cdef = pathlib.Path(CDEF).read_text(encoding="utf-8")
        self.description = json.loads(pathlib.Path(JSON).read_text(encoding="utf-8"))

    def test_the_package_has_the_generated_declarations(self):
        own = pathlib.Path(libsafetensors.__file__).with_name("safetensors.cdef")
        self.assertEqual(own.read_text(encoding="utf-8"), self.cdef, f"copy {CDEF} to {own}")

    def test_cffi_knows_every_function(self):
        ffi = cffi.FFI()
        ffi.cdef(self.cdef)
        library = ffi.dlopen(os.environ["LIBSAFETENSORS"])
        for function in self.description["functions"]:
            self.assertEqual(ffi.typeof(getattr(library, function["name"])).kind, "function")
        self.assertEqual(ffi.string(library.st_version_string()).decode(), libsafetensors.version())

    def test_cffi_has_the_described_structs(self):
        ffi = cffi.FFI()
        ffi.cdef(self.cdef)
        for struct in self.description["structs"]:
            self.assertEqual(ffi.sizeof(struct["name"]), struct["size"])
            for field in struct["fields"]:
                self.assertEqual(ffi.offsetof(struct["name"], field["name"]), field["offset"])

    def test_the_package_uses_every_function(self):
        """Those that only serve other languages, and those that the package replaces by the builder, are listed."""
        unused = {
            "st_version": "version() is st_version_string",
            "st_file_ref": "Python counts references itself",
            "st_tensor_ref": "Python counts references itself",
            "st_tensor_nbytes": "TensorInfo has it",
            "st_save": "Builder",
            "st_save_size": "Builder",
            "st_save_memory": "Builder",
            "st_save_io": "Builder",
            "st_writer_open": "Builder",
            "st_dtype_name": "Dtype has it",
        }
        sources = pathlib.Path(libsafetensors.__file__).parent.glob("*.py")
        used = set(re.findall(r"\blib\.(st_\w+)", "".join(path.read_text(encoding="utf-8") for path in sources)))
        self.assertEqual({f["name"] for f in self.description["functions"]} - used, set(unused))

    def test_enumerations_have_the_values_of_c(self):
        enums = {enum["name"]: enum["constants"] for enum in self.description["enums"]}
        for name, (c_name, prefix) in ENUMS.items():
            with self.subTest(name):
                wanted = {c["name"][len(prefix):]: c["value"] for c in enums[c_name] if c["name"].startswith(prefix)}
                own = {member.name: member.value for member in getattr(libsafetensors, name)}
                self.assertEqual(own, wanted)

    def test_dtypes_are_those_of_the_library(self):
        for dtype in libsafetensors.Dtype:
            name = _library.ffi.string(_library.lib.st_dtype_name(dtype)).decode()
            self.assertEqual((libsafetensors.Dtype(name), str(dtype)), (dtype, name))

    def test_versions(self):
        self.assertEqual(libsafetensors.__version__, self.description["version"])
        self.assertEqual(libsafetensors.ABI_VERSION, self.description["abi_version"])
        project = pathlib.Path(libsafetensors.__file__).parents[1] / "pyproject.toml"
        self.assertIn(f'\nversion = "{libsafetensors.__version__}"\n', project.read_text(encoding="utf-8"))


if __name__ == "__main__":
    unittest.main()
