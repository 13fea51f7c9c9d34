import os
import shutil

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file

from handgrad.classifier import Classifier
from handgrad.errors import ConfigError, HandgradWarning, IntegrityError, RunError
from handgrad.training import config_from, load
from handgrad.training.checkpoint import load_checkpoint
from handgrad.training.configure import configure
from handgrad.training.resuming import resume
from handgrad.training.run import start
from handgrad.training.run_folder import RunFolder
from handgrad.training.start_from import arrays_checksum, read_saved
from handgrad.training.verify import verify
from studies.test_contents import pictures

from .small import DIGITS, final_bits, small, stop_after, train

LAST = ["parameters/linear_2.bias", "parameters/linear_2.weight"]


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A run of three epochs, its normalization from its images."""
    path = tmp_path_factory.mktemp("source") / "run"
    train(path, small(dataset={**DIGITS, "normalization": "standard"}))
    return path


def of(path, **tables):
    return small(start={"source": str(path)}, **tables)


def other_classes(tmp_path):
    """Images of two classes, at the size of the digits."""
    folder = pictures(tmp_path / "pictures")
    return {"name": str(folder), "validation": 0.2, "normalization": "standard"}


def initial(run):
    return load_file(run.folder.path / "initial.safetensors")


def best(path):
    return load_checkpoint(path / "checkpoints", "best").arrays


def test_the_same_classes_take_every_array(tmp_path, source):
    run = start(of(source), tmp_path / "run")
    began, saved = initial(run), best(source)
    assert all(np.array_equal(began[name], saved[name]) for name in began)
    resolved = run.config.resolved
    assert resolved.new_arrays == ()
    assert resolved.initial_sha256 == arrays_checksum(began)
    assert resolved.mean == load(source).config.resolved.mean
    loss = next(iter(run)).loss
    assert loss < next(iter(start(small(), tmp_path / "drawn"))).loss - 0.3


def test_other_classes_get_a_randomly_initialized_last_layer(tmp_path, source):
    tables = {"dataset": other_classes(tmp_path)}
    run = start(of(source, **tables), tmp_path / "run")
    drawn = start(small(**tables), tmp_path / "drawn").trainer.state()
    began, saved = initial(run), best(source)
    assert sorted(run.config.resolved.new_arrays) == LAST
    for name, array in began.items():
        np.testing.assert_array_equal(array, (drawn if name in LAST else saved)[name])
    assert run.config.resolved.mean == load(source).config.resolved.mean


def test_a_run_can_use_its_own_normalization(tmp_path, source):
    dataset = other_classes(tmp_path)
    begin = {"source": str(source), "normalization": "own"}
    own = start(small(dataset=dataset, start=begin), tmp_path / "own").config.resolved
    usual = start(small(dataset=dataset), tmp_path / "usual").config.resolved
    assert (own.mean, own.std) == (usual.mean, usual.std)


@pytest.mark.parametrize("engine", ["plain", "cpu"])
def test_a_run_resumes_and_verifies_without_its_source(tmp_path, source, engine):
    gone = shutil.copytree(source, tmp_path / "gone")
    tables = {"dataset": other_classes(tmp_path), "engine": engine}
    config = of(gone, **tables)
    train(tmp_path / "whole", config)
    run = start(config, tmp_path / "cut")
    shutil.rmtree(gone)
    del run  # before the first checkpoint
    run = resume(tmp_path / "cut")
    for record in run:
        run.save()
        if record.step == 2:
            break
    list(resume(tmp_path / "cut"))
    assert final_bits(tmp_path / "cut") == final_bits(tmp_path / "whole")
    verify(tmp_path / "cut", from_start=True)
    load(tmp_path / "cut")
    list(resume(tmp_path / "cut", epochs=5))
    verify(tmp_path / "cut")
    assert RunFolder.open(tmp_path / "cut").config.start.sha256 == arrays_checksum(
        {n: a for n, a in best(source).items() if not n.startswith("optimizer/")}
    )


def test_a_file_serves_as_well_as_a_run(tmp_path, source):
    file = tmp_path / "saved.safetensors"
    load(source).save(file)
    for place in (source, file):
        train(tmp_path / f"from-{place.name}", of(place))
    one, other = (tmp_path / f"from-{place.name}" for place in (source, file))
    assert final_bits(one) == final_bits(other)
    assert read_saved(file)[0] == read_saved(source)[0]


def test_such_a_run_can_itself_be_a_source(tmp_path, source):
    train(tmp_path / "second", of(source))
    third = start(of(tmp_path / "second"), tmp_path / "third")
    saved = best(tmp_path / "second")
    assert all(np.array_equal(a, saved[n]) for n, a in initial(third).items())


@pytest.mark.parametrize(
    "tables",
    [
        {"model": {"name": "mlp", "hidden_sizes": [17]}},
        {"model": {"name": "mlp", "hidden_sizes": [16, 16]}},
        {"dataset": {**DIGITS, "image_size": [9, 9]}},
    ],
)
def test_weights_that_do_not_fit_are_refused(tmp_path, source, tables):
    with pytest.raises(ConfigError, match="do not fit: this network takes linear_"):
        start(of(source, **tables), tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("normalization", ["source", "own"])
@pytest.mark.parametrize("engine", ["plain", "cpu"])
def test_grey_and_colour_are_refused_by_their_channels(
    tmp_path, source, normalization, engine
):
    grey = other_classes(tmp_path)
    colour = {**grey, "name": str(coloured(tmp_path / "colour"))}
    begin = {"source": str(source), "normalization": normalization}
    said = r"take images with 1 channel, but these images have 3\. Use images"
    with pytest.raises(ConfigError, match=said):
        start(small(dataset=colour, start=begin, engine=engine), tmp_path / "run")
    assert not (tmp_path / "run").exists()
    train(tmp_path / "coloured", small(dataset=colour))
    begin["source"] = str(tmp_path / "coloured")
    with pytest.raises(ConfigError, match=r"3 channels, but these images have 1\."):
        start(small(dataset=grey, start=begin, engine=engine), tmp_path / "run")


def coloured(folder):
    """The same images in colour."""
    for path in pictures(folder).rglob("*.png"):
        with Image.open(path) as picture:
            grey = np.asarray(picture)
        Image.fromarray(np.stack([grey, 255 - grey, grey // 2], axis=2)).save(path)
    return folder


def test_a_source_in_its_first_epoch_warns_once(tmp_path):
    stop_after(tmp_path / "source", 2)
    with pytest.warns(HandgradWarning, match="after step 2 is used") as caught:
        start(configure(None, {}, tmp_path / "source"), tmp_path / "run")
    assert [warning.filename for warning in caught] == [__file__]
    clf = Classifier(start_from=tmp_path / "source", epochs=1)
    images = np.zeros((20, 8, 8), np.uint8)
    with pytest.warns(HandgradWarning, match="after step 2 is used") as caught:
        clf.fit(images, np.arange(20) % 10)
    assert len(caught) == 1


def test_an_invalid_source_is_refused(tmp_path, source):
    with pytest.raises(RunError, match="nowhere does not exist"):
        start(of(tmp_path / "nowhere"), tmp_path / "run")
    changed = {"source": str(source), "sha256": "0" * 64}
    with pytest.raises(IntegrityError, match="no longer holds the weights"):
        start(small(start=changed), tmp_path / "run")
    with pytest.raises(ConfigError, match=r"start\.normalization"):
        config_from({"start": {"source": str(source), "normalization": "mine"}})


@pytest.mark.parametrize("content", [b"", b"x" * 100, None])
def test_what_a_run_began_with_is_checked(tmp_path, source, content):
    run = start(of(source), tmp_path / "run")
    run.folder.release()
    path = tmp_path / "run" / "initial.safetensors"
    whole = path.read_bytes()
    path.write_bytes(
        whole[:-1] + bytes([whole[-1] ^ 1]) if content is None else content
    )
    with pytest.raises(IntegrityError, match="does not hold the arrays"):
        resume(tmp_path / "run")
    path.unlink()
    with pytest.raises((RunError, OSError)):
        resume(tmp_path / "run")


def test_a_source_whose_name_is_no_utf8_is_noted_as_text(tmp_path, source):
    place = shutil.copytree(source, tmp_path / os.fsdecode(b"s\xe9t"))
    run = start(of(place), tmp_path / "run")
    assert run.config.start.source.endswith(r"s\xe9t")
    list(run)
    verify(tmp_path / "run")
