import pytest

from handgrad.studies.value_words import in_words

CROP = {"name": "random_crop", "padding": 2}
JITTER = {"name": "color_jitter", "brightness": 0.4, "hue": 0.05}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (True, "true"),
        (1, "1"),
        (0.5, "0.5"),
        ("a", "a"),
        ([16, 8], "16-8"),
        ([], "none"),
        ([CROP], "random_crop:padding=2"),
        ([CROP, {"name": "random_flip"}], "random_crop:padding=2+random_flip"),
        (JITTER, "color_jitter:brightness=0.4,hue=0.05"),
        ({"cat": 2.0, "dog": 1.0}, "cat=2,dog=1"),
        ({}, "none"),
    ],
)
def test_values_in_words(value, words):
    assert in_words(value) == words
