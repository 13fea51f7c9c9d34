"""The report on labels: planted label errors, copies and uniform images are found."""

import csv
import io
import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from handgrad.datasets import load
from handgrad.errors import ConfigError, DatasetError
from handgrad.inspection import labels
from handgrad.training import config_from, start

TABLES = {
    "model": {"name": "mlp", "hidden_sizes": [64]},
    "optimizer": {"name": "adam", "learning_rate": 0.01},
    "training": {"epochs": 10, "batch_size": 32},
}
FLIPPED, COPIED, FLAT = (3, 40, 77, 120), 10, 20  # rows of the first 400 digits


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run on a folder of digits, with wrong labels, a copy and a uniform image."""
    root = tmp_path_factory.mktemp("labels")
    digits = load("digits").train
    for split, rows in (("train", range(400)), ("test", range(400, 440))):
        for row in rows:
            label = int(digits.targets[row])
            is_wrong = split == "train" and row in FLIPPED
            label = (label + 5) % 10 if is_wrong else label
            pixels = digits.images[row, 0].copy()
            if row == FLAT:
                pixels[:] = 128
            folder = root / "data" / split / f"class {label}"
            folder.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(folder / f"{row}.png")
            if row == COPIED:
                copied = root / "data" / "test" / f"class {label}"
                copied.mkdir(parents=True, exist_ok=True)
                Image.fromarray(pixels).save(copied / "copy.png")
    tables = {**TABLES, "dataset": {"name": str(root / "data"), "image_size": [8, 8]}}
    for _ in start(config_from(tables), root / "run"):
        pass
    return root / "run"


@pytest.fixture(scope="module")
def report(run):
    return labels(run, folds=3)


def test_wrong_labels_come_first(report):
    first = [report.name(one.row) for one in report][:6]
    wrong = [name for name in first if int(name.split("/")[-1][:-4]) in FLIPPED]
    assert len(wrong) == len(FLIPPED)
    digits = load("digits").train.targets
    right = [
        report.class_names[one.suggested]
        == f"class {digits[int(report.name(one.row).split('/')[-1][:-4])]}"
        for one in report.rows[:4]
    ]
    assert sum(right) >= 2  # of ten classes


def test_copies_across_splits_and_uniform_images_are_found(report):
    (pair,) = (one for one in report.across if one.is_exact)
    assert report.name(pair.first).endswith(f"/{COPIED}.png")
    assert report.name(pair.second).endswith("/copy.png")
    assert [report.name(image) for image in report.flat] == [
        name for name in report.files if name.endswith(f"/{FLAT}.png")
    ]


def test_values_csv_table_and_figure_agree(report):
    values = json.loads(json.dumps(report.as_dict(), allow_nan=False))
    assert values["images"] == {"train": 400, "test": 41}
    assert len(values["suspects"]) == len(report)
    assert values["agreement"] == report.agreement == 1 - len(report) / 441
    assert "train a better network" not in str(report.table())
    rows = list(csv.DictReader(io.StringIO(report.csv())))
    kinds = [row["problem"] for row in rows]
    assert kinds.count("label") == len(report)
    assert kinds.count("uniform") == 1
    assert len(rows) == len(report) + len(report.duplicates) + 1
    assert rows[0]["image"] == values["suspects"][0]["image"]
    assert len(report.table().rows) == min(len(report), 24)
    assert "1 uniform image" in str(report.table())
    texts = [text.get_text() for text in report.figure().axes[0].texts]
    assert any(text.startswith("label class") for text in texts)


def test_a_network_that_is_mostly_wrong_is_said(report):
    most = replace(report, rows=report.rows * 30)
    assert most.agreement < 0.6
    assert "too few to judge labels; train a better" in str(most.table())


def test_the_report_repeats(report, run):
    again = labels(run, folds=3)
    assert again.rows == report.rows


def test_wrong_arguments_are_sentences(run):
    with pytest.raises(ConfigError, match="folds"):
        labels(run, folds=1)
    for wrong in (0, 1.5, float("nan"), "0.9"):
        with pytest.raises(ConfigError, match="similarity"):
            labels(run, similarity=wrong)


def test_vectors_are_refused(tmp_path):
    import handgrad as hg

    digits = load("digits").train
    vectors = digits.images.reshape(len(digits), -1).astype(np.float32)
    clf = hg.Classifier("mlp", epochs=1, run=tmp_path / "run")
    clf.fit(vectors, digits.targets)
    with pytest.raises(ConfigError, match="takes images"):
        labels(tmp_path / "run")


def run_of(root, counts):
    """A run on a folder with so many digits of each class."""
    digits = load("digits").train
    for label, count in enumerate(counts):
        (root / f"data/{label}").mkdir(parents=True)
        for row in np.flatnonzero(digits.targets == label)[:count]:
            path = root / f"data/{label}/{row}.png"
            Image.fromarray(digits.images[row, 0]).save(path)
    table = {"name": str(root / "data"), "image_size": [8, 8], "validation": "none"}
    for _ in start(config_from({**TABLES, "dataset": table}), root / "run"):
        pass
    return root / "run"


def test_the_only_image_of_a_class_is_not_judged(tmp_path):
    report = labels(run_of(tmp_path, (4, 4, 1, 1)), epochs=1)
    assert [report.name(image) for image in report.not_judged] == [
        name for name in report.files if name[0] in "23"
    ]
    assert not {one.row for one in report} & set(report.not_judged)
    assert report.judged == 8
    assert report.agreement == 1 - len(report) / 8
    values = json.loads(json.dumps(report.as_dict(), allow_nan=False))
    assert values["agreement"] == report.agreement
    assert [name[0] for name in values["not_judged"]] == ["2", "3"]
    assert report.csv().count("not judged") == 2
    said = "2 images not judged: no network was trained on other images of their class"
    assert said in str(report.table())
    assert " among 8 images, " in str(report.table())


def test_images_that_were_not_judged_do_not_hide_a_low_agreement(report):
    assert report.gap == ""
    half = replace(report, not_judged=tuple(range(2 * len(report), 441)))
    assert half.agreement == 0.5
    assert "agree with 50.0% of the labels: too few to judge" in str(half.table())


def test_classes_of_one_image_cannot_be_judged(tmp_path):
    run = run_of(tmp_path, (1, 1, 1, 1))
    with pytest.raises(DatasetError, match="no class of data has two images"):
        labels(run, epochs=1)
