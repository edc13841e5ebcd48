"""Reads the declarations of libsafetensors' C headers.

The parser knows the C that these headers use and raises HeaderError for everything else, so that a declaration is
never left out.
"""

import re
from dataclasses import dataclass, field

TOKEN = re.compile(
    r"(?P<after>/\*\*<.*?\*/)|(?P<doc>/\*\*(?!/).*?\*/)|(?P<comment>/\*.*?\*/)"
    r"|(?P<define>^#define[ ]\w+.*?(?=/\*|$))|(?P<name>[A-Za-z_]\w*)|(?P<number>-?\d\w*)|(?P<string>\"[^\"\n]*\")"
    r"|(?P<mark>[{}()\[\],;*=])|(?P<space>\s+)|(?P<other>.)",
    re.S | re.M,
)


class HeaderError(Exception):
    """A header has a declaration that the parser does not know."""


@dataclass
class Type:
    """A type: `pointers` times a pointer to `base`, which is const or not; `count` elements of it in an array."""

    base: str
    const: bool = False
    pointers: int = 0
    count: object = None  # a number or the name of a constant


@dataclass
class Variable:
    """A field of a struct or a parameter of a function."""

    name: str
    type: Type
    doc: str = ""


@dataclass
class Constant:
    """An enumerator, or a macro with an integer value."""

    name: str
    value: int
    doc: str = ""


@dataclass
class Enum:
    """An enumeration; parameters and fields hold its values in integers of a fixed width."""

    name: str
    constants: list
    doc: str = ""


@dataclass
class Struct:
    """A struct; without fields, an opaque one."""

    name: str
    fields: list
    doc: str = ""


@dataclass
class Alias:
    """Another name of an integer type."""

    name: str
    type: Type
    doc: str = ""


@dataclass
class Function:
    """A function, or the type of a callback."""

    name: str
    result: Type
    parameters: list
    doc: str = ""
    symbol: str = ""


@dataclass
class Header:
    """The declarations of a header in their order."""

    name: str
    macros: list = field(default_factory=list)
    declarations: list = field(default_factory=list)  # Enum, Struct, Alias and callbacks
    functions: list = field(default_factory=list)
    foreign: list = field(default_factory=list)  # names of structs that other headers define


def comment_text(comment):
    """The text of a doc comment, paragraphs separated by empty lines."""
    body = re.sub(r"^/\*\*<?|\*/$", "", comment)
    return "\n".join(re.sub(r"^\s*\*? ?", "", line).rstrip() for line in body.split("\n")).strip()


def without_conditionals(text):
    """The text without its conditional parts, except for the part of the include guard, and without directives
    other than #define."""
    text = re.sub(r"\\\n", " ", text)
    kept, depth = [], 0
    for line in text.split("\n"):
        directive = re.match(r"#\s*(\w+)", line)
        word = directive[1] if directive else None
        if word in ("if", "ifdef", "ifndef"):
            depth += 1
        elif word == "endif":
            depth -= 1
        guard = word == "define" and re.fullmatch(r"#define \w+_H", line)
        keep = depth <= 1 and not guard and (word is None or word == "define")
        kept.append(line if keep else "")
    return "\n".join(kept)


class Parser:
    """A parser of one header."""

    def __init__(self, name, text):
        self.header = Header(name)
        self.tokens = [
            (found.lastgroup, found[0])
            for found in TOKEN.finditer(without_conditionals(text))
            if found.lastgroup not in ("space", "comment")
        ]
        self.at = 0

    def fail(self, what):
        near = " ".join(text for _, text in self.tokens[self.at : self.at + 8])
        raise HeaderError(f"{self.header.name}: {what}, found: {near}")

    def kind(self):
        return self.tokens[self.at][0] if self.at < len(self.tokens) else None

    def text(self, ahead=0):
        return self.tokens[self.at + ahead][1] if self.at + ahead < len(self.tokens) else ""

    def take(self, kind=None, text=None):
        """Returns the next token, which must have this kind and this text."""
        if (kind and self.kind() != kind) or (text and self.text() != text):
            self.fail(f"expected {text or kind}")
        self.at += 1
        return self.tokens[self.at - 1][1]

    def accept(self, text):
        """Takes the next token if it has this text."""
        if self.text() != text:
            return False
        self.at += 1
        return True

    def take_after(self):
        """Takes the doc comment behind a declaration."""
        return comment_text(self.take()) if self.kind() == "after" else ""

    def parse(self):
        doc = ""
        while self.kind():
            if self.kind() == "doc":
                doc = comment_text(self.take())
                if doc.startswith("@file"):
                    doc = ""
                continue
            if self.kind() == "define":
                self.macro(doc)
            elif self.accept("enum"):
                self.enum(doc)
            elif self.accept("typedef"):
                self.typedef(doc)
            elif self.accept("struct"):
                self.header.foreign.append(self.take("name"))
                self.take(text=";")
            elif self.accept("ST_API"):
                self.function(doc)
            else:
                self.fail("unknown declaration")
            doc = ""
        return self.header

    def macro(self, doc):
        name, value = re.fullmatch(r"#define (\w+)\s*(.*?)\s*", self.take()).groups()
        doc = doc or self.take_after()
        if re.fullmatch(r"-?\d\w*", value):
            self.header.macros.append(Constant(name, int(value, 0), doc))
        elif not re.fullmatch(r"\{.*\}", value):
            raise HeaderError(f"{self.header.name}: macro {name} has a value of an unknown form: {value}")

    def enum(self, doc):
        name, constants = self.take("name"), []
        self.take(text="{")
        while not self.accept("}"):
            constant = self.take("name")
            self.take(text="=")
            value = int(self.take("number"), 0)
            self.accept(",")
            constants.append(Constant(constant, value, self.take_after()))
            self.accept(",")
        self.take(text=";")
        self.header.declarations.append(Enum(name, constants, doc))

    def typedef(self, doc):
        if self.accept("struct"):
            name, fields = self.take("name"), []
            if self.accept("{"):
                while not self.accept("}"):
                    fields.append(self.variable(";"))
                    fields[-1].doc = self.take_after()
            self.take(text=name)
            declaration = Struct(name, fields, doc)
        else:
            result = self.type()
            if self.accept("("):
                self.take(text="*")
                name = self.take("name")
                self.take(text=")")
                declaration = Function(name, result, self.parameters(), doc)
            else:
                declaration = Alias(self.take("name"), result, doc)
        self.take(text=";")
        self.header.declarations.append(declaration)

    def function(self, doc):
        result, name = self.type(), self.take("name")
        function = Function(name, result, self.parameters(), doc, symbol=name)
        if self.accept("ST_SYMBOL"):
            self.take(text="(")
            function.symbol = self.take("string").strip('"')
            self.take(text=")")
        self.take(text=";")
        self.header.functions.append(function)

    def parameters(self):
        self.take(text="(")
        if self.accept("void"):
            if self.accept(")"):
                return []
            self.at -= 1
        parameters = []
        while True:
            parameters.append(self.variable(None))
            if self.accept(")"):
                return parameters
            self.take(text=",")

    def type(self):
        const = self.accept("const")
        self.accept("struct")
        base, pointers = self.take("name"), 0
        while self.accept("*"):
            pointers += 1
        return Type(base, const, pointers)

    def variable(self, end):
        variable_type = self.type()
        variable = Variable(self.take("name"), variable_type)
        if self.accept("["):
            variable_type.count = self.take()
            self.take(text="]")
        if end:
            self.take(text=end)
        return variable


def parse_header(path):
    """The declarations of the header at `path`."""
    return Parser(path.name, path.read_text(encoding="utf-8")).parse()
