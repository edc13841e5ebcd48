"""Cases of save_model and load_model."""

from documented_case import collector, storage, tensor

CASES = []
case = collector(CASES)


def tied(script, path="a", other="b"):
    """One layer with two names."""
    script.layer(path, "linear", 4, 4)
    script.same_module(other, path)
    script.fill(1)


def apart(script, *paths):
    for path in paths or ("a", "b"):
        script.layer(path, "linear", 4, 4)
    script.fill(50)


def anew(script):
    """Begins another model in the same case."""
    script.lines.append(
        ["case", next(line[1] for line in reversed(script.lines) if line[0] == "case")]
    )


@case("done", "done")
def a_tied_model_is_stored_once_and_comes_back(script, file):
    tied(script)
    script.save_model(file("model"))
    script.fill(20)
    script.load_model(file("model"))


@case("shared")
def the_state_dict_of_a_tied_model_is_refused(script, file):
    whole = storage(script, "F32", 4)
    for name in ("a.weight", "b.weight"):
        script.entry(name, script.tensor("F32", whole, 0, [2, 2], [2, 1]))
    script.save_file(file("file"))


@case("done", "done")
def a_file_with_the_other_names_of_a_tied_model(script, file):
    script.entry("b.weight", tensor(script, 4, 4))
    script.entry("b.bias", tensor(script, 4))
    tied(script)
    script.save_file(file("file"))
    script.load_model(file("file"))


@case("done", "done")
def a_file_with_one_name_of_each_group(script, file):
    script.entry("b.weight", tensor(script, 4, 4))
    script.entry("a.bias", tensor(script, 4))
    tied(script)
    script.save_file(file("file"))
    script.load_model(file("file"))


@case("not contiguous", "done", "done")
def a_model_that_is_not_contiguous(script, file):
    script.module("a")
    script.parameter(
        "a.weight", script.tensor("F32", storage(script, "F32", 6), 0, [3, 2], [1, 3]), True
    )
    script.save_model(file("refused"), force_contiguous=False)
    script.save_model(file("model"), force_contiguous=True)
    script.load_model(file("model"))


@case("done", "done")
def a_model_whose_parts_are_equal_and_not_tied(script, file):
    apart(script)
    script.save_model(file("model"))
    script.load_model(file("model"))


@case("done", "keys", "done")
def a_tied_file_for_a_model_that_is_not(script, file):
    tied(script)
    script.save_model(file("model"))
    anew(script)
    apart(script)
    script.load_model(file("model"), strict=True)
    script.load_model(file("model"), strict=False)


@case("done", "keys", "done")
def a_file_that_is_not_tied_for_a_model_that_is(script, file):
    apart(script)
    script.save_model(file("model"))
    anew(script)
    tied(script)
    script.load_model(file("model"), strict=True)
    script.load_model(file("model"), strict=False)


@case("done", "done")
def metadata_of_the_user_stays(script, file):
    tied(script)
    script.metadata("b.weight", "mine")
    script.metadata("format", "pt")
    script.save_model(file("model"))
    script.load_model(file("model"))


@case("incomplete", "done", "incomplete")
def a_part_without_the_whole(script, file):
    script.parameter(
        "b", script.tensor("F32", storage(script, "F32", 1000), 0, [10, 10], [10, 1]), True
    )
    script.save_model(file("model"))
    anew(script)
    script.entry("b", tensor(script, 10, 10))
    script.parameter(
        "b", script.tensor("F32", storage(script, "F32", 1000), 0, [10, 10], [10, 1]), True
    )
    script.save_file(file("file"))
    script.load_model(file("file"))


@case("incomplete")
def rows_with_holes(script, file):
    script.buffer("b", script.tensor("F32", storage(script, "F32", 9), 0, [2, 3], [6, 1]))
    script.save_model(file("model"))


@case("done", "done")
def a_part_and_the_whole(script, file):
    whole = storage(script, "F32", 9)
    script.parameter("B", script.tensor("F32", whole, 0, [1, 3], [3, 1]), True)
    script.parameter("A", script.tensor("F32", whole, 0, [3, 3], [3, 1]), True)
    script.save_model(file("model"))
    script.load_model(file("model"))


@case("done", "done")
def a_part_and_two_names_of_the_whole(script, file):
    whole = storage(script, "F32", 9)
    for name in ("C", "A"):
        script.buffer(name, script.tensor("F32", whole, 0, [3, 3], [3, 1]))
    script.buffer("B", script.tensor("F32", whole, 0, [1, 3], [3, 1]))
    script.save_model(file("model"))
    script.load_model(file("model"))


@case("done", "keys", "done")
def a_file_with_the_part_only(script, file):
    whole = storage(script, "F32", 9)
    script.buffer("A", script.tensor("F32", whole, 0, [3, 3], [3, 1]))
    script.buffer("B", script.tensor("F32", whole, 0, [1, 3], [3, 1]))
    script.entry("B", tensor(script, 1, 3))
    script.save_file(file("file"))
    script.load_model(file("file"), strict=True)
    script.load_model(file("file"), strict=False)


@case("incomplete")
def an_empty_part_of_a_storage(script, file):
    whole = storage(script, "F32", 4)
    script.buffer("empty", script.tensor("F32", whole, 0, [0], [1]))
    script.buffer("whole", script.tensor("F32", whole, 0, [4], [1]))
    script.save_model(file("model"))


