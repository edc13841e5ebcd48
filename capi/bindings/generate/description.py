"""Describes the declarations in JSON, for generators of bindings; README.md documents the form."""

import json
import re

from cdef import type_text
from c_header import Alias, Enum, Function, HeaderError, Struct
from layout import is_handle

FORMAT = 1


def described(entry, doc):
    """`entry` with the parts of a doc comment."""
    found = re.fullmatch(r"(.*?)\s*@since (\d+\.\d+)", doc, re.S)
    entry["doc"] = found[1] if found else doc
    if found:
        entry["since"] = found[2]
    return entry


def type_entry(c_type, count=None):
    """A type: its text in C, and its parts."""
    entry = {"c": type_text(c_type), "base": c_type.base, "pointers": c_type.pointers, "const": c_type.const}
    if count is not None:
        entry["count"] = count
    return entry


def function_entry(function):
    """A function, or the type of a callback, which has no symbol."""
    entry = {"name": function.name}
    if function.symbol:
        entry["symbol"] = function.symbol
    entry["result"] = type_entry(function.result)
    entry["parameters"] = [
        {"name": parameter.name, "type": type_entry(parameter.type)} for parameter in function.parameters
    ]
    return described(entry, function.doc)


def field_entry(field, offset, nbytes, layout):
    entry = {"name": field.name, "offset": offset, "size": nbytes, "type": type_entry(field.type, layout.count(field))}
    if found := re.search(r"\benum (\w+)", field.doc):
        entry["enum"] = found[1]
    return described(entry, field.doc)


def struct_entry(struct, layout):
    size, alignment, places = layout.struct(struct)
    if layout.constants.get(f"{struct.name.upper()}_SIZE_VER0", size) > size:
        raise HeaderError(f"{struct.name} is smaller than in its first release")
    fields = [field_entry(field, *place, layout) for field, place in zip(struct.fields, places)]
    return described({"name": struct.name, "size": size, "alignment": alignment, "fields": fields}, struct.doc)


def constant_entry(constant):
    return described({"name": constant.name, "value": constant.value}, constant.doc)


def alias_entry(alias):
    return described({"name": alias.name, "type": type_entry(alias.type)}, alias.doc)


def enum_entry(enum):
    constants = [constant_entry(constant) for constant in enum.constants]
    return described({"name": enum.name, "constants": constants}, enum.doc)


def description(headers, layout):
    """The text of safetensors.json."""
    declarations = [declaration for header in headers for declaration in header.declarations]
    macros = [macro for header in headers for macro in header.macros]
    values = {macro.name: macro.value for macro in macros}

    def entries(make, kind):
        return [make(declaration) for declaration in declarations if isinstance(declaration, kind)]

    structs = [declaration for declaration in declarations if isinstance(declaration, Struct)]
    value = {
        "format": FORMAT,
        "abi_version": values["ST_ABI_VERSION"],
        "version": ".".join(str(values[f"ST_VERSION_{part}"]) for part in ("MAJOR", "MINOR", "PATCH")),
        "headers": [f"safetensors/{header.name}" for header in headers],
        "macros": [constant_entry(macro) for macro in macros],
        "enums": entries(enum_entry, Enum),
        "aliases": entries(alias_entry, Alias),
        "handles": [described({"name": struct.name}, struct.doc) for struct in structs if is_handle(struct)],
        "foreign_structs": [name for header in headers for name in header.foreign],
        "callbacks": entries(function_entry, Function),
        "structs": [struct_entry(struct, layout) for struct in structs if not is_handle(struct)],
        "functions": [function_entry(function) for header in headers for function in header.functions],
    }
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"
