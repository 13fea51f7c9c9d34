import pytest

from handgrad.errors import ConfigError
from handgrad.training.config import config_from

RESOLVED = {
    "input_shape": [4],
    "class_names": ["0", "7"],
    "mean": [0.0],
    "std": [1.0],
    "dataset_sha256": "",
    "train_images": 1,
    "validation_images": 0,
}
GIVEN = {"label_type": "uint64", "channels": "last", "feature_names": ["a", "b"]}


def resolved(**changes):
    tables = {"resolved": {**RESOLVED, **changes}}
    return config_from(tables, "config.toml").resolved


def test_what_the_arrays_were_like_is_known():
    found = resolved(**GIVEN).kept()
    expected = {**GIVEN, "feature_names": ("a", "b")}
    assert found == {**expected, "brightness": None, "bit_depth": None, "fit": None}
    assert set(resolved().kept().values()) == {None}


@pytest.mark.parametrize("before", ["str", "int", "float", "bool"])
def test_the_types_of_earlier_versions_are_read(before):
    names = {"float": ["0.0", "7.0"], "bool": ["False", "True"]}.get(before, ["0", "7"])
    assert resolved(label_type=before, class_names=names).label_type == before


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"label_type": "bool"}, "resolved.label_type: the class name '0' is no"),
        (
            {"label_type": "int8", "class_names": ["0", "200"]},
            "is not a label of the type",
        ),
        ({"label_type": "complex"}, "resolved.label_type"),
        ({"channels": "middle"}, "resolved.channels"),
        ({"std": [0.0]}, "resolved.std"),
        ({"feature_names": [1]}, "resolved.feature_names"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_place(changes, said):
    with pytest.raises(ConfigError) as refused:
        resolved(**changes)
    assert str(refused.value).startswith("config.toml: ")
    assert said in str(refused.value)
