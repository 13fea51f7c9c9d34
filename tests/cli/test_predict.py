import json

import numpy as np
import pytest
from PIL import Image

from handgrad.datasets import load


@pytest.fixture
def pictures(tmp_path):
    """Two test digits as files; the first is of the class that its name says."""
    test = load("digits", image_size=(28, 28)).test
    paths = []
    for row in (0, 1):
        paths.append(tmp_path / f"digit{test.targets[row]}.png")
        Image.fromarray(test.images[row, 0]).save(paths[-1])
    return paths


def test_each_picture_has_a_class_and_what_it_might_be_else(
    handgrad, trained, pictures
):
    code, out, err = handgrad(f"predict {trained} {pictures[0]} {pictures[1]}")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert len(lines) == 3
    for line, path in zip(lines[1:], pictures, strict=True):
        name, best, probability, *_ = line.split()
        assert name == str(path)
        assert best == path.stem[-1]
        assert probability.endswith("%")


def test_json_holds_all_probabilities(handgrad, trained, pictures):
    out = handgrad(f"predict {trained} {pictures[0]} --json").out
    (answer,) = json.loads(out)["predictions"]
    values = answer["probabilities"]
    assert list(values) == list("0123456789")
    assert np.isclose(sum(values.values()), 1)
    assert answer["probability"] == max(values.values()) == values[answer["class"]]


def test_top_says_how_many_classes_are_named(handgrad, trained, pictures):
    assert handgrad(f"predict {trained} {pictures[0]} --top 1").out.count("%") == 1
    assert handgrad(f"predict {trained} {pictures[0]} --top 99").out.count("%") == 10


def test_mistakes_are_sentences(refused, trained, tmp_path):
    (tmp_path / "bad.png").write_text("no picture")
    assert "bad.png cannot be read" in refused(f"predict {trained} bad.png")
    assert "none.png cannot be read" in refused(f"predict {trained} none.png")
    assert "not a run folder" in refused("predict nowhere bad.png")
    assert "--top takes a whole number" in refused(f"predict {trained} bad.png --top 0")
    assert "Missing argument" in refused(f"predict {trained}")
