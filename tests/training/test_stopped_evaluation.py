"""A run stopped during an evaluation saves, and resumes to the same bits."""

import pytest

from handgrad.errors import StoppedError, UnsavedError
from handgrad.training import start
from handgrad.training.checkpoint import load_checkpoint

from .small import final_bits, go_on, small

FLIPPED = {"prediction": {"with_flip": True}}
GO_ON = {"epochs": 2, "batch_size": 40, "on_failed_save": "continue"}


def fail(*arguments, **options):
    raise OSError(28, "No space left on device")


class Asked:
    """A callback that requests a stop at the `which`-th call."""

    def __init__(self, which=0):
        self.which, self.count = which, 0

    def __call__(self):
        self.count += 1
        if self.count == self.which:
            raise StoppedError("Stopped by a test.")


def begun(path, config, asked):
    run = start(config, path)
    run.trainer.between = asked
    return run


@pytest.mark.parametrize("tables", [{}, FLIPPED, {"engine": "cpu"}])
def test_stopped_at_any_part_it_ends_with_the_same_bits(tmp_path, tables):
    config, asked = small(**tables), Asked()
    whole = begun(tmp_path / "whole", config, asked)
    list(whole)
    assert asked.count >= 4  # three validations and the test images
    for which in range(1, asked.count + 1):
        path = tmp_path / str(which)
        run = begun(path, config, Asked(which))
        with pytest.raises(StoppedError, match="everything is saved"):
            list(run)
        assert load_checkpoint(path / "checkpoints").position == run.trainer.position
        again = go_on(path)
        assert final_bits(path) == final_bits(tmp_path / "whole")
        for name in ("sha256", "test_loss", "test_accuracy", "best_epoch"):
            assert again.result[name] == whole.result[name]


def test_what_could_not_be_saved_is_said_when_it_is_stopped_at_the_last(
    tmp_path, monkeypatch
):
    run = start(small(training={**GO_ON, "epochs": 1}), tmp_path / "run")
    records = iter(run)
    for _ in range(3):
        next(records)
    run.trainer.between = Asked(3)  # after the step, the validation, and the test
    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(UnsavedError, match="not all of it is saved"):
        list(records)


def test_a_best_state_unsaved_by_a_full_disk_is_saved_with_the_last(
    tmp_path, monkeypatch
):
    run = start(small(training=GO_ON), tmp_path / "run")
    for record in run:
        if record.step == 3 and not hasattr(record, "is_best"):
            monkeypatch.setattr("os.fsync", fail)
        if record.step == 4:
            monkeypatch.undo()
            run.save()
            break
    assert load_checkpoint(run.folder.checkpoints, "best").position.step == 3
    assert load_checkpoint(run.folder.checkpoints, "last").position.step == 4
