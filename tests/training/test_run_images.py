import shutil

import numpy as np
import pytest
from PIL import Image

from handgrad.datasets.image_decoding import read_image
from handgrad.errors import ConfigError, DatasetError, HandgradWarning
from handgrad.training.build import build, build_model
from handgrad.training.run_images import check_split, run_images, split_sizes
from handgrad.training.trained_network import TrainedNetwork

from .small import small

PARTS = ("train", "test")


@pytest.fixture(scope="module")
def config():
    """The resolved configuration of a run on the digits, without training."""
    return build(small(dataset={"name": "digits", "image_size": [8, 8]})).config


def test_the_test_images_come_first_and_all_splits_are_those_of_training(config):
    name, test = run_images(config)
    assert (name, len(test)) == ("test", 360)
    sizes = {
        split: len(run_images(config, split)[1]) for split in ("train", "validation")
    }
    assert sizes == {
        "train": config.resolved.train_images,
        "validation": config.resolved.validation_images,
    }


def test_the_sizes_are_those_of_the_splits_that_there_are(config):
    train, validation = (
        config.resolved.train_images,
        config.resolved.validation_images,
    )
    sizes = {"test": 360, "validation": validation, "train": train}
    assert list(split_sizes(config).items()) == list(sizes.items())
    tables = config.dataset.model_copy(update={"validation": "none"})
    without = config.model_copy(update={"dataset": tables})
    assert list(split_sizes(without)) == ["test", "train"]


def test_a_split_that_is_missing_or_unknown_is_refused(config):
    with pytest.raises(ConfigError, match="Did you mean 'test'"):
        check_split("tset")
    with pytest.raises(ConfigError, match="Did you mean 'test'"):
        run_images(config, "tset")
    tables = config.dataset.model_copy(update={"validation": "none"})
    without = config.model_copy(update={"dataset": tables})
    with pytest.raises(ConfigError, match="no validation images in this run"):
        run_images(without, "validation")


def test_images_of_other_classes_are_refused(config, tmp_path):
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
        for number in range(2):
            pixels = np.full((9, 9), 50 * number, np.uint8)
            Image.fromarray(pixels).save(tmp_path / name / f"{number}.png")
    with pytest.raises(DatasetError, match="named after a class of the network"):
        run_images(config, dataset=str(tmp_path))
    with pytest.raises(DatasetError, match="classes that the network was not"):
        run_images(config, "train", dataset=str(tmp_path))


@pytest.fixture
def noise(tmp_path):
    """A folder of two classes of noise, and the configuration of a run on it."""
    draw = np.random.default_rng(0)
    for name in ("cat", "dog"):
        (tmp_path / "noise" / name).mkdir(parents=True)
        for number in range(10):
            pixels = draw.integers(0, 256, (8, 8), np.uint8)
            Image.fromarray(pixels).save(tmp_path / f"noise/{name}/{number}.png")
    data = {"name": str(tmp_path / "noise"), "validation": 0.25}
    return tmp_path / "noise", build(small(dataset=data)).config


def add(folder):
    shutil.copy(folder / "cat/0.png", folder / "cat/one more.png")


def change(folder):
    Image.new("L", (8, 8)).save(folder / "cat/0.png")


def remove(folder):
    (folder / "cat/0.png").unlink()


def relabel(folder):
    (folder / "cat/0.png").rename(folder / "dog/cat.png")


def add_class(folder):
    shutil.copytree(folder / "cat", folder / "bird")


def rename_so_that_the_order_changes(folder):
    (folder / "cat/0.png").rename(folder / "cat/z.png")


@pytest.mark.parametrize(
    "change",
    [add, change, remove, relabel, add_class, rename_so_that_the_order_changes],
)
def test_a_changed_folder_is_not_split_again(noise, change):
    folder, config = noise
    parts = ("train", "validation", "test")
    assert [len(run_images(config, part)[1]) for part in parts] == [12, 4, 4]
    change(folder)
    for part in (None, *parts):
        with pytest.raises(DatasetError, match="noise has changed since training"):
            run_images(config, part)


def test_a_changed_folder_is_recognised_by_whatever_path_it_is_given(noise, tmp_path):
    folder, config = noise
    add(folder)
    (tmp_path / "link").symlink_to(folder)
    for path in (f"{folder}/", f"{folder}/../noise", str(tmp_path / "link")):
        with pytest.raises(DatasetError, match="has changed since training"):
            run_images(config, "validation", dataset=path)


def test_other_images_are_taken_although_the_own_ones_have_changed(noise, tmp_path):
    folder, config = noise
    add(folder)
    shutil.copytree(folder, tmp_path / "other")
    assert len(run_images(config, dataset=str(tmp_path / "other"))[1]) == 21
    assert len(run_images(config, "test", dataset=str(tmp_path / "other"))[1]) == 4


