"""Random headers, from valid to damaged."""

import struct

BITS = {
    "BOOL": 8, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8,
    "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16,
    "I32": 32, "U32": 32, "F32": 32, "C64": 64, "F64": 64, "I64": 64, "U64": 64,
}  # fmt: skip

INTEGERS = [
    "0", "1", "2", "3", "4", "8", "16", "255", "4294967296", "2305843009213693951", "2305843009213693952",
    "9223372036854775807", "9223372036854775808", "18446744073709551615", "18446744073709551616",
]  # fmt: skip
NOT_INTEGERS = [
    "-0", "-1", "-9223372036854775808", "-9223372036854775809", "0.0", "1.0", "1e0", "1E+2", "-0.0", "-0e1",
    "1e308", "1e309", "-1e309", "1e-400", "00", "01", "-01", "+1", ".5", "5.", "1e", "1e+", "0x1", "1_0",
    "9" * 30, "-" + "9" * 30, "1" + "0" * 308, "1" + "0" * 309, "9" * 400, "0." + "9" * 300,
    "1.7976931348623157e308", "1.7976931348623159e308", "NaN", "Infinity", "-Infinity", "-", "--1",
]  # fmt: skip
VALUES = [
    "null", "true", "false", '""', '"a"', "[]", "{}", "[[]]", '{"a":{}}', "[1,2]", '{"a":1,"a":2}',
    "nul", "True", "'a'", "[1,]", "[,1]", "{,}", '{"a"}', '{"a":}', "{1:2}", '"\\x"', '"\\u12"', "\"\t\"",
    '"\\ud800"', '"\\udfff\\ud800"', '"\\ud83d\\ude00"', "[", "]", "{", "}", "", "[1 2]", "//", "/**/",
]  # fmt: skip
STRINGS = [
    "a", "b", "t", "", "layer.0.weight", "\u00e9", "e\u0301", "\u4f60", "\U0001f600", "\x7f", "%s%n", "a/b",
    "__metadata__", "__METADATA__", "metadata", "dtype", "shape", "a\"b", "a\\b", "a\nb", "a\0b", "\u2028",
]  # fmt: skip
SPACES = ["", "", "", "", "", " ", "\t", "\n", "\r", "  \n", "\f", "\v", "\u00a0", "\0", "\ufeff"]


def spell(random, text):
    """A JSON string for `text` with some unnecessary escapes."""
    out = []
    for character in text:
        code = ord(character)
        if character in '"\\':
            out.append(random.choice(["\\" + character, f"\\u{code:04x}"]))
        elif code < 0x20 or (code < 0x10000 and random.random() < 0.05):
            form = f"\\u{code:04x}" if random.random() < 0.5 else f"\\u{code:04X}"
            out.append("\\/" if character == "/" and random.random() < 0.5 else form)
        else:
            out.append(character)
    return '"' + "".join(out) + '"'


