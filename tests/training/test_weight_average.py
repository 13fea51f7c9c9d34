"""Weight averaging against its definition; its bits when resumed, killed, verified."""

from contextlib import suppress
from shutil import copytree

import numpy as np
import pytest

import handgrad as hg
from handgrad.engine.state import AVERAGE, model_state
from handgrad.errors import ConfigError, StoppedError
from handgrad.training import read_config, resume, start
from handgrad.training.checkpoint import load_checkpoint
from handgrad.training.records import EpochRecord, StepRecord
from handgrad.training.verify import verify

from .small import final_bits, go_on, small, train

NORMALIZED = {
    "name": "from_layers",
    "layers": [
        {"name": "conv2d", "out_channels": 4, "kernel_size": 3, "padding": 1},
        {"name": "batch_norm2d"},
        {"name": "relu"},
        {"name": "flatten"},
        {"name": "dropout", "rate": 0.2},
        {"name": "linear", "out_features": 10},
    ],
}
ENGINES = ("plain", "cpu")


def averaging(first, engine="plain", **training):
    settings = {"epochs": 5, "batch_size": 40, "average_from": first, **training}
    return small(engine=engine, model=NORMALIZED, training=settings)


def at_ends(path, config):
    """The arrays of the network at the end of each epoch, and the run."""
    run = start(config, path)
    ends = (record for record in run if isinstance(record, EpochRecord))
    return [model_state(run.parts.model) for _ in ends], run


@pytest.mark.parametrize("engine", ENGINES)
def test_the_network_is_the_mean_of_its_epochs(tmp_path, engine):
    alone, _ = at_ends(tmp_path / "alone", averaging(None, engine))
    averaged, run = at_ends(tmp_path / "averaged", averaging(3, engine))
    for epoch in range(5):
        for name, array in averaged[epoch].items():
            kept = [one[name].astype(float) for one in alone[2 : epoch + 1]]
            wanted = np.mean(kept, axis=0) if kept else alone[epoch][name]
            np.testing.assert_allclose(array, wanted, rtol=1e-6, atol=1e-7)
    assert any(np.ptp([one[name] for one in alone]) for name in alone[0])
    best = load_checkpoint(run.folder.checkpoints, "best")
    shown = averaged[best.position.epoch - 2]
    for name, array in shown.items():
        np.testing.assert_array_equal(best.arrays[name], array)


def test_training_goes_on_from_its_own_weights(tmp_path):
    steps = [
        [record for record in run.folder.records() if record["kind"] == "step"]
        for _, run in (
            at_ends(tmp_path / str(first), averaging(first)) for first in (None, 2)
        )
    ]
    assert [s["loss"] for s in steps[0]] == [s["loss"] for s in steps[1]]


def test_validation_and_test_are_those_of_the_mean(tmp_path):
    run = train(tmp_path / "run", averaging(2, on_failed_save="stop"))
    network = hg.load(tmp_path / "run")
    test = run.parts.dataset.test
    accuracy = np.mean(network.predict(test.images) == test.targets)
    assert accuracy == pytest.approx(run.result["test_accuracy"])
    assert verify(tmp_path / "run") is not None


@pytest.mark.parametrize(
    ("engine", "record"),
    [*(("plain", n) for n in range(1, 17)), *(("cpu", n) for n in (8, 10, 12))],
)
def test_a_run_that_is_stopped_anywhere_gives_the_same_bits(tmp_path, engine, record):
    """3 steps and an epoch: before, at and after the end of averaged epochs."""
    config = averaging(2, engine, epochs=4)
    train(tmp_path / "whole", config)
    run = start(config, tmp_path / "cut")
    for _, _ in zip(range(record), run, strict=False):
        run.save()
    copytree(tmp_path / "cut", tmp_path / "killed")
    go_on(tmp_path / "killed")
    assert final_bits(tmp_path / "killed") == final_bits(tmp_path / "whole")


