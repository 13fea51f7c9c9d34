import pytest

from handgrad.cli.augment_words import augmentations_of
from handgrad.cli.train_options import tables_from
from handgrad.errors import ConfigError


def test_augmentations_take_their_first_option_after_a_colon():
    words = ["random_flip", "random_crop:2", "cutout:size=8"]
    words.append("color_jitter:0.4,contrast=0.3, hue=0.1")
    assert augmentations_of(words) == [
        {"name": "random_flip"},
        {"name": "random_crop", "padding": 2},
        {"name": "cutout", "size": 8},
        {"name": "color_jitter", "brightness": 0.4, "contrast": 0.3, "hue": 0.1},
    ]


@pytest.mark.parametrize(
    ("word", "words"),
    [
        ("random_flop", "Did you mean 'random_flip'"),
        ("random_crop:pading=2", "Did you mean 'padding'"),
        ("random_crop:two", "an integer"),
        ("color_jitter:0.1,contrast=", "contrast as a number"),
    ],
)
def test_augmentations_that_cannot_be_are_refused(word, words):
    with pytest.raises(ConfigError, match=words):
        augmentations_of([word])


def test_a_preset_stands_for_its_augmentations():
    tables = tables_from({"augment": ["Digits", "random_flip"]}, {})
    names = [row["name"] for row in tables["dataset"]["augmentation"]]
    assert names == ["random_affine", "random_flip"]
    assert augmentations_of(["none"]) == []
    for words in (["digits", "none"], ["none", "random_flip"]):
        with pytest.raises(ConfigError, match=r"preset none stands for no .* got 1"):
            augmentations_of(words)
    with pytest.raises(ConfigError, match="Did you mean 'objects'"):
        augmentations_of(["object"])
    with pytest.raises(ConfigError, match="preset digits takes no options, got 3"):
        augmentations_of(["digits:3"])
