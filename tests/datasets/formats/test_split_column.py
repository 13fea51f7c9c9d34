import pytest

from handgrad.datasets.formats.csv_table import form_of
from handgrad.datasets.formats.split_column import splits_in, splits_of
from handgrad.errors import DatasetError


@pytest.mark.parametrize(
    ("values", "splits"),
    [
        (["train", "TEST", "Valid"], ["train", "test", "validation"]),
        (["Training", "PublicTest", "PrivateTest"], ["train", "validation", "test"]),
        (["train", "Holdout", "dev"], ["train", "test", "validation"]),
        (["train", "eval", "test"], ["train", "validation", "test"]),
        (["train", "evaluation"], ["train", "test"]),
        (["seg_train", "seg_test"], ["train", "test"]),
        (["train2017", "t10k", "test1"], ["train", "test", "test"]),
        (["test"], ["test"]),
        ([], []),
    ],
)
def test_values_are_those_of_split_folders(values, splits):
    assert list(splits_of(values, "split", "a.csv").values()) == splits


@pytest.mark.parametrize(
    "odd",
    ["exclude", "holdout_x", "", "unlabeled", "0", "0.8", "prueba", "train_old",
     "train/test", "test tube"],
)  # fmt: skip
@pytest.mark.parametrize("known", [["train"], ["train", "test"], []])
@pytest.mark.parametrize("column", ["split", "usage"])
def test_another_value_is_refused_with_its_rows(odd, known, column):
    with pytest.raises(DatasetError) as raised:
        splits_of([*known, odd, odd, "third"], column, "a.csv")
    said = f"({odd or 'nothing'} in 2 rows, third in 1 row). Write train"
    assert f"The column {column} of a.csv " in str(raised.value)
    assert said in str(raised.value)


def test_many_values_are_shortened():
    with pytest.raises(DatasetError, match=r"\(0 in 1 row, 1 .*, 2 in 1 row, ...\)"):
        splits_of("0123", "split", "a.csv")


@pytest.mark.parametrize("column", ["dataset", "set", "subset", "phase"])
def test_a_column_of_something_else_gives_no_splits(column):
    assert splits_of(["vidir", "rosendahl"], column, "a.csv") == {}
    with pytest.raises(DatasetError, match="exclude in 1 row"):
        splits_of(["train", "exclude"], column, "a.csv")


def test_a_column_of_a_file(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("file,label,Split\na.png,x,Train\nb.png,y,val\n")
    form = form_of(path)
    assert splits_in(path, form, 2) == {"Train": "train", "val": "validation"}
    assert splits_in(path, form, None) == {}