@case("incomparable")
def a_matrix_tied_to_its_transpose(script, file):
    whole = storage(script, "F32", 6)
    script.parameter("a", script.tensor("F32", whole, 0, [2, 3], [3, 1]))
    script.parameter("b", script.tensor("F32", whole, 0, [3, 2], [1, 3]))
    script.save_model(file("model"))


@case("done", "done")
def a_view_as_another_dtype(script, file):
    whole = storage(script, "F32", 4)
    script.buffer("floats", script.tensor("F32", whole, 0, [4], [1]))
    script.buffer("bytes", script.tensor("U8", whole, 0, [16], [1]))
    script.save_model(file("model"))
    script.load_model(file("model"))


@case("done", "sizes", "sizes")
def a_shape_that_does_not_fit_is_refused_strict_or_not(script, file):
    script.entry("weight", tensor(script, 3, 2))
    script.parameter("weight", tensor(script, 2, 3), True)
    script.save_file(file("file"))
    script.load_model(file("file"), strict=True)
    script.load_model(file("file"), strict=False)


@case("done", "done")
def one_element_for_a_scalar(script, file):
    script.entry("scale", tensor(script, 1))
    script.parameter("scale", tensor(script), True)
    script.save_file(file("file"))
    script.load_model(file("file"))


@case("done", "done")
def other_dtypes_are_converted(script, file):
    script.entry("a", tensor(script, 5, dtype="F64"))
    script.entry("b", tensor(script, 5, dtype="F32"))
    script.entry("c", tensor(script, 5, dtype="I32"))
    script.parameter("a", tensor(script, 5, dtype="BF16"), True)
    script.parameter("b", tensor(script, 5, dtype="U8"))
    script.buffer("c", tensor(script, 5, dtype="F16"))
    script.save_file(file("file"))
    script.load_model(file("file"))


@case("done", "done")
def booleans_become_0_and_1(script, file):
    script.entry("mask", tensor(script, 3, dtype="BOOL"))
    script.buffer("mask", tensor(script, 3, dtype="BOOL"))
    script.save_file(file("file"))
    script.load_model(file("file"))


@case("done", "copy")
def float4_cannot_be_converted(script, file):
    script.entry("a", tensor(script, 2))
    script.entry("b", tensor(script, 2, dtype="F4"))
    script.parameter("a", tensor(script, 2), True)
    script.parameter("b", tensor(script, 2), True)
    script.save_file(file("file"))
    script.load_model(file("file"))


@case("done", "copy")
def several_elements_in_one_place(script, file):
    # The tensor has as many bytes as the storage, so it counts as covering it.
    script.entry("a", tensor(script, 3, 2))
    script.buffer("a", script.tensor("F32", storage(script, "F32", 6), 0, [3, 2], [0, 1]))
    script.save_file(file("file"))
    script.load_model(file("file"))


@case("done", "done")
def values_for_overlapping_memory_come_in_the_order_of_the_model(script, file):
    memory = script.memory(bytes(range(1, 33)))
    script.parameter("later", script.tensor("F32", script.storage(memory, 0, 24), 0, [6], [1]))
    script.parameter("earlier", script.tensor("F32", script.storage(memory, 8, 24), 0, [6], [1]))
    script.entry("later", tensor(script, 6))
    script.entry("earlier", tensor(script, 6))
    script.save_file(file("file"))
    script.load_model(file("file"))


@case("done", "keys", "done")
def names_that_no_module_has(script, file):
    script.module("a")
    script.layer("a.b", "linear", 2, 2)
    script.layer("c", "linear", 2, 2)
    script.no_parameter("none")
    script.fill(3)
    for name in (
        "",
        ".",
        "a",
        "a.",
        "a.b",
        "a.b.",
        "a..b",
        "a.b.weight.x",
        "_extra_state",
        "a.b._extra_state",
    ):
        script.entry(name, tensor(script, 1))
    for name in ("none", "z", "a.z", "c.z", "c.weight.", "a.b.z"):
        script.entry(name, tensor(script, 2))
    script.entry("a.b.weight", tensor(script, 2, 2))
    script.save_file(file("file"))
    script.load_model(file("file"), strict=True)
    script.load_model(file("file"), strict=False)


@case("done", "done")
def libtorchs_own_layers_have_the_names_that_python_gives_them(script, file):
    script.layer("linear", "linear", 3, 4)
    script.layer("table", "embedding", 5, 3)
    script.layer("norm", "layer_norm", 4)
    script.layer("batch_norm", "batch_norm", 4)
    script.layer("image", "conv2d", 3, 4, 2)
    script.layer("recurrent", "lstm", 3, 4, 2)
    script.layer("attention", "attention", 8, 2)
    script.fill(7)
    script.save_model(file("model"))
    script.fill(31)
    script.load_model(file("model"))


@case("done", "done")
def old_files_lack_the_counter_of_batches(script, file):
    script.layer("norm", "batch_norm", 3)
    script.fill(7)
    for name in ("weight", "bias", "running_mean", "running_var"):
        script.entry("norm." + name, tensor(script, 3))
    script.save_file(file("file"))
    script.load_model(file("file"))


@case("done", "keys", "done")
def two_names_for_a_layer_that_counts_batches(script, file):
    # The counter is found under its second name, so the other name in the file is unexpected.
    script.layer("a", "batch_norm", 3)
    script.same_module("b", "a")
    script.fill(7)
    script.save_model(file("model"))
    script.fill(31)
    script.load_model(file("model"), strict=True)
    script.load_model(file("model"), strict=False)


@case("not found")
def a_model_from_a_file_that_is_not_there(script, file):
    apart(script)
    script.load_model(file("nothing"))