class Writer:
    """Writes one header; each choice is invalid with probability `fault`."""

    def __init__(self, random, fault):
        self.random = random
        self.fault = fault

    def wrong(self):
        return self.random.random() < self.fault

    def space(self):
        if not self.wrong():
            return ""
        return self.random.choice(SPACES[:10] if self.random.random() < 0.7 else SPACES)

    def value(self, depth=0):
        random = self.random
        kind = random.randrange(8 if depth < 4 else 5)
        if kind < 2:
            return random.choice(VALUES[:11] if random.random() < 0.8 else VALUES)
        if kind == 2:
            return random.choice(INTEGERS + NOT_INTEGERS[:13])
        if kind == 3:
            return random.choice(NOT_INTEGERS)
        if kind == 4:
            return spell(random, random.choice(STRINGS))
        if kind == 5:
            levels = random.choice([1, 2, 3, 60, 124, 125, 126, 127, 128, 200])
            return "[" * levels + "]" * levels
        count = random.randrange(3)
        if kind == 6:
            return "[" + ",".join(self.value(depth + 1) for _ in range(count)) + "]"
        members = (f"{spell(random, random.choice(STRINGS))}:{self.value(depth + 1)}" for _ in range(count))
        return "{" + ",".join(members) + "}"

    def members(self, pairs):
        random = self.random
        if self.wrong() and pairs:
            pairs.append(random.choice(pairs))
        if self.wrong() and pairs:
            pairs.pop(random.randrange(len(pairs)))
        if self.wrong():
            random.shuffle(pairs)
        comma = ";" if self.fault and random.random() < 0.002 else ","
        colon = "=" if self.fault and random.random() < 0.002 else ":"
        text = comma.join(
            f"{self.space()}{key}{self.space()}{colon}{self.space()}{value}{self.space()}"
            for key, value in pairs
        )
        return "{" + text + ("," if self.fault and random.random() < 0.005 else "") + "}"

    def numbers(self, numbers):
        random = self.random
        words = [str(number) for number in numbers]
        if self.wrong():
            words.insert(random.randrange(len(words) + 1), random.choice(INTEGERS))
        if self.wrong() and words:
            words.pop()
        if self.wrong():
            words.insert(random.randrange(len(words) + 1), random.choice(NOT_INTEGERS + VALUES))
        return "[" + ",".join(self.space() + word + self.space() for word in words) + "]"

    def entry(self, dtype, shape, begin, end):
        random = self.random
        if self.wrong():
            dtype = random.choice([*BITS, "F128", "f32", "F32 ", ""])
        fields = [
            ('"dtype"', spell(random, dtype) if self.wrong() else f'"{dtype}"'),
            ('"shape"', self.numbers(shape)),
            ('"data_offsets"', self.numbers([begin, end])),
        ]
        if self.wrong():
            random.shuffle(fields)
        if self.wrong():
            key = spell(random, random.choice(["dtype", "shape", "data_offsets", "x", "", "__metadata__"]))
            fields.insert(random.randrange(4), (key, self.value()))
        if self.wrong() and random.random() < 0.3:
            return "[" + ",".join(value for _, value in fields) + "]"
        if self.wrong() and random.random() < 0.3:
            fields[0] = (fields[0][0], '{"' + dtype + '":null}')
        if self.wrong() and random.random() < 0.3:
            return self.value()
        return self.members(fields)

    def metadata(self):
        random = self.random
        if self.wrong():
            return random.choice(["null", self.value()])
        pairs = [
            (spell(random, random.choice(STRINGS)), spell(random, random.choice(STRINGS)))
            for _ in range(random.randrange(3))
        ]
        if self.wrong():
            pairs.append(('"k"', self.value()))
        return self.members(pairs)

    def header(self):
        """The text of a header and the size of its data in bytes."""
        random = self.random
        names = random.sample(STRINGS[:12], random.randrange(4))
        if self.wrong():
            names.append(random.choice(STRINGS))
        pairs, offset = [], 0
        for name in names:
            dtype = random.choice(list(BITS))
            shape = [random.choice([0, 1, 2, 3, 4, 4, 8]) for _ in range(random.randrange(4))]
            elements = 1
            for extent in shape:
                elements *= extent
            end = offset + elements * BITS[dtype] // 8
            gap = random.choice([-1, 1]) if self.wrong() and random.random() < 0.2 else 0
            pairs.append((spell(random, name), self.entry(dtype, shape, max(offset + gap, 0), end)))
            offset = end
        if random.random() < 0.5:
            pairs.insert(random.randrange(len(pairs) + 1), ('"__metadata__"', self.metadata()))
        text = self.space() + self.members(pairs) + self.space()
        return text.encode("utf-8", "surrogatepass"), offset


def damage(random, data):
    """Replaces, inserts, removes or copies a few bytes."""
    data = bytearray(data)
    for _ in range(random.choice([1, 1, 1, 2, 3])):
        at = random.randrange(len(data) + 1)
        kind = random.randrange(4)
        if kind == 0 and at < len(data):
            data[at] = random.choice([random.randrange(256), *b'{}[],:"\\ 0129-.eE\0\x80\xff\xc0\xed'])
        elif kind == 1:
            data[at:at] = bytes([random.choice([random.randrange(256), *b'{}[],:"\\ 019-.eE'])])
        elif kind == 2:
            del data[at : at + random.choice([1, 1, 2, 5])]
        else:
            start = random.randrange(len(data) + 1)
            data[at:at] = data[start : start + random.randrange(1, 20)]
    return bytes(data)


def random_file(random):
    fault = random.choice([0, 0.01, 0.03, 0.1])
    header, size = Writer(random, fault).header()
    if random.random() < 0.4:
        header = damage(random, header)
    if random.random() < 0.1:
        size = max(0, size + random.choice([-1, 1, 8]))
    if random.random() < 0.3:
        header += b" " * random.randrange(9)
    length = len(header)
    if random.random() < 0.05:
        length = max(0, length + random.choice([-1, 1, -2, size, 2**32, 2**63, 10**8, 10**8 + 1]))
    return struct.pack("<Q", length % 2**64) + header + bytes(size)
