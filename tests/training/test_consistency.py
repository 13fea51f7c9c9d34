import json
import shutil

import numpy as np
import pytest

from handgrad.errors import DifferenceError, IntegrityError
from handgrad.training.checkpoint import load_checkpoint, save_checkpoint
from handgrad.training.manifest import seal
from handgrad.training.verify import verify

from .small import save_again, small, train
from .test_run import RISING

TRAINING = {"epochs": 5, "batch_size": 40}
FALLING_AND_RISING = {**RISING, "training": TRAINING}


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """A run whose best epoch is neither the first nor the last."""
    path = tmp_path_factory.mktemp("consistency") / "run"
    result = train(path, small(**FALLING_AND_RISING)).result
    assert 1 < result["best_epoch"] < result["epochs"]
    return path


@pytest.fixture
def run(original, tmp_path):
    """A copy that a test may change."""
    shutil.copytree(original, tmp_path / "run")
    return tmp_path / "run"


def rewrite(run, change):
    """Forge lines of metrics.jsonl and seal the run again."""
    path = run / "metrics.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    changed = change(lines)
    lines = lines if changed is None else changed
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    seal(run)


def epochs(lines):
    return [line for line in lines if line["kind"] == "epoch"]


CHANGES = {
    "all removed": lambda lines: [],
    "an empty one": lambda lines: [{}],
    "a norm in words": lambda lines: lines[0].update(gradient_norm="short"),
    "the last steps removed": lambda lines: lines[:-3],
    "the first epoch removed": lambda lines: lines[4:],
    "one step removed": lambda lines: lines[:1] + lines[2:],
    "one epoch removed": lambda lines: [*lines[:3], *lines[4:]],
    "twice the same": lambda lines: [*lines, lines[-1]],
    "a step more": lambda lines: [*lines, lines[0]],
    "other order": lambda lines: [lines[1], lines[0], *lines[2:]],
    "another loss": lambda lines: lines[0].update(loss=1.5),
    "a loss in words": lambda lines: lines[0].update(loss="low"),
    "more right": lambda lines: lines[0].update(correct=lines[0]["correct"] + 1),
    "more right than there are": lambda lines: lines[0].update(correct=41),
    "fewer examples": lambda lines: lines[0].update(examples=39),
    "another rate": lambda lines: lines[0].update(learning_rate=0.02),
    "another train loss": lambda lines: epochs(lines)[1].update(train_loss=0.1),
    "another accuracy": lambda lines: epochs(lines)[1].update(train_accuracy=0.9),
    "another best": lambda lines: epochs(lines)[-1].update(is_best=True),
    "a lower loss": lambda lines: epochs(lines)[0].update(validation_loss=1.5),
    "of the last": lambda lines: epochs(lines)[-1].update(validation_accuracy=0.9),
    "no validation": lambda lines: epochs(lines)[1].update(validation_loss=None),
    "a name more": lambda lines: lines[0].update(note="better"),
    "another kind": lambda lines: lines[0].update(kind="pets"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_records_changed_and_sealed_again_are_found(run, change):
    rewrite(run, change)
    with pytest.raises(DifferenceError) as error:
        verify(run, steps=100_000)
    assert "\n" not in str(error.value)
    assert "metrics.jsonl" in str(error.value)


@pytest.mark.parametrize("name", ["test_accuracy", "best_epoch", "sha256", "dataset"])
@pytest.mark.parametrize("change", ["other", "gone"])
def test_a_result_made_up_is_found(run, name, change):
    path = run / "result.json"
    result = json.loads(path.read_text())
    if change == "gone":
        result.pop(name)
    else:
        result[name] = 0.99
    path.write_text(json.dumps(result))
    seal(run)
    with pytest.raises(DifferenceError, match=rf"result\.json has .* as {name}, but"):
        verify(run, steps=1)


@pytest.mark.parametrize("which", ["best", "last"])
def test_zeroed_weights_are_found(run, which):
    saved = load_checkpoint(run / "checkpoints", which).arrays
    save_again(run, which, arrays={name: 0 * array for name, array in saved.items()})
    with pytest.raises(DifferenceError, match=f"The {which} checkpoint of .* gives a"):
        verify(run, steps=1)


@pytest.mark.parametrize("which", ["best", "last"])
def test_a_surplus_array_is_found(run, which):
    save_again(run, which, arrays={"parameters/linear_9.bias": np.zeros(3)})
    with pytest.raises(DifferenceError, match=r"an array parameters/linear_9\.bias"):
        verify(run, steps=1)


@pytest.mark.parametrize("which", ["best", "last"])
@pytest.mark.parametrize("what", ["last_epoch", "metrics", "timings", "earlier"])
def test_notes_made_up_are_found(run, which, what):
    notes = load_checkpoint(run / "checkpoints", which).notes
    sizes, epoch = notes["sizes"], notes["last_epoch"]
    changed = {
        "last_epoch": {"last_epoch": {**epoch, "train_accuracy": 0.99}},
        "metrics": {"sizes": {**sizes, "metrics": sizes["metrics"] - 1}},
        "timings": {"sizes": {**sizes, "timings": 0}},
        "earlier": {"sizes": {"metrics": 0, "timings": 0}},
    }
    save_again(run, which, notes=changed[what])
    with pytest.raises(DifferenceError, match=f"The {which} checkpoint of .* notes"):
        verify(run, steps=1)


def test_a_surplus_name_in_a_result_is_found(run):
    result = json.loads((run / "result.json").read_text())
    (run / "result.json").write_text(json.dumps({**result, "top_5": 1.0}))
    seal(run)
    with pytest.raises(DifferenceError, match="has top_5, which no run writes"):
        verify(run, steps=1)


def test_a_brightness_made_up_is_found(run):
    config = run / "config.toml"
    lines = config.read_text().splitlines()
    changed = [x if "brightness" not in x else "brightness = 0.9" for x in lines]
    assert changed != lines
    config.write_text("\n".join(changed) + "\n")
    for which in ("best", "last"):
        save_again(run, which, notes={"config_sha256": None})
    with pytest.raises(IntegrityError, match=r"has brightness = 0.9 in \[resolved\]"):
        verify(run, steps=1)


def test_a_checkpoint_from_another_position_is_found(run):
    best = load_checkpoint(run / "checkpoints", "best")
    save_checkpoint(run / "checkpoints", best.arrays, best.position)
    seal(run)
    with pytest.raises(DifferenceError, match=r"The last checkpoint of .* says that"):
        verify(run, steps=1)


def test_the_path_and_the_duration_of_a_run_may_differ(run):
    result = json.loads((run / "result.json").read_text())
    result |= {"run": "elsewhere", "seconds": 1.0}
    (run / "result.json").write_text(json.dumps(result))
    seal(run)
    assert verify(run, steps=1).evaluated == ("validation", "test")


@pytest.mark.parametrize("validation", ["none", "test"])
def test_runs_without_validation_images_are_compared_as_well(tmp_path, validation):
    dataset = {"name": "digits", "image_size": [8, 8], "train_count": 96}
    config = small(dataset={**dataset, "validation": validation})
    train(tmp_path / "run", config)
    found = verify(tmp_path / "run", steps=100).evaluated
    assert found == (("test",) if validation == "none" else ("validation", "test"))


def test_a_run_that_stopped_early_passes(tmp_path):
    training = {**TRAINING, "early_stopping": 1}
    result = train(tmp_path / "run", small(**{**RISING, "training": training})).result
    assert result["epochs"] < TRAINING["epochs"]
    assert verify(tmp_path / "run", steps=1).epochs == result["epochs"]
