"""Cases of save_file, save, load_file and load."""

from documented_case import collector, storage, tensor
from dtypes import SAVED

CASES = []
case = collector(CASES)


def save_and_load(script, file):
    script.save_file(file("file"))
    script.save(file("bytes"))
    script.load_file(file("file"), "mmap")
    script.load_file(file("file"), "pread")
    script.load(file("bytes"), "copy")
    script.load(file("bytes"), "keep")


ALL_DONE = ("done",) * 6


@case(*ALL_DONE)
def a_tensor_of_int32(script, file):
    script.entry("test", tensor(script, 2, 2, dtype="I32"))
    save_and_load(script, file)


@case(*ALL_DONE)
def a_tensor_of_bfloat16(script, file):
    script.entry("test", tensor(script, 2, 2, dtype="BF16"))
    save_and_load(script, file)


@case(*ALL_DONE)
def a_tensor_of_complex64(script, file):
    script.entry("test", tensor(script, 2, 2, dtype="C64"))
    save_and_load(script, file)


@case(*ALL_DONE)
def the_two_tensors_of_the_first_example(script, file):
    script.entry("embedding", tensor(script, 512, 1024))
    script.entry("attention", tensor(script, 256, 256))
    save_and_load(script, file)


@case(*ALL_DONE)
def dtypes_of_two_bytes_booleans_and_complex_numbers(script, file):
    for name, dtype in [("test", "BF16"), ("test2", "F16"), ("test3", "BOOL"), ("test4", "C64")]:
        script.entry(name, tensor(script, 2, 2, dtype=dtype))
    save_and_load(script, file)


@case(*ALL_DONE)
def two_kinds_of_float8(script, file):
    for name, dtype in [("test", "F8_E4M3"), ("test2", "F8_E5M2")]:
        script.entry(name, tensor(script, 1, dtype=dtype))
    save_and_load(script, file)


@case(*ALL_DONE)
def float8_without_negative_zero(script, file):
    for name, dtype in [("test1", "F8_E4M3FNUZ"), ("test2", "F8_E5M2FNUZ")]:
        script.entry(name, tensor(script, 1, dtype=dtype))
    save_and_load(script, file)


# "unread": load lacks the two newest dtypes, and pread cannot reshape F4.


@case("done", "done", "done", "done", "unread", "unread")
def float8_of_exponents(script, file):
    script.entry("test", tensor(script, 1, dtype="F8_E8M0"))
    save_and_load(script, file)


@case("done", "done", "done", "unread", "unread", "unread")
def float4_with_its_scale(script, file):
    script.entry("test1", tensor(script, 1, dtype="F8_E8M0"))
    script.entry("test2", tensor(script, 2, 2, dtype="F4"))
    save_and_load(script, file)


@case("done", "done", "done", "unread", "unread", "unread")
def every_dtype_sorted(script, file):
    for dtype in SAVED:
        script.entry("a " + dtype, tensor(script, 3, dtype=dtype))
        script.entry("b " + dtype, tensor(script, 2, 1, dtype=dtype))
    save_and_load(script, file)


@case("half a byte", "half a byte")
def a_float4_scalar(script, file):
    script.entry("test", tensor(script, dtype="F4"))
    script.save_file(file("file"))
    script.save(file("bytes"))


@case("dtype", "dtype")
def a_dtype_that_the_format_lacks(script, file):
    script.entry("test", tensor(script, 2, dtype="C128"))
    script.save_file(file("file"))
    script.save(file("bytes"))


@case(*ALL_DONE)
def a_tensor_without_elements(script, file):
    script.entry("test", tensor(script, 2, 0))
    save_and_load(script, file)


@case(*ALL_DONE)
def tensors_without_elements(script, file):
    script.entry("test", tensor(script, 2, 0))
    script.entry("test2", tensor(script, 2, 0))
    save_and_load(script, file)


@case(*ALL_DONE)
def no_tensors(script, file):
    save_and_load(script, file)


@case(*ALL_DONE)
def no_tensors_and_metadata(script, file):
    script.metadata("Something", "more")
    save_and_load(script, file)


@case(*ALL_DONE)
def metadata(script, file):
    script.entry("test", tensor(script, 1, 2, 3))
    script.metadata("Something", "more")
    save_and_load(script, file)


@case(*ALL_DONE)
def metadata_with_the_name_of_a_tensor(script, file):
    script.entry("test", tensor(script, 2))
    script.metadata("test", "other")
    save_and_load(script, file)


