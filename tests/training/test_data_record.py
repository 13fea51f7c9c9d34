import json
import shutil
import warnings
import zipfile

import numpy as np
import pytest
from PIL import Image

from handgrad.datasets.data_changes import record_of
from handgrad.errors import (
    DatasetError,
    HandgradWarning,
    IntegrityError,
    RunError,
)
from handgrad.training.build import load_dataset
from handgrad.training.data_record import (
    DATA,
    as_text,
    changed_since,
    changes_of_names,
    naming_changes,
    record_in,
)
from handgrad.training.resuming import resume
from handgrad.training.run import start
from handgrad.training.run_folder import RunFolder
from handgrad.training.run_images import run_images
from handgrad.training.verify import verify

from .small import small


@pytest.fixture
def pets(tmp_path, monkeypatch):
    """A folder of two classes, and the folder of a run on it."""
    monkeypatch.setenv("HANDGRAD_CACHE", str(tmp_path / "cache"))
    draw = np.random.default_rng(0)
    for name in ("cat", "cow", "dog"):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for number in range(10):
            pixels = draw.integers(0, 256, (8, 8), np.uint8)
            Image.fromarray(pixels).save(tmp_path / f"pets/{name}/{number}.png")
    data = {"name": str(tmp_path / "pets"), "validation": 0.25}
    list(start(small(dataset=data), tmp_path / "run"))
    return tmp_path / "pets", tmp_path / "run"


def config_of(run):
    return RunFolder.open(run).config


def test_a_run_keeps_what_its_data_held(pets):
    _, run = pets
    config = config_of(run)
    record = record_in(run, config)
    assert record == record_of(load_dataset(config))
    assert record["counts"]["train"] == {"cat": 8, "cow": 8, "dog": 8}
    assert sum(map(len, record["files"]["test"].values())) == 6
    assert (run / DATA).read_text(encoding="utf-8") == as_text(record)
    assert changed_since(run, config, record) == ""
    assert changes_of_names(run, config) == ""


@pytest.mark.parametrize("content", [None, "", "[]", "{}", '{"counts": 5}'])
def test_without_a_valid_record_only_class_names_are_known(pets, content):
    folder, run = pets
    (run / DATA).unlink()
    if content is not None:
        (run / DATA).write_text(content)
    shutil.rmtree(folder / "cow")
    with pytest.raises(DatasetError, match="since training: the class cow is gone"):
        run_images(config_of(run), run=run)


def vanish(folder):
    shutil.rmtree(folder / "cow")
    return "the class cow .10 images. is gone"


def leave_one(folder):
    shutil.rmtree(folder / "cow")
    shutil.rmtree(folder / "cat")
    return "2 classes are gone: cat .10 images., cow"


def add(folder):
    shutil.copytree(folder / "cow", folder / "owl")
    return "the class owl .10 images. is new"


def replace(folder):
    shutil.copy(folder / "dog/1.png", folder / "dog/2.png")
    return "1 file is replaced .dog/2.png."


def empty(folder):
    for path in (folder / "cow").iterdir():
        path.unlink()
    return "the class cow .10 images. is gone"


def rename(folder):
    """Rename a class without changing its order: pixels and class numbers stay."""
    (folder / "cow").rename(folder / "cox")
    return "the class cow .10 images. is gone; the class cox .10 images. is new"


CHANGES = [vanish, leave_one, add, replace, empty, rename]


@pytest.mark.parametrize("change", CHANGES)
def test_changes_are_named_wherever_the_data_are_read_again(pets, change):
    folder, run = pets
    said = change(folder)
    with pytest.raises(DatasetError, match=said):
        run_images(config_of(run), run=run)
    with pytest.raises((RunError, DatasetError), match=said):
        resume(run)
    with pytest.raises((RunError, DatasetError), match=said):
        verify(run)


