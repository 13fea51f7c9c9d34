from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from handgrad import datasets
from handgrad.auto.facts import (
    Facts,
    are_characters,
    facts_of,
    facts_of_arrays,
    is_drawn,
    per_class,
)
from handgrad.auto.symmetry import Symmetry
from handgrad.datasets import Dataset, Split
from handgrad.training.config import config_from


def photographs(count, channels=3, seed=0):
    """Smooth random images: no plain background, colours in between."""
    drawn = np.random.default_rng(seed).integers(60, 200, (count, channels, 4, 4))
    return np.kron(drawn, np.ones((8, 8))).astype(np.uint8)


def strokes(count):
    """White strokes on black."""
    images = np.zeros((count, 1, 32, 32), dtype=np.uint8)
    images[:, :, 8:24, 14:18] = 255
    return images


def facts_from(names, images, **more):
    targets = np.arange(len(images), dtype=np.int64) % len(names)
    return facts_of_arrays(
        Dataset("x", Split(images, targets), None, tuple(names), "", **more)
    )


def test_digits_are_not_mirrored():
    facts = facts_of_arrays(datasets.load("digits"))
    assert facts.are_characters
    assert facts.why_not_mirrored == "the classes are digits or letters"
    assert (facts.images, facts.tests, facts.shape) == (1437, 360, (1, 8, 8))
    assert per_class(facts) == pytest.approx(143.5, abs=3)


@pytest.mark.parametrize(
    "names",
    [
        ("0", "1"),
        ("a", "B"),
        ("Zero", "one"),
        ("letter_a",),
        ("A_upper", "b"),
    ],
)
def test_names_of_characters(names):
    assert are_characters(names)


@pytest.mark.parametrize("names", [("cat", "dog"), ("1", "12"), ("a", "ant"), ("",)])
def test_names_of_other_things(names):
    assert not are_characters(names)


@pytest.mark.parametrize(
    ("names", "why"),
    [
        (("cat", "dog"), ""),
        (("1", "102"), "numbers"),
        (("turn left", "turn_right"), "left or right"),
        (("TurnLeft", "TurnRight"), "left or right"),
        (("righthand", "lefthand"), "left or right"),
        (("Pfeil links", "Pfeil_rechts"), "left or right"),
        (("GAUCHE", "droite", "tout droit"), "left or right"),
        (("izquierda", "derecho"), "left or right"),
        (("va\u0308nster", "ho\u0308ger"), "left or right"),
        (("向左", "向右"), "left or right"),
        (("налево", "левый", "правый"), "left or right"),
        (("👈🏽", "👉"), "left or right"),
        (("clockwise", "counterclockwise"), "left or right"),
        (("east wind", "west wind"), "left or right"),
        (("east", "north"), ""),
        (("links", "socks"), ""),
        (("лев", "тигр"), ""),
        (("parasol", "sol", "luna"), ""),
        (("upright", "brightly"), ""),
        (("x", "y"), "letters"),
    ],
)
def test_flips_only_where_they_keep_the_meaning(names, why):
    found = facts_from(names, photographs(4)).why_not_mirrored
    assert why in found
    assert bool(found) == bool(why)


SAME = Symmetry(500, 0.6, 0.6, keeps_mirrored=True)
SWAPPED = Symmetry(500, 0.6, 0.2, swapped=(1, 0))
UNKNOWN = Symmetry(500, 0.6, 0.5)


@pytest.mark.parametrize(
    ("names", "symmetry", "why", "are_characters"),
    [
        (("0", "1"), SAME, "", False),  # numbered photographs
        (("0", "1"), UNKNOWN, "digits", True),
        (("10", "11"), SAME, "", False),
        (("10", "11"), UNKNOWN, "numbers", False),
        (("10", "11"), SWAPPED, "mirror images of 10 look like 11", False),
        (("cat", "dog"), UNKNOWN, "", False),
        (("cat", "d\x1bog"), SWAPPED, "mirror images of cat look like d", False),
        (("left", "right"), SAME, "left or right", False),
    ],
)
def test_what_the_images_show_goes_before_their_names(
    names, symmetry, why, are_characters
):
    facts = replace(facts_from(names, photographs(4)), symmetry=symmetry)
    assert why in facts.why_not_mirrored
    assert bool(why) == bool(facts.why_not_mirrored)
    assert facts.are_characters == are_characters
    assert "\x1b" not in facts.why_not_mirrored


def test_drawings_that_keep_their_class_are_mirrored_but_stay_drawings():
    facts = replace(facts_from(("cat", "dog"), strokes(4)), symmetry=SAME)
    assert facts.are_characters
    assert facts.why_not_mirrored == ""


def test_ink_on_a_plain_background_is_a_drawing():
    assert is_drawn(strokes(3))
    assert is_drawn(255 - strokes(3))
    assert is_drawn(np.repeat(strokes(3), 3, axis=1))
    assert not is_drawn(photographs(3))
    assert not is_drawn(photographs(3, channels=1))
    assert not is_drawn(np.zeros((3, 1, 8, 8), dtype=np.uint8))
    red = np.repeat(strokes(3), 3, axis=1)
    red[:, 1:] = 0
    assert not is_drawn(red)
    facts = facts_from(("cat", "dog"), strokes(4))
    assert facts.are_characters
    assert "plain background" in facts.why_not_mirrored


def test_float_images_are_scaled_before_they_are_judged():
    images = (strokes(4) / 255 - 0.5).astype(np.float32)
    assert facts_from(("cat", "dog"), images).is_drawn


def test_vectors_are_no_images():
    facts = facts_from(("cat", "dog"), np.zeros((4, 7), dtype=np.float32))
    assert (facts.is_image, facts.side, facts.is_fixed) == (False, 0, True)


def save(folder, images, name="{}.png"):
    folder.mkdir(parents=True)
    for number, image in enumerate(images):
        pixels = image[0] if len(image) == 1 else image.transpose(1, 2, 0)
        Image.fromarray(pixels).save(folder / name.format(number))


def test_of_image_files_only_a_sample_is_decoded(tmp_path, monkeypatch):
    monkeypatch.setattr("handgrad.datasets.formats.sampled_files.MOST", 3)
    save(tmp_path / "pictures" / "cat", photographs(10))
    save(tmp_path / "pictures" / "dog", photographs(5, channels=1))
    config = config_from({"dataset": {"name": str(tmp_path / "pictures")}})
    facts, loaded = facts_of(config)
    assert loaded is None
    assert facts == Facts(("cat", "dog"), (8, 4), (3, 32, 32), tests=3)


def test_a_named_data_set_is_loaded():
    facts, loaded = facts_of(config_from({}))
    assert facts.images == len(loaded.train) == 1437
