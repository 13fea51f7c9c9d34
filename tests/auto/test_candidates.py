from dataclasses import replace

import pytest

from handgrad import datasets
from handgrad.auto.candidates import (
    Candidate,
    augmentation,
    batch_size,
    candidates_for,
    prediction,
    recipe,
    validation,
    weak_augmentation,
)
from handgrad.auto.facts import Facts
from handgrad.auto.symmetry import Symmetry
from handgrad.training.build import assemble
from handgrad.training.config import config_from
from handgrad.training.configure import check_names

TURNS = ("random_flip", "random_rotate90")
PHOTOGRAPHS = Facts(("cat", "dog"), (500, 700), (3, 400, 300))


def facts(counts=(500, 700), shape=(3, 400, 300), **more):
    names = tuple(f"kind {chr(97 + k)}x" for k in range(len(counts)))
    return Facts(names, counts, shape, **more)


@pytest.mark.parametrize(
    "shape", [(3, 400, 300), (1, 28, 28), (3, 50, 60), (1, 8, 8), (1, 1, 1), (5,)]
)
@pytest.mark.parametrize("counts", [(500, 700), (30_000, 30_000)])
def test_every_candidate_gives_a_valid_configuration(shape, counts):
    chosen = facts(counts, shape)
    for candidate in candidates_for(chosen):
        tables = recipe(chosen, candidate)
        check_names(config_from(tables))
        size = tables["dataset"].get("image_size")
        assert size is None or max(size) <= max(shape)


def test_the_size_of_small_images_is_kept():
    small = facts(shape=(1, 28, 20))
    assert {one.image_size(small) for one in candidates_for(small)} == {(28, 20)}
    text = facts(shape=(1, 20, 90))
    assert {one.image_size(text) for one in candidates_for(text)} == {(20, 90)}
    line = facts(shape=(3, 100, 1600))
    assert Candidate((("name", "mlp"),), 64).image_size(line) == (16, 256)
    assert Candidate((("name", "mlp"),)).image_size(facts(shape=(1, 1, 9000))) == (
        1,
        6072,
    )
    fixed = facts(is_fixed=True)
    assert {one.image_size(fixed) for one in candidates_for(fixed)} == {None}
    assert Candidate((("name", "mlp"),), 64).image_size(facts((1, 1), (3, 50, 90))) == (
        50,
        50,
    )


def test_small_images_get_airbench_and_tiny_ones_a_resnet():
    tiny, small = (
        [one.model["name"] for one in candidates_for(facts(shape=(3, side, side)))]
        for side in (16, 32)
    )
    assert tiny == ["lenet", *["resnet"] * 3]
    assert small == ["lenet", *["airbench"] * 4]


def test_many_small_images_get_a_vgg():
    many = facts((15_000, 15_000), (1, 28, 28))
    last = candidates_for(many)[-1]
    assert last.model["channels"] == [[32, 64], [64, 128], [128, 256], [256]]
    tables = recipe(many, last)
    assert tables["optimizer"] == {"name": "muon"}
    digits = datasets.load("digits", image_size=(28, 28))
    parts = assemble(config_from({"model": tables["model"]}), digits)
    assert "max_pool2d_3" in parts.model.layers
    digits = replace(many, class_names=("3", "7"))
    for found in (candidates_for(many, (64, 64)), candidates_for(digits)):
        assert found[-1].model["name"] == "airbench"


@pytest.mark.parametrize(
    ("side", "stride"), [(24, None), (40, None), (64, 2), (96, 3), (224, 7)]
)
def test_images_of_any_fixed_size_are_32_patches_wide(side, stride):
    fixed = facts(shape=(3, side, side), is_fixed=True)
    models = [one.model for one in candidates_for(fixed)[1:]]
    assert {model.get("patch_stride") for model in models} == {stride}
    assert {model.get("patch_size") for model in models} == {stride}


def test_airbench_and_resnets_have_the_same_recipe():
    tiny, photographs = facts(shape=(3, 16, 16)), facts(shape=(3, 300, 300))
    one, other = (recipe(f, candidates_for(f)[-1]) for f in (tiny, photographs))
    assert one["model"]["name"] != other["model"]["name"]
    assert one["optimizer"] == other["optimizer"]
    assert one["optimizer"]["name"] == "muon"
    assert one["loss"] == other["loss"]


@pytest.mark.parametrize(
    ("size", "names", "stride"),
    [
        ((8, 8), ["mlp", *["resnet"] * 3], None),
        ((16, 20), ["lenet", *["resnet"] * 3], None),
        ((32, 32), ["lenet", *["airbench"] * 4], 1),
        ((64, 64), ["lenet", *["airbench"] * 4], 2),
        ((128, 96), ["lenet", *["airbench"] * 4], 3),
    ],
)
def test_networks_suit_the_size_that_is_given(size, names, stride):
    found = candidates_for(PHOTOGRAPHS, size)
    assert [one.model["name"] for one in found] == names
    for one in found[1:] if stride else ():
        assert one.model.get("patch_stride", 1) == stride
    usual, given = candidates_for(PHOTOGRAPHS), candidates_for(PHOTOGRAPHS, (64, 64))
    assert usual[2:] == given[2:]


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((3, 6, 6), ["random_crop", "random_flip"]),
        ((1, 11, 40), ["random_crop", "random_flip"]),
        ((3, 2, 2479), ["random_flip"]),
        ((3, 400, 300), ["random_resized_crop", "random_flip"]),
    ],
)
def test_nothing_is_hidden_in_tiny_images(shape, expected):
    assert [row["name"] for row in augmentation(facts(shape=shape))][:2] == expected
    tiny = [row["name"] for row in augmentation(PHOTOGRAPHS, (10, 10))]
    assert tiny == ["random_crop", "random_flip"]


