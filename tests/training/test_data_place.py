import json
import shutil
from pathlib import Path

import pytest

from handgrad.errors import DatasetError
from handgrad.training.configure import configure
from handgrad.training.data_place import (
    DIRECTORY,
    check_there,
    located,
    working_directory,
)
from handgrad.training.resuming import resume
from handgrad.training.run import start
from handgrad.training.run_folder import RunFolder
from handgrad.training.run_images import run_images
from handgrad.training.verify import verify
from studies.test_contents import pictures

from .small import small


@pytest.fixture
def begun(tmp_path, monkeypatch):
    """The directory that a run was started in, with its images; another is current."""
    monkeypatch.setenv("HANDGRAD_CACHE", str(tmp_path / "cache"))
    (tmp_path / "then").mkdir()
    (tmp_path / "now").mkdir()
    pictures(tmp_path / "then/photos")
    monkeypatch.chdir(tmp_path / "then")
    data = {"name": "photos", "validation": 0.2}
    list(start(small(dataset=data, training={"epochs": 1}), Path("run")))
    monkeypatch.chdir(tmp_path / "now")
    return tmp_path / "then"


def forget(run):
    """Leave the directory out of environment.json, as in older runs."""
    path = run / "environment.json"
    values = json.loads(path.read_text())
    del values[DIRECTORY]
    path.write_text(json.dumps(values))


def config_of(run):
    return RunFolder.open(run).config


def test_images_are_found_from_another_working_directory(begun):
    run = begun / "run"
    assert config_of(run).dataset.name == str(begun / "photos")
    assert len(run_images(config_of(run), run=run)[1])
    assert verify(run).steps
    assert list(resume(run)) == []
    assert 'name = "photos"' in (run / "config.toml").read_text()
    for config in (
        configure(None, {}, run),
        configure(str(run / "config.toml"), {}),
    ):
        assert config.dataset.name == str(begun / "photos")


def test_a_run_that_moved_with_its_images_uses_those(begun, tmp_path, monkeypatch):
    moved = tmp_path / "moved"
    shutil.copytree(begun, moved)
    monkeypatch.chdir(moved)
    assert config_of(Path("run")).dataset.name == "photos"
    shutil.rmtree(begun)
    assert verify(Path("run")).steps


def test_images_that_are_gone_are_named_with_the_run(begun, tmp_path):
    run, here = begun / "run", tmp_path / "now/photos"
    shutil.rmtree(begun / "photos")
    since = f"{run} was trained on photos, relative to the working directory "
    both = f"{since}{begun}: it is neither there nor at {here}. Change to"
    reads = (
        lambda: run_images(config_of(run), run=run),
        lambda: verify(run),
        lambda: resume(run),
        lambda: configure(None, {}, run),
        lambda: configure(str(run / "config.toml"), {}),
        lambda: configure("lenet", {}, run),
    )
    ends = ("(--dataset).", "restore it.", "restore it.", *["with --dataset."] * 3)
    for read, end in zip(reads, ends, strict=True):
        with pytest.raises(DatasetError) as caught:
            read()
        assert str(caught.value).startswith(both)
        assert str(caught.value).endswith(end)
    (run / "manifest.json").unlink()
    forget(run)
    with pytest.raises(DatasetError, match=r"of then, and .*now/photos does not exist"):
        run_images(config_of(run), run=run)


def test_an_absolute_path_that_is_gone_is_named(tmp_path):
    images = tmp_path / "photos"
    config = small(dataset={"name": str(images)})
    with pytest.raises(DatasetError, match=f"run was trained on {images}, which does"):
        check_there(tmp_path / "run", config)
    with pytest.raises(DatasetError, match=r"^The network was .* there, or leave\.$"):
        check_there(None, config, ", or leave")
    images.mkdir()
    check_there(None, config)


@pytest.mark.parametrize("name", ["digits", "Fashion-MNIST", "arrays"])
def test_what_has_no_path_is_never_missing(tmp_path, name):
    config = small(dataset={"name": name})
    check_there(tmp_path, config)
    assert located(tmp_path, config) is config


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"working_directory": 5}'])
def test_a_directory_that_cannot_be_read_is_unknown(tmp_path, content, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "environment.json").write_text(content)
    config = small(dataset={"name": "photos"})
    assert located(tmp_path, config) is config
    with pytest.raises(DatasetError, match="relative to the working directory of then"):
        check_there(tmp_path, config)


def test_a_working_directory_that_is_gone_is_not_recorded(tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert working_directory() == {DIRECTORY: str(tmp_path / "here")}
    (tmp_path / "here").rmdir()
    assert working_directory() == {}