@case(*ALL_DONE)
def parts_of_one_storage_that_do_not_overlap(script, file):
    whole = storage(script, "F32", 100)
    script.entry("test", script.tensor("F32", whole, 10, [9, 10], [10, 1]))
    script.entry("test2", script.tensor("F32", whole, 0, [1, 10], [10, 1]))
    save_and_load(script, file)


@case("meta", "meta")
def a_meta_tensor(script, file):
    script.entry("test", script.special("meta"))
    script.save_file(file("file"))
    script.save(file("bytes"))


@case("sparse", "sparse")
def sparse_tensors(script, file):
    script.entry("test", script.special("sparse"))
    script.entry("test2", script.special("csr"))
    script.save_file(file("file"))
    script.save(file("bytes"))


@case("dtype")
def a_quantized_tensor(script, file):
    script.entry("test", script.special("quantized"))
    script.save_file(file("file"))


@case("not contiguous")
def a_column(script, file):
    whole = storage(script, "F32", 6)
    script.entry("test", script.tensor("F32", whole, 1, [1, 2], [6, 3]))
    script.save_file(file("file"))


@case(*ALL_DONE)
def a_contiguous_tensor_with_strides_that_mean_nothing(script, file):
    whole = storage(script, "F32", 4)
    script.entry("test", script.tensor("F32", whole, 0, [1, 4], [77, 1]))
    save_and_load(script, file)


@case("shared")
def a_tensor_and_its_first_row(script, file):
    whole = storage(script, "F32", 6)
    script.entry("A", script.tensor("F32", whole, 0, [2, 3], [3, 1]))
    script.entry("B", script.tensor("F32", whole, 0, [1, 3], [3, 1]))
    script.save_file(file("file"))


@case("shared")
def a_tensor_and_its_last_row(script, file):
    whole = storage(script, "F32", 6)
    script.entry("A", script.tensor("F32", whole, 0, [2, 3], [3, 1]))
    script.entry("B", script.tensor("F32", whole, 3, [1, 3], [3, 1]))
    script.save_file(file("file"))


@case("shared")
def halves_that_overlap(script, file):
    whole = storage(script, "F32", 4)
    script.entry("B", script.tensor("F32", whole, 0, [2], [1]))
    script.entry("C", script.tensor("F32", whole, 1, [3], [1]))
    script.save_file(file("file"))


@case("shared")
def halves_one_of_which_another_overlaps(script, file):
    whole = storage(script, "F32", 4)
    script.entry("B", script.tensor("F32", whole, 0, [2], [1]))
    script.entry("C", script.tensor("F32", whole, 2, [2], [1]))
    script.entry("D", script.tensor("F32", whole, 0, [1], [1]))
    script.save_file(file("file"))


@case(*ALL_DONE)
def a_tensor_and_an_empty_part_of_it(script, file):
    # A tensor without elements has address 0, and so shares no memory.
    whole = storage(script, "F32", 4)
    script.entry("A", script.tensor("F32", whole, 0, [4], [1]))
    script.entry("empty", script.tensor("F32", whole, 2, [0], [1]))
    save_and_load(script, file)


@case("shared")
def three_of_which_the_middle_one_is_the_shortest(script, file):
    # Each is compared only with the one before it: the last is in no group, although the first overlaps it.
    whole = storage(script, "F32", 8)
    script.entry("long", script.tensor("F32", whole, 0, [8], [1]))
    script.entry("short", script.tensor("F32", whole, 1, [2], [1]))
    script.entry("behind the short one", script.tensor("F32", whole, 4, [2], [1]))
    script.save_file(file("file"))


@case("incomparable")
def a_matrix_and_its_transpose(script, file):
    whole = storage(script, "F32", 6)
    script.entry("A", script.tensor("F32", whole, 0, [2, 3], [3, 1]))
    script.entry("B", script.tensor("F32", whole, 0, [3, 2], [1, 3]))
    script.save_file(file("file"))


@case(*ALL_DONE)
def storages_that_only_memory_shows_to_overlap(script, file):
    memory = script.memory(bytes(range(32)))
    script.entry("A", script.tensor("F32", script.storage(memory, 0, 24), 0, [6], [1]))
    script.entry("B", script.tensor("F32", script.storage(memory, 8, 24), 0, [6], [1]))
    save_and_load(script, file)


@case("not found")
def a_file_that_is_not_there(script, file):
    script.load_file(file("nothing"))