@pytest.mark.parametrize("augment", ["none", "digits", "random_vertical_flip"])
def test_predictions_are_mirrored_only_if_training_is(augment):
    rows = [] if augment == "none" else [{"name": augment}]
    assert "with_flip" not in prediction(PHOTOGRAPHS, rows)
    assert prediction(PHOTOGRAPHS, [*rows, {"name": "Random-Flip"}])["with_flip"]
    assert prediction(PHOTOGRAPHS, [{"name": "objects"}])["with_flip"]


def test_characters_are_shown_whole():
    digits = Facts(("0", "1"), (9, 9), (1, 30, 20))
    assert recipe(digits, candidates_for(digits)[0])["dataset"]["fit"] == "pad"
    assert "fit" not in recipe(PHOTOGRAPHS, candidates_for(PHOTOGRAPHS)[0])["dataset"]


def test_characters_are_neither_mirrored_nor_cropped_far():
    names = [
        row["name"] for row in augmentation(Facts(("0", "1"), (9, 9), (1, 28, 28)))
    ]
    assert names == ["random_affine"]
    colour = augmentation(Facts(("0", "1"), (9, 9), (3, 28, 28)))
    assert [row["name"] for row in colour] == ["random_affine", "color_jitter"]
    assert augmentation(facts(shape=(5,))) == []


def test_the_flip_depends_on_the_meaning():
    sided = Facts(("left hand", "right hand"), (9, 9), (3, 90, 90))
    for chosen, is_mirrored in ((PHOTOGRAPHS, True), (sided, False)):
        tables = recipe(chosen, candidates_for(chosen)[-1])
        names = {row["name"] for row in tables["dataset"]["augmentation"]}
        assert ("random_flip" in names) == is_mirrored
        settings = prediction(chosen, tables["dataset"]["augmentation"])
        assert settings.get("with_flip", False) == is_mirrored


ANY_WAY = Symmetry(500, 0.9, 0.9, keeps_mirrored=True, keeps_turned=True)


@pytest.mark.parametrize(
    ("size", "symmetry", "expected"),
    [
        (None, ANY_WAY, ["random_flip", "random_rotate90"]),
        (None, Symmetry(500, 0.9, 0.9, keeps_mirrored=True), ["random_flip"]),
        (None, Symmetry(500, 0.9, 0.3), ["random_flip"]),  # as named
        (None, Symmetry(500, 0.9, 0.3, swapped=(0, 1)), []),
        ((32, 48), ANY_WAY, ["random_flip"]),
    ],
)
def test_images_are_turned_where_they_keep_their_class(size, symmetry, expected):
    found = facts(shape=(3, 64, 64), symmetry=symmetry)
    for rows in (augmentation(found, size), weak_augmentation(found, size or (64, 64))):
        names = [row["name"] for row in rows]
        assert [name for name in names if name in TURNS] == expected


@pytest.mark.parametrize(
    ("counts", "shape", "hidden"),
    [
        ((15_000, 15_000), (3, 32, 32), 8),
        ((15_000, 15_000), (1, 28, 40), 7),
        ((15_000, 15_000), (3, 20, 20), None),  # too small to hide a part
        ((15_000, 15_000), (3, 64, 64), None),
        ((5_000, 5_000), (3, 32, 32), None),
    ],
)
def test_few_epochs_of_many_small_images_hide_a_part(counts, shape, hidden):
    rows = weak_augmentation(facts(counts, shape), shape[1:])
    assert [row["name"] for row in rows[:2]] == ["random_crop", "random_flip"]
    assert rows[2:] == ([{"name": "cutout", "size": hidden}] if hidden else [])


def test_characters_are_mirrored_if_they_keep_their_class_but_never_turned():
    drawn = Facts(
        ("sun", "tree"),
        (9, 9),
        (1, 28, 28),
        is_drawn=True,
        symmetry=ANY_WAY,
    )
    names = [row["name"] for row in augmentation(drawn)]
    assert names == ["random_affine", "random_flip"]


def test_predictions_see_the_centre_too_if_training_enlarges_it():
    objects = augmentation(PHOTOGRAPHS)
    assert prediction(PHOTOGRAPHS, objects)["center_crop"] == [1.0, 0.8]
    assert prediction(PHOTOGRAPHS, [{"name": "objects"}]) == prediction(
        PHOTOGRAPHS, objects
    )
    assert prediction(PHOTOGRAPHS, [{"name": "random_flip"}]) == {"with_flip": True}
    assert prediction(facts(shape=(5,)), []) == {}


@pytest.mark.parametrize(
    ("counts", "wanted", "size"),
    [
        ((1, 1), "none", 16),
        ((20, 20), 0.2, 16),
        ((300, 300), 0.1, 32),
        ((9000, 9), 0.1, 64),
        ((10_000, 10_000), 0.1, 128),
        ((15_000, 15_000), 2500, 128),
        ((60,) * 600, 0.1, 128),
    ],
)
def test_few_images_have_small_batches_and_more_validation(counts, wanted, size):
    assert (validation(facts(counts)), batch_size(facts(counts))) == (wanted, size)


def test_own_validation_images_are_used():
    own = facts(has_validation=True)
    assert "validation" not in recipe(own, candidates_for(own)[0])["dataset"]