def test_a_run_that_is_stopped_while_the_mean_is_measured_goes_on(tmp_path):
    train(tmp_path / "whole", averaging(1))
    run = start(averaging(1), tmp_path / "cut")
    records = iter(run)
    for record in records:
        if isinstance(record, StepRecord) and record.step == 6:
            break

    def stop():
        raise StoppedError("stopped")

    run.trainer.between = stop  # the next call is in the prediction of the epoch's end
    with suppress(StoppedError):
        next(records)
    arrays = load_checkpoint(run.folder.checkpoints, "last").arrays
    assert any(name.startswith(AVERAGE) for name in arrays)
    del records, run
    go_on(tmp_path / "cut")
    assert final_bits(tmp_path / "cut") == final_bits(tmp_path / "whole")


def test_each_part_may_be_interrupted_and_called_again(tmp_path):
    """After each call of the average, an interrupt leaves what gives the same bits."""
    train(tmp_path / "whole", averaging(1, epochs=3))
    for place in ("show", "keep", "hide"):
        run = start(averaging(1, epochs=3), tmp_path / place)
        average, calls = run.trainer.average, []
        call = getattr(average, place)

        def interrupted(*given, call=call, calls=calls):
            call(*given)
            calls.append(given)
            if len(calls) in (1, 3):
                raise KeyboardInterrupt

        setattr(average, place, interrupted)
        for _ in range(9):
            with suppress(KeyboardInterrupt):
                for _ in run.trainer:
                    pass
        state = run.trainer.state()
        saved = load_checkpoint(tmp_path / "whole" / "checkpoints", "last").arrays
        assert saved.keys() == state.keys()
        for name, array in saved.items():
            np.testing.assert_array_equal(array, state[name], name)


def test_more_epochs_go_on_from_the_own_weights(tmp_path):
    train(tmp_path / "long", averaging(2, epochs=6))
    train(tmp_path / "short", averaging(2, epochs=4))
    run = resume(tmp_path / "short", epochs=6)
    assert list(run)
    assert final_bits(tmp_path / "short") == final_bits(tmp_path / "long")


@pytest.mark.parametrize(("after", "first"), [(2, 4), (5, 6)])
def test_a_run_of_fewer_epochs_averages_the_same_part(tmp_path, after, first):
    config = averaging(6, epochs=9)
    run = start(config, tmp_path / "cut")
    for record in run:
        if isinstance(record, EpochRecord) and record.epoch == after:
            run.reschedule(6)
    written = read_config(tmp_path / "cut" / "config.toml")
    assert written.training.average_from == first
    train(tmp_path / "again", written)
    assert final_bits(tmp_path / "cut") == final_bits(tmp_path / "again")


def test_a_classifier_keeps_the_mean(tmp_path):
    data = hg.datasets.load("digits").train.take(np.arange(200))
    given = {"model": "softmax_regression", "epochs": 4, "validation": 0.2}
    found = [
        hg.Classifier(**given, average_from=first, run=run).fit(
            data.images, data.targets
        )
        for first, run in ((2, None), (2, tmp_path / "run"), (None, None))
    ]
    weights = [model_state(one.network_) for one in found]
    for name, array in weights[0].items():
        np.testing.assert_array_equal(array, weights[1][name])
        assert not np.array_equal(array, weights[2][name])
    assert hg.load(tmp_path / "run").average_from == 2


def test_without_validation_images_no_epoch_could_be_chosen():
    images = np.zeros((9, 4), np.float32)
    with pytest.raises(ConfigError, match="average_from = 2 needs validation images"):
        hg.Classifier(average_from=2, epochs=3).fit(images, np.arange(9) % 2)


def test_it_begins_within_the_epochs(tmp_path):
    with pytest.raises(ConfigError, match="= 6 is after the last of 5 epochs"):
        start(averaging(6), tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("first", [0, -1, 1.5, "2", True])
def test_another_first_epoch_is_refused(first):
    with pytest.raises(ConfigError, match="average_from"):
        averaging(first)
    with pytest.raises(ConfigError, match="average_from"):
        hg.Classifier(average_from=first).fit([[0.0], [1.0]], [0, 1])
