"""Writes the declarations as C without macros and attributes, for foreign function interfaces that have a C parser
but no preprocessor (cffi, LuaJIT)."""

import textwrap

from c_header import Alias, Enum, Function

NOTICE = """/* The C ABI of libsafetensors for parsers without a preprocessor: ffi.cdef of cffi and of LuaJIT.
 * Generated from <safetensors/safetensors.h>, which documents it, and <safetensors/dlpack.h>. */"""
WIDTH = 100
JOINER = "\N{NO-BREAK SPACE}"  # a space at which lines are not broken


def type_text(c_type, name=""):
    """A type, and the name that it declares, in C."""
    text = ("const " if c_type.const else "") + c_type.base + "*" * c_type.pointers
    count = f"[{c_type.count}]" if c_type.count else ""
    return f"{text} {name}{count}" if name else text


def parameters_text(parameters, foreign):
    """A parenthesized list of parameters in C."""
    texts = [
        joined(("struct " if parameter.type.base in foreign else "") + type_text(parameter.type, parameter.name))
        for parameter in parameters
    ]
    return f"({', '.join(texts) or 'void'})"


def joined(text):
    """The text as one word of a line."""
    return text.replace(" ", JOINER)


def wrapped(text):
    """The text in lines, JOINER as a space."""
    lines = textwrap.wrap(text, WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
    return [line.replace(JOINER, " ") for line in lines]


def enum_lines(name, constants):
    """An enumeration in C, without a name if `name` is empty."""
    values = ", ".join(joined(f"{constant.name} = {constant.value}") for constant in constants)
    return wrapped(f"enum {name} {{ {values} }};" if name else f"enum {{ {values} }};")


def function_lines(function, name, foreign):
    """A function, or the type of a callback, in C."""
    parameters = parameters_text(function.parameters, foreign)
    return wrapped(f"{joined(type_text(function.result))}{JOINER}{name}{parameters};")


def declaration_lines(declaration, foreign):
    """A type in C."""
    if isinstance(declaration, Enum):
        return enum_lines(declaration.name, declaration.constants)
    if isinstance(declaration, Alias):
        return [f"typedef {type_text(declaration.type, declaration.name)};"]
    if isinstance(declaration, Function):
        lines = function_lines(declaration, f"(*{declaration.name})", foreign)
        return [f"typedef {lines[0]}", *lines[1:]]
    if not declaration.fields:
        return [f"typedef struct {declaration.name} {declaration.name};"]
    fields = " ".join(joined(f"{type_text(field.type, field.name)};") for field in declaration.fields)
    return wrapped(f"typedef struct {declaration.name} {{ {fields} }} {declaration.name};")


def header_lines(header):
    """The declarations of a header in C. Macros become enumerators if an int holds their values."""
    lines = []
    if macros := [macro for macro in header.macros if abs(macro.value) < 1 << 31]:
        lines += enum_lines("", macros)
    for declaration in header.declarations:
        lines += declaration_lines(declaration, header.foreign)
    lines += [f"struct {name};" for name in header.foreign]
    for function in header.functions:
        lines += function_lines(function, function.name, header.foreign)
    return lines


def cdef(headers):
    """The text of safetensors.cdef."""
    lines = [NOTICE]
    for header in headers:
        lines += ["", *header_lines(header)]
    return "\n".join(lines) + "\n"
