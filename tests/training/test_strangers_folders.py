"""An untrusted run folder cannot destroy files or block the process."""

import os
import shutil

import pytest

from handgrad.errors import HandgradError, HandgradWarning, RunError
from handgrad.estimator.history import history_of
from handgrad.inspection.run_figures import draw_run
from handgrad.training import load
from handgrad.training.resuming import resume
from handgrad.training.verify import verify

from .small import final_bits, go_on, stop_after, train

FILES = (
    "config.toml",
    "environment.json",
    "manifest.json",
    "metrics.jsonl",
    "owner-0001.json",
    "owner-0002.json",
    "result.json",
    "timings.jsonl",
    "checkpoints/best.json",
    "checkpoints/last.json",
    "checkpoints/epoch-0002-step-00000006/manifest.json",
    "checkpoints/epoch-0002-step-00000006/position.json",
    "checkpoints/epoch-0002-step-00000006/state.safetensors",
    "figures/curves.png",
    "figures/.curves.partial.png",
)
USED_IN_EACH_RUN = (
    *("config.toml", "metrics.jsonl", "checkpoints/last.json"),
    *("checkpoints/epoch-0002-step-00000006/state.safetensors", "result.json"),
    "figures/.curves.partial.png",
)
FILES_TRIED = [
    pytest.param(name, marks=() if name in USED_IN_EACH_RUN else pytest.mark.nightly)
    for name in FILES
]
FOLDERS = ("checkpoints", "checkpoints/epoch-0002-step-00000006", "figures")


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """A run that was stopped in its third epoch."""
    path = tmp_path_factory.mktemp("stopped") / "run"
    stop_after(path, 8)
    return path


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / "run"
    train(path)
    return final_bits(path)


@pytest.fixture
def run(stopped, tmp_path):
    """A copy of a stopped run that a test may change."""
    shutil.copytree(stopped, tmp_path / "run")
    return tmp_path / "run"


def use(path):
    """Call every function that reads or writes in a run folder."""
    for act in (
        lambda: load(path),
        lambda: history_of(path),
        lambda: verify(path, steps=1),
        lambda: draw_run(go_on(path)),
    ):
        try:
            act()
        except HandgradError as error:
            yield str(error)


def contents(folder):
    return {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize("name", FILES_TRIED)
def test_no_file_elsewhere_is_changed_through_a_link(run, tmp_path, name):
    precious = tmp_path / "elsewhere" / "precious"
    precious.parent.mkdir()
    path = run / name
    path.parent.mkdir(exist_ok=True)
    if path.exists():
        path.rename(precious)  # the content that the run expects
    else:
        precious.write_text("precious")
    path.symlink_to(precious)
    before = contents(precious.parent)
    list(use(run))
    assert contents(precious.parent) == before


@pytest.mark.parametrize("name", FOLDERS)
def test_no_folder_elsewhere_is_changed_through_a_link(run, tmp_path, name):
    elsewhere = tmp_path / "elsewhere"
    if (run / name).exists():
        shutil.copytree(run / name, elsewhere)
        shutil.rmtree(run / name)
    else:
        elsewhere.mkdir()
    for other in ("curves.png", "epoch-0001-step-00000003", ".tmp-1-0123abcd-a"):
        (elsewhere / other).write_text("precious")
    (run / name).symlink_to(elsewhere)
    before = contents(elsewhere)
    list(use(run))
    assert contents(elsewhere) == before


@pytest.mark.parametrize("name", FILES_TRIED)
@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_no_call_blocks_on_a_pipe_or_reads_a_device(run, name, kind):
    path = run / name
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")
    said = list(use(run))
    assert all("Traceback" not in sentence for sentence in said)
    if name in ("config.toml", "metrics.jsonl", "checkpoints/last.json"):
        assert any(f"{path} is a {kind}, where" in sentence for sentence in said)


def test_a_run_that_is_reached_through_links_goes_on(run, tmp_path, whole):
    (tmp_path / "runs").symlink_to(tmp_path)
    (tmp_path / "current").symlink_to("runs/run")
    go_on(tmp_path / "current")
    assert final_bits(run) == whole
    verify(tmp_path / "current", steps=1)


def test_a_run_whose_files_are_links_can_be_read_and_not_gone_on_with(
    run, tmp_path, whole
):
    """As in model hubs and archives, where every file is a link to a store."""
    farm = tmp_path / "farm"
    shutil.copytree(run, farm, copy_function=lambda a, b: os.symlink(a, b))
    assert load(farm).class_names
    before = contents(run)
    with pytest.raises(RunError, match=r"is a link, and nothing is written .*cp -rL"):
        go_on(farm)
    assert contents(run) == before
    shutil.copytree(farm, tmp_path / "copy")  # follows links
    go_on(tmp_path / "copy")
    assert final_bits(tmp_path / "copy") == whole


def test_a_copy_of_hard_links_stays_as_it_was(run, tmp_path, whole):
    """`cp -al` keeps a state of the run; resuming does not change it."""
    backup = tmp_path / "backup"
    shutil.copytree(run, backup, copy_function=os.link)
    before = contents(backup)
    go_on(run)
    assert contents(backup) == before
    assert final_bits(run) == whole


def test_the_pointer_that_led_elsewhere_is_found_again(run, whole):
    (run / "checkpoints" / "last.json").unlink()
    (run / "checkpoints" / "last.json").symlink_to("nowhere")
    with pytest.warns(HandgradWarning, match=r"last\.json was missing"):
        assert resume(run).trainer.position.step == 8
    go_on(run)
    assert final_bits(run) == whole
