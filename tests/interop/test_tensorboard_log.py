"""What TensorBoard shows of a run: live, afterwards, and after a resume."""

import shutil
import warnings

import pytest

from handgrad.errors import HandgradWarning, RunError, StoppedError
from handgrad.interop import log_to_tensorboard, to_tensorboard
from handgrad.interop.event_file import EventFile, own_files
from handgrad.interop.tensorboard_log import TensorBoardLog
from handgrad.training import config_from, load, resume, start
from interop.events import events_in, steps_of

pytest.importorskip("tensorboard")
TABLES = {
    "engine": "plain",
    "dataset": {"name": "digits", "image_size": [8, 8]},
    "model": {"name": "softmax_regression"},
    "optimizer": {"name": "adam", "learning_rate": 0.01},
    "training": {"epochs": 3, "batch_size": 16, "clip_norm": 1.0},
}
STEPS = 81  # of each epoch


def stop_at(run, step):
    """Train a run, and stop it after a step as a signal does."""

    def between():
        if run.trainer.position.step == step:
            raise StoppedError("enough")

    run.trainer.between = between
    return run


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run that was written live."""
    folder = tmp_path_factory.mktemp("live")
    made = start(config_from(TABLES), folder / "runs" / "one")
    with pytest.MonkeyPatch.context() as variables:
        variables.delenv("HANDGRAD_FIGURES", raising=False)
        records = list(log_to_tensorboard(made, folder / "logs"))
    assert len(records) == 3 * STEPS + 3
    return made


@pytest.fixture(scope="module")
def logs(run):
    return run.folder.path.parents[1] / "logs" / "one"


def test_metrics_are_those_of_the_run(run, logs):
    found = events_in(logs)
    rows = [row for row in run.folder.records() if row["kind"] == "epoch"]
    for name in ("loss", "accuracy"):
        for split in ("train", "validation"):
            values = [event.value for event in found.Scalars(f"{name}/{split}")]
            assert values == pytest.approx([row[f"{split}_{name}"] for row in rows])
            assert steps_of(found, f"{name}/{split}") == [STEPS, 2 * STEPS, 3 * STEPS]
    (tested,) = found.Scalars("accuracy/test")
    assert tested.value == pytest.approx(run.result["test_accuracy"])
    assert all(event.value > 0 for event in found.Scalars("epoch/seconds"))


def test_steps_are_averaged_between_points(run, logs):
    found, steps = events_in(logs), run.folder.records()[:STEPS]
    assert steps_of(found, "step/loss") == [*range(1, 3 * STEPS + 1)]
    values = [event.value for event in found.Scalars("step/loss")][:STEPS]
    assert values == pytest.approx([row["loss"] for row in steps])
    norms = [event.value for event in found.Scalars("step/gradient_norm")][:STEPS]
    assert norms == pytest.approx([row["gradient_norm"] for row in steps])


def test_weights_figures_and_settings(run, logs):
    found = events_in(logs)
    histograms = found.Histograms("weights/linear_1.weight")
    assert [event.step for event in histograms] == [STEPS, 2 * STEPS, 3 * STEPS]
    last = load(run.folder.path, "last").model.parameters()["linear_1.weight"].value
    assert histograms[-1].histogram_value.min == last.min()
    assert histograms[-1].histogram_value.num == last.size
    names = {path.stem for path in run.folder.figures.glob("*.png")}
    assert "worst_mistakes" in names
    assert {*found.Tags()["images"]} == names
    assert found.Tags()["tensors"] == ["_hparams_/session_start_info"]
    (settings,) = found.Tensors("_hparams_/session_start_info")
    metadata = found.SummaryMetadata("_hparams_/session_start_info")
    assert b"optimizer.learning_rate" in metadata.plugin_data.content
    assert settings.wall_time < found.Scalars("loss/train")[0].wall_time


def test_afterwards_there_are_the_same_metrics(run, logs, tmp_path):
    place = to_tensorboard(run.folder.path, tmp_path)
    live, after = events_in(logs), events_in(place)
    assert place == tmp_path / "one"
    assert {*live.Tags()["scalars"]} == {*after.Tags()["scalars"]}
    for tag in live.Tags()["scalars"]:
        assert live.Scalars(tag) == after.Scalars(tag)
    assert {*live.Tags()["images"]} == {*after.Tags()["images"]}
    best = run.trainer.position.best_epoch * STEPS
    steps = [event.step for event in after.Histograms("weights/linear_1.bias")]
    assert steps == sorted({best, 3 * STEPS})


def test_a_resumed_run_has_each_step_once(tmp_path):
    folder, logs = tmp_path / "two", tmp_path / "logs"
    begun = stop_at(start(config_from(TABLES), folder), 100)
    with pytest.raises(StoppedError):
        list(log_to_tensorboard(begun, logs))
    stale = EventFile(logs / "two", own_files(logs / "two")[0].name.split(".")[4])
    stale.add_scalars(150, 1.0, {"step/loss": 9.0})
    stale.flush()
    begun.folder.release()
    list(log_to_tensorboard(resume(folder), logs))
    found = events_in(logs / "two")
    assert steps_of(found, "step/loss") == [*range(1, 3 * STEPS + 1)]
    assert steps_of(found, "loss/train") == [STEPS, 2 * STEPS, 3 * STEPS]
    histograms = found.Histograms("weights/linear_1.weight")
    assert [event.step for event in histograms] == [STEPS, 2 * STEPS, 3 * STEPS]
    assert len(own_files(logs / "two")) == 1


def test_steps_of_long_epochs_are_averaged(tmp_path):
    tables = TABLES | {"training": {"epochs": 1, "batch_size": 8}}
    made = start(config_from(tables), tmp_path / "three")
    log, steps = TensorBoardLog(made.folder, tmp_path / "logs", 0), []
    for record in made:
        log.follow(record, made)
        steps.append(record)
    found = events_in(log.place)
    assert steps_of(found, "step/loss") == [*range(3, 163, 3)]
    mean = sum(record.loss for record in steps[:3]) / 3
    assert found.Scalars("step/loss")[0].value == pytest.approx(mean)
    correct = sum(record.correct for record in steps[:3])
    assert found.Scalars("step/accuracy")[0].value == pytest.approx(correct / 24)


def test_other_folders_are_refused(run, logs, tmp_path):
    path = run.folder.path
    with pytest.raises(RunError, match="holds the run itself"):
        to_tensorboard(path, path.parent)
    with pytest.raises(RunError, match="does not exist"):
        to_tensorboard(tmp_path / "none", tmp_path)
    other = shutil.copytree(path, tmp_path / "other" / "one")
    before = own_files(logs)
    with pytest.raises(RunError, match="events of another run"):
        to_tensorboard(other, logs.parent)
    assert own_files(logs) == before


def test_a_failure_while_training_is_one_warning(tmp_path):
    made = start(config_from(TABLES), tmp_path / "four")
    log = TensorBoardLog(made.folder, tmp_path / "logs", 0)
    shutil.rmtree(log.place)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        for record in made:
            log.follow(record, made)
        log.end(has_result=True)
    assert [each.category for each in warned] == [HandgradWarning]
    assert "Nothing more is written for TensorBoard" in str(warned[0].message)
    assert made.result["test_accuracy"] is not None
