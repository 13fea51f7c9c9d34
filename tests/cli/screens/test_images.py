from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from handgrad.cli.screens.images import images_in_words
from handgrad.datasets import Dataset, Split
from handgrad.datasets.layout import NONE_HELD_OUT

PART = Split(np.zeros((4, 1, 2, 2), np.uint8), np.arange(4) % 2)
SOURCES = {"train": "the folder train", "validation": "the folder val"}
DATA = Dataset("pets", PART, None, ("a", "b"), "", PART, SOURCES)


def words(dataset, validation, count=4):
    resolved = SimpleNamespace(train_images=1200, validation_images=count)
    config = SimpleNamespace(
        resolved=resolved, dataset=SimpleNamespace(validation=validation)
    )
    return images_in_words(config, dataset)


def test_each_split_says_where_it_came_from():
    (line,) = words(DATA, "folder")
    assert line == (
        "1,200 training images (the folder train), 4 validation (the folder val)"
    )


@pytest.mark.parametrize(
    ("validation", "said"),
    [
        (0.1, "0.1 of the training images"),
        (500, "out of the training images"),
        ("test", "the test images"),
    ],
)
def test_validation_images_come_from_somewhere(validation, said):
    data = replace(DATA, validation=None, test=PART)
    assert f"4 validation ({said}), 4 test" in words(data, validation)[0]


def test_what_is_not_used_is_said():
    data = replace(DATA, left=("seg_pred",), passed_over={".txt": 1200, "hidden": 1})
    lines = words(data, 0.1)
    assert lines[1] == "not used: seg_pred, the folder val"
    assert lines[2] == "ignored: 1,200 .txt, 1 hidden"


def test_classes_whose_names_hardly_differ_are_said():
    lines = words(replace(DATA, class_names=("Hat ", "Hat", "shoe")), 0.1)
    assert lines[-1] == "classes whose names hardly differ: 'Hat', 'Hat '"
    assert "differ" not in " ".join(words(DATA, 0.1))


def test_that_nothing_was_put_aside_is_said():
    data = replace(DATA, validation=None, sources={"test": NONE_HELD_OUT})
    assert words(data, 0.1)[0].endswith(f", no test images ({NONE_HELD_OUT})")
    assert "test" not in words(replace(data, sources={}), 0.1)[0]


@pytest.mark.parametrize(
    ("bit_depth", "said"),
    [
        (12, "16-bit images use 12 bits: 4,095 is white"),
        (0, "floating-point images: 1 is white"),
    ],
)
def test_what_is_white_in_deep_pictures_is_said(bit_depth, said):
    assert words(replace(DATA, bit_depth=bit_depth), 0.1)[-1] == said
