"""Sizes, alignments and offsets of the headers' structs on the platforms that the library supports: 64 bits, where
every scalar is aligned to its size. tests/bindings/generate compares them with the C compiler's."""

from c_header import Alias, Enum, Function, HeaderError, Struct

SCALARS = {"char": 1, "int": 4, "int32_t": 4, "uint32_t": 4, "int64_t": 8, "uint64_t": 8}
POINTER = 8


class Layout:
    """The layouts of the structs in `headers`."""

    def __init__(self, headers):
        self.scalars = dict(SCALARS)
        self.constants = {}
        for header in headers:
            for declaration in header.declarations:
                if isinstance(declaration, Alias):
                    self.scalars[declaration.name] = self.scalars[declaration.type.base]
                elif isinstance(declaration, Function):
                    self.scalars[declaration.name] = POINTER
                elif isinstance(declaration, Enum):
                    self.constants.update((constant.name, constant.value) for constant in declaration.constants)

    def element_size(self, field):
        """Size, and so alignment, of a field or of an element of its array."""
        if field.type.pointers:
            return POINTER
        if field.type.base not in self.scalars:
            raise HeaderError(f"field {field.name} has the unknown type {field.type.base}")
        return self.scalars[field.type.base]

    def count(self, field):
        """Number of elements of an array, or None."""
        count = field.type.count
        return self.constants.get(count) or int(count) if count else None

    def struct(self, struct):
        """(size, alignment, [(offset, size) of each field])."""
        offset, alignment, places = 0, 1, []
        for field in struct.fields:
            element = self.element_size(field)
            size = element * (self.count(field) or 1)
            offset += -offset % element
            places.append((offset, size))
            offset += size
            alignment = max(alignment, element)
        return offset + -offset % alignment, alignment, places


def is_handle(declaration):
    """Whether a declaration is an opaque struct."""
    return isinstance(declaration, Struct) and not declaration.fields
