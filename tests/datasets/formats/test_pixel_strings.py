import gzip

import numpy as np
import pytest

from handgrad.datasets import load
from handgrad.datasets.formats.pixel_strings import read_strings
from handgrad.datasets.load import inspect
from handgrad.errors import ConfigError, DatasetError

from .makers import images

IMAGES = images(12, 8, 8)
USAGES = ["Training"] * 6 + ["PublicTest"] * 4 + ["PrivateTest"] * 2


def text(pixels):
    return " ".join(map(str, pixels.reshape(-1)))


def put_fer(path, header="emotion,pixels,Usage", labels=None):
    labels = labels or [n % 2 * 3 for n in range(12)]
    rows = [
        f"{label},{text(image)},{usage}"
        for label, image, usage in zip(labels, IMAGES, USAGES, strict=True)
    ]
    content = "\n".join([header, *rows]).encode()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


@pytest.mark.parametrize("name", ["fer2013.csv", "fer2013.csv.gz"])
def test_usages_are_splits_and_emotions_have_names(tmp_path, name):
    dataset = load(put_fer(tmp_path / name))
    assert dataset.class_names == ("angry", "happy")
    sizes = [len(s) for s in (dataset.train, dataset.validation, dataset.test)]
    assert sizes == [6, 4, 2]
    np.testing.assert_array_equal(dataset.train.images[:, 0], IMAGES[:6])
    np.testing.assert_array_equal(dataset.test.images[:, 0], IMAGES[10:])
    found = inspect(tmp_path / name)
    assert found.kind == "CSV files with a string of pixels in each row"
    assert found.counts["test"] == {"angry": 1, "happy": 1}


def test_an_unknown_usage_is_refused(tmp_path):
    path = put_fer(tmp_path / "a.csv")
    path.write_text(path.read_text().replace("PrivateTest", "Excluded"))
    with pytest.raises(DatasetError, match=r"column usage of .*Excluded in 2 rows"):
        load(path)


def test_columns_in_another_order_with_spaces(tmp_path):
    rows = [f"{n % 2}, Training, {text(image)}" for n, image in enumerate(IMAGES)]
    (tmp_path / "a.csv").write_text("\n".join(["emotion, Usage, pixels", *rows]))
    dataset = load(tmp_path / "a.csv")
    assert dataset.class_names == ("angry", "disgust")
    assert len(dataset.train) + len(dataset.test) == 12


def test_labels_may_be_words_and_the_header_missing(tmp_path):
    rows = [f"{'ab'[n % 2]},{text(image)}" for n, image in enumerate(IMAGES)]
    (tmp_path / "a.csv").write_text("\n".join(rows))
    assert load(tmp_path / "a.csv").class_names == ("a", "b")
    (tmp_path / "b.csv").write_text("\n".join(["label,pixels", *rows]))
    assert load(tmp_path / "b.csv").class_names == ("a", "b")
    (tmp_path / "c.csv").write_text("\n".join(["face,pixels", *rows]))
    assert load(tmp_path / "c.csv", label_from="face").class_names == ("a", "b")


def test_files_without_labels_are_ignored(tmp_path):
    put_fer(tmp_path / "train.csv")
    rows = [text(image) for image in IMAGES]
    (tmp_path / "test.csv").write_text("\n".join(["pixels", *rows]))
    assert load(tmp_path).left == ("test.csv, which has no labels",)
    np.testing.assert_array_equal(read_strings(tmp_path / "test.csv")[:, 0], IMAGES)
    with pytest.raises(DatasetError, match="use handgrad predict"):
        load(tmp_path / "test.csv")


@pytest.mark.parametrize("pixel", ["256", "-1", "1.5", "nan", "x", "1e400", "1 1"])
def test_a_wrong_pixel_is_named_by_its_row(tmp_path, pixel):
    lines = put_fer(tmp_path / "a.csv").read_text().splitlines()
    label, cell, usage = lines[3].split(",")
    cell = f"{cell.rpartition(' ')[0]} {pixel}"
    lines[3] = ",".join([label, cell, usage])
    (tmp_path / "a.csv").write_text("\n".join(lines))
    with pytest.raises(DatasetError, match=r"a\.csv: row 3 has .* Correct or remove"):
        load(tmp_path / "a.csv")


def test_memory_is_checked_while_rows_are_read(tmp_path, monkeypatch):
    put_fer(tmp_path / "a.csv")
    monkeypatch.setattr("handgrad.free_memory.free_memory", lambda: 1 << 16)
    with pytest.raises(ValueError, match=r"a\.csv needs"):
        load(tmp_path / "a.csv")


@pytest.mark.parametrize(
    ("header", "has"), [(["face,pixels"], "it has face, pixels"), ([], "no header")]
)
def test_a_missing_column_is_refused(tmp_path, header, has):
    rows = [f"{'ab'[n % 2]},{text(image)}" for n, image in enumerate(IMAGES)]
    (tmp_path / "a.csv").write_text("\n".join([*header, *rows]))
    with pytest.raises(ConfigError, match=f"named zzz .*{has}"):
        load(tmp_path / "a.csv", label_from="zzz")
