"""Compares the answers of the two implementations to one question; returns the difference or None."""

from answers import (
    compare_files,
    compare_states,
    compare_tensors,
    same_unexpected,
    tensors_in,
)
from rejections import compare as compare_rejections
from script import unhexed


def difference(our_line, their_line, ours, theirs):
    command = our_line[0]
    our_file, their_file = unhexed(our_line[1]).decode(), unhexed(their_line[1]).decode()
    if command.startswith("save"):
        return compare_rejections(ours, theirs) or compare_files(our_file, their_file)
    if command in ("load_file", "load"):
        return compare_loads(command, their_file, ours, theirs)
    return compare_model_loads(their_file, ours, theirs)


def compare_loads(command, file, ours, theirs):
    if theirs.get("error") == "unread":  # the reference writes it but cannot read it
        return compare_tensors(ours["tensors"], tensors_in(file))
    if (different := compare_rejections(ours, theirs)) or "error" in theirs:
        return different
    if command == "load":  # the reference has no order, the library has the order of the file
        different = compare_states(ours["tensors"], theirs["tensors"])
        return different or compare_tensors(ours["tensors"], tensors_in(file))
    return compare_tensors(ours["tensors"], theirs["tensors"])


def compare_mismatched(ours, theirs):
    """Parses mismatched sizes from the text of the exception of the reference."""
    for name, file_shape, model_shape in ours["mismatched"]:
        text = (
            f"size mismatch for {name}: copying a param with shape torch.Size({file_shape}) from checkpoint, "
            f"the shape in current model is torch.Size({model_shape})."
        )
        if text not in theirs["text"]:
            return f"a mismatch that the reference does not have: {name!r}"
    if len(ours["mismatched"]) != theirs["text"].count("size mismatch for"):
        return "not all mismatches"
    return None


def from_metadata(ours, theirs):
    """The tensors that the reference misses, and that the library loaded from the names in the metadata."""
    return set(theirs.get("missing", [])) & set(ours.get("loaded", []))


def compare_with_aliases(aliases, ours, theirs):
    """Compares a load of which the reference lacks some tensors; only for them it may raise."""
    differences = set(theirs["missing"]) | set(theirs["unexpected"])
    if "error" not in ours and theirs.get("error") == "keys" and differences - aliases:
        return "only the reference rejects"
    if set(ours["missing"]) != set(theirs["missing"]) - aliases:
        return "another list of what is missing"
    before = "error" in ours  # the library loads nothing then
    same = [[each for each in answer if each["name"] not in aliases]
            for answer in (ours["tensors"], theirs["before" if before else "tensors"])]
    return compare_states(*same)


def compare_model_loads(file, ours, theirs):
    if aliases := from_metadata(ours, theirs):
        return compare_with_aliases(aliases, ours, theirs)
    if different := compare_rejections(ours, theirs):
        return different
    if theirs.get("error") == "sizes":
        return compare_mismatched(ours, theirs) or compare_states(ours["tensors"], theirs["before"])
    if "error" in theirs and theirs["error"] != "keys":
        # The library loads nothing if it rejects a tensor; the reference has loaded a part.
        return compare_states(ours["tensors"], theirs["before"])
    if sorted(ours["missing"]) != theirs["missing"]:
        return "another list of what is missing"
    empty = {each["name"] for each in tensors_in(file) + theirs["tensors"] if not each["data"]}
    if not same_unexpected(ours["unexpected"], theirs["unexpected"], ours.get("loaded", []), empty):
        return "another list of what is unexpected"
    # The reference raises after loading, the library before.
    return compare_states(ours["tensors"], theirs["before" if "error" in theirs else "tensors"])
