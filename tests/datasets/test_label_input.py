from datetime import date

import numpy as np
import pandas as pd
import pytest

import handgrad as hg
from handgrad.datasets.label_input import as_labels, is_missing
from handgrad.errors import DatasetError

LARGE = 76561198000000000  # above 2**53: floats would merge it with its neighbours
NUMBERS = [LARGE, LARGE + 1, LARGE + 2]
EXACT = {
    "Int64": (NUMBERS, np.int64),
    "int64[pyarrow]": (NUMBERS, np.int64),
    "UInt8": ([1, 2, 3], np.uint8),
    "boolean": ([True, False, True], np.bool_),
    "bool[pyarrow]": ([True, False, True], np.bool_),
    "Float32": ([1.5, 2.5, 3.5], np.float32),
}


def outer(values, form, dtype):
    series = pd.Series(values, dtype=dtype)
    return {"series": series, "array": series.array, "index": pd.Index(series)}[form]


@pytest.mark.parametrize("form", ["series", "array", "index"])
@pytest.mark.parametrize("dtype", EXACT)
def test_numbers_of_pandas_keep_their_value_and_type(dtype, form):
    values, expected = EXACT[dtype]
    found = as_labels(outer(values, form, dtype))
    assert isinstance(found, np.ndarray)
    assert (found.dtype, found.tolist()) == (expected, values)


def test_categories_and_columns_keep_them_too():
    series = pd.Series(NUMBERS, dtype="Int64")
    assert as_labels(series.astype("category")).tolist() == NUMBERS
    column = as_labels(pd.DataFrame({"label": series}))
    assert (column.shape, column[:, 0].tolist()) == ((3, 1), NUMBERS)
    words = pd.Series(["b", "a"], dtype="category")
    assert list(as_labels(words)) == ["b", "a"]


@pytest.mark.parametrize("dtype", ["int64", "Int64", "int64[pyarrow]"])
def test_large_numbers_stay_different_classes(dtype):
    images = np.arange(300, dtype=np.uint8).reshape(-1, 5)
    labels = pd.Series(np.arange(60) % 3 + LARGE, dtype=dtype)
    clf = hg.Classifier("softmax_regression", epochs=1).fit(images, labels)
    assert clf.classes_.tolist() == NUMBERS
    assert clf.predict(images).dtype == np.int64
    assert clf.score(images, labels) >= 0
    with pytest.raises(DatasetError, match="Unknown label"):
        clf.evaluate(images[:3], pd.Series(NUMBERS, dtype=dtype) + 9)


@pytest.mark.parametrize(
    "labels",
    [
        ["a", "b", None],
        ["a", "b", float("nan")],
        ["a", "b", pd.NA],
        np.array(["a", "b", None], dtype=object),
        np.array(["a", "b", np.nan], dtype=object),
        pd.Series(["a", "b", None], dtype="string"),
        pd.Series(["a", "b", None]),
        pd.Series(["a", "b", pd.NA], dtype=object),
        pd.Series(["a", "b", None], dtype="category"),
        pd.Series([1, 2, None], dtype="Int64"),
        pd.Series([1.0, 2.0, None]),
        pd.DataFrame({"y": [1, 2, None]}),
    ],
)
def test_a_missing_label_is_named(labels):
    with pytest.raises(DatasetError, match="label of example 2, counted from 0, is"):
        as_labels(labels)


@pytest.mark.parametrize("labels", [[1, 2, "a"], np.array([1, 2, "a"], object)])
def test_strings_and_numbers_are_not_mixed(labels):
    with pytest.raises(DatasetError, match="mix strings and numbers, such as 1 and"):
        as_labels(labels)


@pytest.mark.parametrize("make", [np.array, pd.Series, pd.DataFrame])
@pytest.mark.parametrize(
    ("values", "kind"), [([3, 5, 3], "i"), ([True, False, True], "b"), ([1.5, 2], "f")]
)
def test_objects_that_are_numbers_are_numbers(make, values, kind):
    found = as_labels(make(values, dtype=object))
    assert found.dtype.kind == kind
    assert np.ravel(found).tolist() == values


@pytest.mark.parametrize(
    "values", [[date(2026, 1, 1)], [(1, 2)], [(1,), (1, 2)], [2**70], [1j]]
)
def test_other_objects_are_no_labels(values):
    given = np.empty(len(values), dtype=object)
    given[:] = values
    with pytest.raises(DatasetError, match=r"are objects, such as .* str\(label\)"):
        as_labels(given)


@pytest.mark.parametrize("label", [date(2026, 1, 1), pd.Timestamp(0), 2**70])
def test_objects_in_a_list_are_no_labels(label):
    with pytest.raises(DatasetError, match="are objects, such as"):
        as_labels([label, label])


def test_objects_are_labels_wherever_labels_are_given():
    images = np.arange(300, dtype=np.uint8).reshape(-1, 5)
    for values in (np.arange(60) % 3 + 4, np.arange(60) % 2 > 0):
        labels = values.astype(object)
        clf = hg.Classifier(
            "softmax_regression", epochs=1, validation=(images, labels)
        ).fit(images, labels)
        assert clf.classes_.dtype == values.dtype
        assert clf.score(images, labels) == clf.score(images, values)
        assert clf.evaluate(images, labels).loss == clf.evaluate(images, values).loss
        clf.calibrate(images, labels).partial_fit(images, labels, classes=labels)
        assert clf.n_iter_ == 2


@pytest.mark.parametrize("label", [0, "", "nan", False, np.int64(1), [1], np.ones(2)])
def test_what_is_there_is_not_missing(label):
    assert not is_missing(label)


@pytest.mark.parametrize("kind", [list, np.array, pd.Series])
def test_bytes_are_no_labels(kind):
    with pytest.raises(DatasetError, match=r"bytes, such as b'a'. Decode them: \["):
        as_labels(kind([b"a", b"b"]))


def test_a_generator_of_labels_is_named():
    with pytest.raises(DatasetError, match=r"got a generator. Convert it with list"):
        as_labels(label for label in "ab")
