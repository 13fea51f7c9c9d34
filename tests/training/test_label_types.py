import numpy as np
import pytest

from handgrad.errors import ConfigError
from handgrad.training.label_types import LABEL_TYPES, label_type, labels_of


@pytest.mark.parametrize(
    ("labels", "kind"),
    [
        ([1, 2], "int64"),
        (["a"], "str"),
        ([0.5], "float64"),
        ([True], "bool"),
        (np.array(["a"], object), "object"),
        (np.array([1], "u1"), "uint8"),
        (np.array([1], ">f4"), "float32"),
        (np.array([1], "longdouble"), "str"),
    ],
)
def test_labels_are_of_a_type(labels, kind):
    assert label_type(np.asarray(labels)) == kind


@pytest.mark.parametrize("kind", LABEL_TYPES)
def test_labels_come_back_from_their_texts(kind):
    labels = np.array([0, 1] if kind not in ("str", "object") else ["0", "cat"], kind)
    names = [str(label) for label in labels.tolist()]
    again = labels_of(names, kind)
    assert again.dtype == labels.dtype
    assert again.tolist() == labels.tolist()


def test_the_classes_of_data_sets_are_numbers():
    assert labels_of(("cat", "dog"), None).tolist() == [0, 1]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("cat", "int64"),
        ("1.0", "int64"),
        ("01", "int64"),
        ("1_0", "int64"),
        ("٣", "int64"),
        ("256", "uint8"),
        ("-1", "uint8"),
        ("9" * 5000, "int64"),
        ("9" * 5000, "float64"),
        (str(2**64), "uint64"),
        ("nan", "float64"),
        ("inf", "float32"),
        ("1e39", "float32"),
        ("0.1", "float32"),
        ("1", "float64"),
        ("true", "bool"),
        ("1", "bool"),
    ],
)
def test_what_is_no_label_of_the_type_is_refused(name, kind):
    with pytest.raises(ConfigError, match="is not a label of the type") as refused:
        labels_of((name, "0"), kind)
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (["a", "b", "a"], "str"),
        (["a", "a"], "object"),
        (["1", "1"], "int64"),
        (["0.0", "-0.0"], "float32"),
        (["True", "False", "True"], "bool"),
    ],
)
def test_two_classes_of_one_label_are_refused(names, kind):
    """Predictions could not tell the two classes apart."""
    with pytest.raises(ConfigError, match="contain a label twice"):
        labels_of(names, kind)
