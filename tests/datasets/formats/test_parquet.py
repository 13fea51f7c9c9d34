import json
import sys

import pytest

from handgrad.datasets import load
from handgrad.datasets.formats.parquet import ParquetImages
from handgrad.errors import ConfigError, DatasetError

from .makers import image_bytes

NOTES = {
    b"huggingface": json.dumps(
        {
            "info": {
                "features": {"label": {"names": ["cat", "dog"], "_type": "ClassLabel"}}
            }
        }
    ).encode()
}


def put_parquet(path, columns, notes=None):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    table = pyarrow.table(columns).replace_schema_metadata(notes)
    path.parent.mkdir(exist_ok=True)
    parquet.write_table(table, path, row_group_size=3)
    return path


def columns(count=10, image="image", label="label", of=lambda n: n % 2):
    images = [{"bytes": image_bytes(n), "path": f"{n}.png"} for n in range(count)]
    return {image: images, label: [of(n) for n in range(count)]}


def test_images_as_hugging_face_writes_them(tmp_path):
    put_parquet(tmp_path / "data/train-00000-of-00001.parquet", columns(), NOTES)
    put_parquet(tmp_path / "data/test-00000-of-00001.parquet", columns(4), NOTES)
    dataset = load(tmp_path)
    assert dataset.class_names == ("cat", "dog")
    assert (len(dataset.train), len(dataset.test)) == (10, 4)
    assert dataset.train.images[7, 0, 1, 1] == 7
    assert load(tmp_path).checksum == dataset.checksum


def test_a_column_of_splits(tmp_path):
    splits = [["train", "holdout"][n > 7] for n in range(10)]
    path = put_parquet(tmp_path / "a.parquet", {**columns(), "Split": splits})
    assert (len(load(path).train), len(load(path).test)) == (8, 2)
    splits[3] = None
    put_parquet(path, {**columns(), "Split": splits})
    with pytest.raises(DatasetError, match=r"column split of .*nothing in 1 row"):
        load(path)


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        ({}, None),
        ({"image": "img", "label": "fine_label"}, None),
        ({"image": "picture"}, None),
        ({"label": "colour"}, "colour"),
        ({"of": lambda n: "ab"[n % 2]}, None),
    ],
)
def test_columns_by_their_names(tmp_path, names, chosen):
    path = put_parquet(tmp_path / "a.parquet", columns(**names))
    assert load(path, label_from=chosen).classes == 2


def test_whole_floats_are_integers(tmp_path):
    floats = columns(of=lambda n: float(n % 2))
    path = put_parquet(tmp_path / "a.parquet", floats, NOTES)
    assert load(path).class_names == ("cat", "dog")
    path = put_parquet(tmp_path / "b.parquet", floats)
    assert load(path).class_names == ("0", "1")


@pytest.mark.parametrize(
    ("label", "said"),
    [
        (0.5, r"a.parquet/0 has the label 0\.5, expected an integer or a string"),
        ([1], r"has the label \[1\], expected an integer or a string"),
        ({"a": 1}, r"has the label \{'a': 1\}, expected"),
        (b"cat", "has the label b'cat', expected"),
        (float("nan"), "a.parquet/0 has no label"),
        (-1, "has no label"),
        (-1.0, "has no label"),
        (" ", "has no label"),
        ([], "has no label"),
    ],
)
def test_other_labels_are_named(tmp_path, label, said):
    path = put_parquet(tmp_path / "a.parquet", columns(of=lambda _: label))
    with pytest.raises(DatasetError, match=said):
        load(path)


def test_images_as_bytes_alone(tmp_path):
    table = {"image": [image_bytes(n) for n in range(10)], "label": [0, 1] * 5}
    assert load(put_parquet(tmp_path / "a.parquet", table)).classes == 2


def test_missing_columns_and_labels_are_refused(tmp_path):
    path = put_parquet(tmp_path / "a.parquet", {"text": ["a"], "label": [1]})
    with pytest.raises(ConfigError, match="has no column of images"):
        load(path)
    path = put_parquet(tmp_path / "b.parquet", columns(of=lambda _: None))
    with pytest.raises(DatasetError, match="has no label"):
        load(path)
    table = {"image": [{"bytes": None, "path": "1.png"}] * 2, "label": [0, 1]}
    with pytest.raises(DatasetError, match="holds no image data, perhaps only a path"):
        load(put_parquet(tmp_path / "c.parquet", table))
    (tmp_path / "d.parquet").write_bytes(path.read_bytes()[:-30])
    with pytest.raises(DatasetError, match="cannot be read as Parquet"):
        load(tmp_path / "d.parquet")


def test_without_pyarrow_the_package_is_named(tmp_path, monkeypatch):
    (tmp_path / "a.parquet").write_bytes(b"PAR1" + bytes(9) + b"PAR1")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(DatasetError, match=r"needs the package pyarrow\. Install"):
        load(tmp_path / "a.parquet")


def test_a_wrong_number_of_rows_is_refused(tmp_path):
    class Group:
        num_rows = 7

    class File:
        class metadata:  # noqa: N801
            num_row_groups = 2
            row_group = staticmethod(lambda number: Group())

    with pytest.raises(ValueError, match="the number of rows in its row groups is"):
        ParquetImages().add(tmp_path, File(), "image", 13)