def test_a_name_in_another_spelling_is_the_same_data_set(config):
    assert len(run_images(config, dataset="Digits")[1]) == 360
    other = config.resolved.model_copy(update={"dataset_sha256": "0" * 64})
    with pytest.raises(DatasetError, match="digits has changed since training"):
        run_images(config.model_copy(update={"resolved": other}), dataset="Digits")


def put(path, mode, size, light):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, (size, size), light if mode == "L" else (light,) * 3).save(path)


@pytest.mark.parametrize(("own", "other"), [("L", "RGB"), ("RGB", "L")])
@pytest.mark.parametrize(("between", "label_from"), [("/", None), (".", "name")])
@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_every_split_of_other_images_fits_the_network(
    own, other, between, label_from, split, tmp_path
):
    new = tmp_path / "new"
    for number, name in enumerate(("ant", "cat", "dog")):
        for count in range(4):
            put(tmp_path / f"own/{name}/{count}.png", own, 8, 9 * count)
        for part in ("train", "val", "test") if name != "ant" else ():
            put(new / part / f"{name}{between}1.png", other, 9, 100 + number)
            (new / part / f"{name}{between}2.png").write_bytes(b"")
    table = {"name": str(tmp_path / "own"), "validation": 2}
    config = build(small(dataset=table)).config
    with pytest.raises(DatasetError, match=r"2\.png"):
        run_images(config, split, dataset=str(new), label_from=label_from)
    with pytest.warns(HandgradWarning, match=r"2\.png"):
        name, found = run_images(
            config, split, dataset=str(new), label_from=label_from, skip_bad=True
        )
    assert (name, found.image_shape) == (split, config.resolved.input_shape)
    assert found.targets.tolist() == [1, 2]
    assert found.images[:, 0, 0, 0].tolist() == [101, 102]


def test_other_images_without_that_split_say_so(noise, tmp_path):
    folder, config = noise
    shutil.copytree(folder, tmp_path / "other")
    with pytest.raises(ConfigError, match="other has no validation images of its own"):
        run_images(config, "validation", dataset=str(tmp_path / "other"))


def test_the_place_of_the_training_images_is_not_that_of_others(config):
    tables = config.dataset.model_copy(update={"name": "own", "data_dir": "/nowhere"})
    moved = config.model_copy(update={"dataset": tables})
    assert len(run_images(moved, "test", dataset="digits")[1]) == 360


@pytest.mark.parametrize("split", [None, "train", "validation"])
def test_the_source_of_labels_can_be_given_for_other_images(split, tmp_path):
    for name in ("cat", "dog"):
        for count in range(4):
            put(tmp_path / f"named/{name}.{count}.png", "L", 8, 9 * count)
            put(tmp_path / f"new/train/{name}/{count}.png", "L", 8, 9 * count)
        put(tmp_path / f"new/val/{name}/1.png", "L", 8, 0)
    table = {"name": str(tmp_path / "named"), "label_from": "name", "validation": 2}
    config, new = build(small(dataset=table)).config, str(tmp_path / "new")
    with pytest.raises(DatasetError, match=r"in training \(--label-from name\); if"):
        run_images(config, split, dataset=new)
    run_images(config, split, dataset=new, label_from="folder")


@pytest.fixture
def wide(tmp_path):
    """A folder of two classes of noise, twice as wide as high."""
    draw = np.random.default_rng(0)
    for row in range(20):
        path = tmp_path / "wide" / ("cat", "dog")[row % 2] / f"{row}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(draw.integers(0, 256, (12, 24), np.uint8)).save(path)
    return tmp_path / "wide"


def trained_as(wide, fit):
    """The resolved configuration of a run with this fit; None: of an earlier version.

    Runs of earlier versions stretched, and did not record it.
    """
    data = {"name": str(wide), "image_size": [8, 8], "validation": "none"}
    data |= {"fit": fit or "stretch"}
    config = build(small(dataset=data)).config
    if fit is not None:
        return config
    dataset = config.dataset.model_copy(update={"fit": None})
    resolved = config.resolved.model_copy(update={"fit": None})
    return config.model_copy(update={"dataset": dataset, "resolved": resolved})


@pytest.mark.parametrize("fit", ["crop", "pad", "stretch", None])
def test_images_are_fitted_as_in_training(wide, tmp_path, fit):
    config = trained_as(wide, fit)
    files = sorted((wide / "cat").iterdir(), key=lambda path: path.name)
    expected = [read_image(path, (1, 8, 8), fit=fit or "stretch") for path in files]
    own = np.concatenate([run_images(config, part)[1].images for part in PARTS])
    shutil.copytree(wide, tmp_path / "other")
    for other in (None, *PARTS):  # all images, and each split of their own
        found = run_images(config, other, dataset=str(tmp_path / "other"))[1]
        own = np.concatenate([own, found.images])
    network = TrainedNetwork(build_model(config), config)
    for path, image in zip(files, expected, strict=True):
        np.testing.assert_array_equal(network.read_image(path), image)
        assert sum((image == one).all() for one in own) == 3
    assert build(config).config == config  # as when a run is resumed
