"""Compares the errors of the two implementations: codes, messages and names."""

import ast
import re

# By the reason of the reference: the valid codes of the library, and a part of its message.
EXPECTED = {
    "sparse": ({"INVALID_ARGUMENT"}, "to_dense()"),
    "shared": ({"INVALID_ARGUMENT"}, "which share memory"),
    "not contiguous": ({"INVALID_ARGUMENT"}, "not contiguous"),
    "incomplete": ({"INVALID_ARGUMENT"}, "none covers the whole storage"),
    "incomparable": ({"INVALID_ARGUMENT"}, "not contiguous"),
    "meta": ({"INVALID_ARGUMENT"}, "meta device"),
    "dtype": ({"DTYPE", "INVALID_ARGUMENT"}, "cannot save"),
    "half a byte": ({"INVALID_ARGUMENT"}, "F4 without a dimension"),
    "not found": ({"NOT_FOUND"}, ""),
    "keys": ({"TENSOR_NOT_FOUND", "INVALID_ARGUMENT"}, ""),
    "sizes": ({"SIZE_MISMATCH"}, ""),
    "copy": ({"INVALID_ARGUMENT", "TENSOR_NOT_FOUND"}, ""),  # missing and unexpected names take precedence
}
CODES = {
    1: "INVALID_ARGUMENT", 4: "UNSUPPORTED", 21: "NOT_FOUND", 43: "UTF8", 46: "DUPLICATE", 47: "DTYPE",
    50: "SIZE_MISMATCH", 70: "TENSOR_NOT_FOUND",
}  # fmt: skip

QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', flags=re.S)


def unquoted(text):
    """Returns the names between double quotes, in order."""

    def unescaped(match):
        code = match[1] or match[2]
        return chr(int(code, 16)) if code else match[3]

    return [
        re.sub(r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|(.))", unescaped, name, flags=re.S)
        for name in QUOTED.findall(text)
    ]


def groups(text):
    """Returns the lists of names in brackets as sets, in order."""
    one = rf"\[(?:{QUOTED.pattern}(?:, )?)+\]"
    return [set(unquoted(match[0])) for match in re.finditer(one, text, flags=re.S)]


def named_differently(ours, theirs):
    """Whether the names in two messages with the same reason differ."""
    why, text = theirs["error"], theirs["text"]
    if why == "shared":
        named = ast.literal_eval(
            re.search(r"loading them again: (\[.*\])\.\n", text, flags=re.S)[1]
        )
        return named != groups(ours["text"])
    if why == "incomplete":
        named = ast.literal_eval(
            re.search(r"saving amongst: (\{.*\})\. None is", text, flags=re.S)[1]
        )
        return named != groups(ours["text"])[0]
    if why == "not contiguous":
        named = re.search(r"tensor: `(.*)` which is not allowed", text, flags=re.S)[1]
        return named != unquoted(ours["text"])[0]
    return False


def compare(ours, theirs):
    """Returns the difference between two answers, each of which may be an error, or None."""
    if ("error" in ours) != ("error" in theirs):
        return "only one rejects"
    if "error" not in ours:
        return None
    codes, text = EXPECTED[theirs["error"]]
    if CODES.get(ours["code"]) not in codes:
        return f"code {ours['code']} for {theirs['error']}"
    if text not in ours["text"]:
        return f"the message lacks: {text}"
    if named_differently(ours, theirs):
        return "different names in the message"
    return None
