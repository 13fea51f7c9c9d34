import warnings

import numpy as np
import pytest
from PIL import Image

from handgrad.datasets import Dataset, Split
from handgrad.errors import DatasetError, HandgradWarning
from handgrad.training.config import config_from
from handgrad.training.other_images import (
    as_shape,
    as_trained,
    bit_depth_for,
    grey_of,
    whole_images,
)

SOME = np.random.default_rng(0).integers(0, 256, (6, 3, 5, 4), np.uint8)


def config(shape=(1, 8, 8), names=tuple("0123456789")):
    resolved = {
        "input_shape": shape,
        "class_names": names,
        "mean": (0.5,) * shape[0],
        "std": (0.5,) * shape[0],
        "dataset_sha256": "",
        "train_images": 1,
        "validation_images": 0,
    }
    return config_from({"resolved": resolved})


@pytest.mark.parametrize(
    ("trained", "own", "said"),
    [
        (12, 12, None),
        (12, None, None),
        (12, 16, "65,535 is white; in training it was 4,095"),
        (12, 10, "1,023 is white; in training it was 4,095"),
        (None, 12, "4,095 is white; in training it was 255"),
    ],
)
def test_a_data_set_of_another_bit_depth_warns(trained, own, said, recwarn):
    names = ("ant", "bee")
    known = config((3, 5, 4), names)
    resolved = known.resolved.model_copy(update={"bit_depth": trained})
    split = Split(SOME, np.array([0, 1, 0, 1, 0, 1]))
    found = Dataset("new", split, None, names, "", bit_depth=own)
    as_trained(found, known.model_copy(update={"resolved": resolved}))
    warned = [str(one.message) for one in recwarn.list]
    assert len(warned) == (said is not None)
    assert all(one.startswith("new: ") and said in one for one in warned)


@pytest.mark.parametrize("trained", [None, 10, 12, 16])
@pytest.mark.parametrize("with_table", [False, True])
def test_dark_16_bit_images_are_scaled_as_in_training(
    trained, with_table, tmp_path, monkeypatch
):
    monkeypatch.setenv("HANDGRAD_CACHE", str(tmp_path / "cache"))
    for name in ("ant", "bee"):
        path = tmp_path / "new" / ("all" if with_table else name) / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((2, 2), 1000, np.uint16)).save(path)
    if with_table:
        table = "file,label\nant.png,ant\nbee.png,bee\n"
        (tmp_path / "new" / "labels.csv").write_text(table)
    known = config((1, 2, 2), ("ant", "bee"))
    resolved = known.resolved.model_copy(update={"bit_depth": trained})
    known = known.model_copy(update={"resolved": resolved})
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        found = whole_images(known, str(tmp_path / "new"), None, None).train
    assert set(found.images.flat) == {1000 >> ((trained or 10) - 8)}
    assert len(warned) == (trained is None)


def test_pictures_share_the_bits_that_the_lightest_needs(tmp_path):
    paths = [tmp_path / f"{name}.png" for name in ("dark", "light", "gone")]
    for path, light in zip(paths, (255, 4080), strict=False):
        Image.fromarray(np.full((2, 2), light, np.uint16)).save(path)
    with pytest.warns(HandgradWarning, match=r"^new: .* 4,095 is white; .* 255\.$"):
        assert bit_depth_for(config(), paths, "new") == 12


def test_grey_conversion_equals_pillows():
    expected = [
        np.asarray(Image.fromarray(one.transpose(1, 2, 0)).convert("L")) for one in SOME
    ]
    np.testing.assert_array_equal(grey_of(SOME)[:, 0], expected)


def test_grey_becomes_colour_and_colour_grey():
    grey = SOME[:, :1]
    np.testing.assert_array_equal(
        as_shape(grey, (3, 5, 4), "crop"), np.repeat(grey, 3, axis=1)
    )
    assert as_shape(SOME, (1, 8, 8), "crop").shape == (6, 1, 8, 8)
    assert as_shape(SOME, (3, 5, 4), "crop") is SOME
    vectors = np.zeros((2, 7), np.float32)
    assert as_shape(vectors, (7,), "crop") is vectors


def test_a_data_set_is_scored_whole():
    found = whole_images(config(), "digits", None, None).train
    assert len(found) == 1797
    found = whole_images(config((3, 9, 9)), "digits", None, None).train
    assert found.images.shape == (1797, 3, 9, 9)


def test_classes_are_matched_by_name():
    split = Split(SOME, np.array([0, 1, 0, 1, 0, 1]))
    found = Dataset("new", split, None, ("dog", "ant"), "")
    trained = as_trained(found, config((3, 5, 4), ("ant", "bee", "dog")))
    assert trained.train.targets.tolist() == [2, 0, 2, 0, 2, 0]
    assert trained.class_names == ("ant", "bee", "dog")
    with pytest.raises(DatasetError, match="dog is none of ant, bee"):
        as_trained(found, config((3, 5, 4), ("ant", "bee")))


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 5, 4), (3, 9, 9)])
@pytest.mark.parametrize("channels", [1, 3])
def test_every_split_is_brought_to_the_network(shape, channels):
    split = Split(SOME[:, :channels], np.array([0, 1, 0, 1, 0, 1]))
    found = Dataset("new", split, split, ("dog", "ant"), "", validation=split)
    trained = as_trained(found, config(shape, ("ant", "bee", "dog")))
    for part in (trained.train, trained.test, trained.validation):
        assert part.image_shape == shape
        assert part.targets.tolist() == [2, 0, 2, 0, 2, 0]


def test_a_folder_is_read_by_the_names_of_its_folders(tmp_path):
    for name in ("7", "3"):
        (tmp_path / name).mkdir()
        Image.new("L", (8, 8), 30).save(tmp_path / name / "a.png")
    found = whole_images(config(), str(tmp_path), None, None).train
    assert found.targets.tolist() == [3, 7]


def test_classes_are_matched_in_either_form_of_their_accents():
    split = Split(SOME, np.array([0, 1, 0, 1, 0, 1]))
    found = Dataset("new", split, None, ("ant", "caf\xe9"), "")
    trained = as_trained(found, config((3, 5, 4), ("cafe\u0301", "ant")))
    assert trained.train.targets.tolist() == [1, 0, 1, 0, 1, 0]
