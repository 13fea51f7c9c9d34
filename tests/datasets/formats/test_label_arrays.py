import numpy as np
import pytest

from handgrad.datasets.formats.label_arrays import (
    check_are_classes,
    labels_in,
    labels_of,
    named,
    ordered,
)
from handgrad.errors import DatasetError

NUMBERS = [3, 0, 2, 1]


@pytest.mark.parametrize(
    "array",
    [
        np.array(NUMBERS),
        np.array(NUMBERS, np.uint8)[:, None],
        np.array(NUMBERS, np.float64),
        np.array([NUMBERS]),
        np.eye(4)[NUMBERS],
        np.eye(4, dtype=bool)[NUMBERS],
        np.array([[n, 4, 7, 9, 1, 1, 1, 1] for n in NUMBERS], ">i4"),
    ],
)
def test_labels_in_every_form(array):
    found = labels_of(array, "it")
    assert found.dtype == np.int64
    assert found.tolist() == NUMBERS


def test_strings_stay_strings():
    assert labels_of(np.array([b"cat", b"dog"]), "it").tolist() == ["cat", "dog"]
    assert labels_of(np.array([["cat"], ["dog"]]), "it").tolist() == ["cat", "dog"]


@pytest.mark.parametrize(
    "array",
    [
        np.array([0.5, 1.0]),
        np.array([np.nan, 1.0]),
        np.ones((3, 4)),
        np.zeros((2, 2, 2)),
        np.array([1j]),
    ],
)
def test_invalid_labels_are_refused(array):
    with pytest.raises(DatasetError, match="it holds labels"):
        labels_of(array, "it")


def test_numbers_are_ordered_as_numbers():
    assert ordered({"10", "9", "-1"}) == ("-1", "9", "10")
    assert ordered({"10", "9", "a"}) == ("10", "9", "a")
    assert named(7) == "7"
    assert named(" cat ") == "cat"


@pytest.mark.parametrize("blank", ["", "  "])
@pytest.mark.parametrize("others", [["0", "1"], ["cat", "dog"], []])
def test_an_image_without_a_label_is_named(blank, others):
    with pytest.raises(DatasetError, match=rf"image {len(others)} has no label"):
        labels_in([*others, blank], "a.csv")


def test_cells_are_numbers_where_all_are():
    assert labels_in(["3", "2.0"], "a.csv").tolist() == [3, 2]
    assert labels_in(["3", "b"], "a.csv").tolist() == ["3", "b"]
    with pytest.raises(DatasetError, match="neither integers nor strings"):
        labels_in(["3", "2.5"], "a.csv")


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.array([b"\xff\xfe", b"ok"]), r"label b'\\xff\\xfe', which is not UTF-8"),
        (np.array([2**63 + 5, 3], dtype=np.uint64), "the label 9223372036854775813"),
        (np.array([1e300, 3.0]), "the label 1e\\+300, but the limit is"),
        (np.array([-(2.0**60), 3.0]), r"the label -1.152921504606847e\+18, but"),
    ],
)
def test_labels_that_cannot_be_converted_exactly_are_refused(array, said):
    with pytest.raises(DatasetError, match=said):
        labels_of(array, "some.npz")


def test_utf_8_bytes_are_strings():
    words = labels_of(np.array(["näh".encode(), b"ok"]), "some.npz")
    assert words.tolist() == ["näh", "ok"]


def test_the_largest_integers_are_kept():
    numbers = np.array([2**63 - 1, -(2**63) + 1])
    assert labels_of(numbers, "some.npz").tolist() == numbers.tolist()
    assert labels_of(np.array([2.0**53]), "some.npz").tolist() == [2**53]


@pytest.mark.parametrize(
    "labels",
    [
        [f"{n}.0" for n in range(10)],
        [str(n) for n in range(10)],
        [f"{n}.5" for n in range(5)],
        [f"{n}.5" for n in range(9)] + ["wide"],
    ],
)
def test_names_and_few_numbers_are_classes(labels):
    check_are_classes(set(labels), 10, "it")


def test_many_decimals_are_no_classes():
    with pytest.raises(DatasetError, match=r"it gives 10 images 6 different .*--label"):
        check_are_classes({f"{n}.5" for n in range(6)}, 10, "it")