@pytest.mark.parametrize(
    ("validation", "lost"), [("folder", "Val"), ("test", "Test"), (0.25, "Test")]
)
def test_a_lost_split_is_named_before_the_images_are_split(
    pets, tmp_path, validation, lost
):
    folder, images = pets[0], tmp_path / "split"
    for part in ("Train", "Val", "Test"):
        shutil.copytree(folder, images / part)
    run = tmp_path / "validated"
    data = {"name": str(images), "validation": validation}
    list(start(small(dataset=data), run))
    shutil.rmtree(images / lost)
    said = f"30 files are gone .{lost}/cat/0.png, .*Restore the original files"
    with pytest.raises(DatasetError, match=said):
        run_images(config_of(run), run=run)
    with pytest.raises(RunError, match=said):
        resume(run)
    with pytest.raises(RunError, match=said):
        verify(run)


def test_changes_are_found_from_names_without_reading_images(pets):
    folder, run = pets
    config = config_of(run)
    vanish(folder)
    assert changes_of_names(run, config) == "the class cow (10 images) is gone"
    assert changes_of_names(run, config, most=5) == ""
    shutil.rmtree(folder)
    assert changes_of_names(run, config) == ""


def test_an_error_without_a_change_of_data_is_unchanged(pets):
    _, run = pets
    with (
        pytest.raises(DatasetError, match=r"^other\. Mend it\.$"),
        naming_changes(run, config_of(run)),
    ):
        raise DatasetError("other. Mend it.")


def test_the_record_is_among_the_files_of_the_run(pets):
    _, run = pets
    values = json.loads((run / DATA).read_text(encoding="utf-8"))
    (run / DATA).write_text(json.dumps({**values, "shape": [1]}))
    with pytest.raises(IntegrityError, match=r"data\.json is damaged"):
        verify(run)


def copy(folder, place):
    shutil.copytree(folder, place)


def with_a_table(folder, place):
    """The same files below other names; a table gives their classes."""
    place.mkdir()
    rows = ["file,label"]
    for number, path in enumerate(sorted(folder.glob("*/*"))):
        shutil.copy(path, place / f"{number}.png")
        rows.append(f"{number}.png,{path.parent.name}")
    (place / "labels.csv").write_text("\n".join(rows))


def zipped(folder, place):
    with zipfile.ZipFile(place, "w") as archive:
        for path in folder.glob("*/*"):
            archive.write(path, f"any/{path.relative_to(folder)}")


@pytest.mark.parametrize("make", [copy, with_a_table, zipped])
def test_training_images_are_recognised_at_another_path(pets, tmp_path, make):
    folder, run = pets
    other = tmp_path / ("other.zip" if make is zipped else "other")
    make(folder, other)
    said = f"24 of 30 images are training images of {run} .*Give images that it"
    with pytest.warns(HandgradWarning, match=said):
        run_images(config_of(run), dataset=str(other), run=run)
    if make is not with_a_table:  # other names, so another split of its own
        with pytest.warns(HandgradWarning, match="24 of 24 images are training images"):
            run_images(config_of(run), "train", dataset=str(other), run=run)


def test_a_part_of_the_training_images_is_counted(pets, tmp_path):
    folder, run = pets
    record, other = record_in(run, config_of(run)), tmp_path / "other"
    for split in ("train", "test"):
        for name in list(record["files"][split]["dog"])[:2]:
            (other / "dog").mkdir(parents=True, exist_ok=True)
            shutil.copy(folder / name, other / name)
    with pytest.warns(HandgradWarning, match="2 of 4 images are training images"):
        run_images(config_of(run), dataset=str(other), run=run)


def test_no_warning_for_new_images_own_splits_and_runs_without_a_record(pets, tmp_path):
    folder, run = pets
    copy(folder, tmp_path / "copy")
    put_new = tmp_path / "new/dog/1.png"
    put_new.parent.mkdir(parents=True)
    Image.new("L", (8, 8), 7).save(put_new)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run_images(config_of(run), dataset=str(tmp_path / "new"), run=run)
        run_images(config_of(run), "train", run=run)
        run_images(config_of(run), "train", dataset=f"{folder}/", run=run)
        run_images(config_of(run), "test", dataset=str(tmp_path / "copy"), run=run)
        run_images(config_of(run), dataset=str(tmp_path / "copy"))
