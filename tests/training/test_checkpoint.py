import json
import random
import shutil
from dataclasses import replace

import numpy as np
import pytest

from handgrad.errors import ConfigError, IntegrityError, RunError
from handgrad.training.checkpoint import (
    has_checkpoint,
    load_checkpoint,
    save_checkpoint,
    tidy,
)
from handgrad.training.position import Position
from handgrad.training.run_folder import RunFolder

from .small import killed, save_for_ever

ARRAYS = {
    "parameters/linear_1.weight": np.arange(6, dtype=np.float32).reshape(2, 3),
    "buffers/batchnorm_1.running_mean": np.array([0.1, -0.0, np.nan], dtype=np.float64),
    "optimizer/linear_1.weight/mean": np.zeros((0, 3), dtype=np.float32),
}
POSITION = Position(
    epoch=2, batch=3, step=13, loss_sum=0.1 + 0.2, examples=30, losses=(1 / 3,)
)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_losses_of_many_epochs_are_written_on_one_line(tmp_path):
    """With indentation, writing them would dominate a run of 10,000 epochs."""
    losses = tuple(1 / epoch for epoch in range(1, 10_001))
    position = Position(epoch=10_001, step=10_000, losses=losses)
    path = save_checkpoint(tmp_path / "run/checkpoints", {}, position)
    assert (path / "position.json").read_bytes().count(b"\n") == 1
    assert load_checkpoint(path.parent).position == position


def test_a_checkpoint_is_restored_bit_for_bit(folder):
    save_checkpoint(folder, ARRAYS, POSITION, notes={"seconds": 0.1})
    loaded = load_checkpoint(folder)
    assert loaded.position == POSITION
    assert loaded.notes == {"seconds": 0.1}
    assert loaded.arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert loaded.arrays[name].dtype == array.dtype
        assert loaded.arrays[name].shape == array.shape
        assert loaded.arrays[name].tobytes() == array.tobytes()


def test_the_best_stays_while_the_last_moves_on(folder):
    for step in (1, 2, 3):
        position = replace(POSITION, step=step)
        save_checkpoint(folder, ARRAYS, position, is_best=step == 2)
    assert load_checkpoint(folder, "last").position.step == 3
    assert load_checkpoint(folder, "best").position.step == 2
    assert names(folder) == [
        "best.json",
        "epoch-0002-step-00000002",
        "epoch-0002-step-00000003",
        "last.json",
    ]


def test_the_same_step_can_be_saved_again(folder):
    save_checkpoint(folder, ARRAYS, POSITION, is_best=True)
    save_checkpoint(folder, {"a": np.ones(1)}, POSITION)
    assert load_checkpoint(folder, "last").arrays.keys() == {"a"}
    assert load_checkpoint(folder, "best").arrays.keys() == ARRAYS.keys()


@pytest.mark.parametrize(
    ("epoch", "batch", "name"),
    [
        (2, 0, "epoch-0001-step-00000013"),  # at the end of the first epoch
        (2, 1, "epoch-0002-step-00000013"),  # within the second epoch
        (2, 7, "epoch-0002-step-00000013"),
    ],
)
def test_a_checkpoint_is_named_after_its_epoch_and_step(folder, epoch, batch, name):
    position = replace(POSITION, epoch=epoch, batch=batch)
    assert save_checkpoint(folder, ARRAYS, position, is_best=True).name == name
    assert save_checkpoint(folder, ARRAYS, position).name == f"{name}-2"


def test_a_missing_first_checkpoint_is_a_run_error(folder):
    folder.mkdir()
    assert not has_checkpoint(folder)
    for which in ("last", "best"):
        with pytest.raises(RunError, match=r"yet\. .* ended .* --resume") as caught:
            load_checkpoint(folder, which)
        assert not isinstance(caught.value, IntegrityError)


@pytest.mark.parametrize("which", ["last", "best"])
def test_a_lost_pointer_is_recovered_by_resuming(folder, which):
    save_checkpoint(folder, ARRAYS, POSITION, is_best=True)
    (folder / f"{which}.json").unlink()
    recover = f"{which}.json is missing, .* recover it with: handgrad train --resume"
    with pytest.raises(IntegrityError, match=recover):
        load_checkpoint(folder, which)


def test_only_the_last_and_the_best_can_be_asked_for(folder):
    with pytest.raises(ConfigError, match="Did you mean 'best'"):
        load_checkpoint(folder, "beast")


def test_a_missing_file_is_named(folder):
    path = save_checkpoint(folder, ARRAYS, POSITION)
    (path / "state.safetensors").unlink()
    with pytest.raises(IntegrityError, match=r"state\.safetensors is missing"):
        load_checkpoint(folder)
    shutil.rmtree(path)
    with pytest.raises(IntegrityError, match=r"last\.json names epoch-0002-step-000"):
        load_checkpoint(folder)


def test_tidy_removes_what_no_pointer_names(folder):
    path = save_checkpoint(folder, ARRAYS, POSITION, is_best=True)
    (folder / "epoch-0009-step-00000099").mkdir()  # emptied by a kill
    (folder / ".tmp-1-0123abcd-last.json").write_text("half")
    (folder / ".tmp-1-0123abcd-epoch-0001").mkdir()
    tidy(folder)
    assert names(folder) == ["best.json", path.name, "last.json"]


USERS = (".keep", "-copy", "-2", "0")  # suffixes that a user may give a copy


@pytest.mark.parametrize("ending", USERS)
def test_a_users_copy_stays(folder, ending):
    path = save_checkpoint(folder, ARRAYS, POSITION, is_best=True)
    copy = folder / f"{path.name}{ending}"
    shutil.copytree(path, copy)
    tidy(folder)
    for step in (14, 15):
        save_checkpoint(folder, ARRAYS, replace(POSITION, step=step), is_best=True)
    assert names(copy) == ["manifest.json", "position.json", "state.safetensors"]
    assert not path.exists()


def test_a_users_file_in_a_checkpoint_stays(folder):
    path = save_checkpoint(folder, ARRAYS, POSITION)
    (path / "notes.txt").write_text("the good one")
    save_checkpoint(folder, ARRAYS, replace(POSITION, step=14))
    assert names(path) == ["notes.txt"]


@pytest.mark.parametrize("which", ["last", "best"])
def test_while_a_pointer_is_missing_nothing_is_removed(folder, which):
    save_checkpoint(folder, ARRAYS, POSITION, is_best=True)
    save_checkpoint(folder, ARRAYS, replace(POSITION, step=14))
    (folder / f"{which}.json").unlink()
    before = names(folder)
    tidy(folder)
    assert names(folder) == before


def test_a_checkpoint_that_is_a_link_stays(folder, tmp_path):
    path = save_checkpoint(folder, ARRAYS, POSITION, is_best=True)
    elsewhere = tmp_path / "elsewhere" / "epoch-0001-step-00000001"
    save_checkpoint(elsewhere.parent, ARRAYS, replace(POSITION, epoch=1, step=1))
    (folder / elsewhere.name).symlink_to(elsewhere)
    tidy(folder)
    assert len(names(elsewhere)) == 3
    assert path.is_dir()


def test_checkpoints_elsewhere_are_neither_written_nor_removed(folder, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    save_checkpoint(elsewhere, ARRAYS, POSITION, is_best=True)
    before = names(elsewhere)
    folder.parent.mkdir(exist_ok=True)
    folder.symlink_to(elsewhere)
    for act in (tidy, lambda place: save_checkpoint(place, ARRAYS, POSITION)):
        with pytest.raises(RunError, match="checkpoints is a link"):
            act(folder)
    assert names(elsewhere) == before
    assert load_checkpoint(folder).position == POSITION  # reading changes nothing


def survives_kills(path, cases, seed):
    """Kill a saving child at random; everything must be readable each time (R1, R2)."""
    for case in range(cases):
        draw = random.Random(f"{seed} {case}")
        megabytes = 50 ** draw.random() ** 2  # 1 to 50, mostly few
        place = path / str(case)
        place.mkdir()
        safe = killed(
            save_for_ever,
            (place, megabytes),
            lambda random: (random.randint(1, 2), random.uniform(0, 0.1)),
            seed=f"{seed} {case}",
        )
        folder = RunFolder(place)
        lines = folder.records()
        folder.own()  # the next start
        loaded = load_checkpoint(folder.checkpoints)
        best = load_checkpoint(folder.checkpoints, "best")
        step = loaded.position.step
        assert step >= safe >= 1
        assert {float(value) for a in loaded.arrays.values() for value in a[::9]} == {
            step
        }
        assert best.position.step in (step - (step - 1) % 3, step + 1)
        assert [line["step"] for line in lines] == list(range(1, len(lines) + 1))
        assert len(lines) >= safe
        strays = [p.name for p in place.rglob("*") if p.name.startswith(".tmp-")]
        assert strays == []
        wanted = {"last.json", "best.json", *folders_of(folder.checkpoints)}
        assert set(names(folder.checkpoints)) == wanted
        folder.cut_back(loaded.notes["sizes"])
        assert len(folder.records()) == step
        folder.release()
        shutil.rmtree(place)


def folders_of(checkpoints):
    return {
        json.loads((checkpoints / f"{which}.json").read_text())["checkpoint"]
        for which in ("last", "best")
    }


@pytest.mark.slow
def test_checkpoints_survive_being_killed(tmp_path, seed):
    survives_kills(tmp_path, 40, seed)


@pytest.mark.nightly
def test_checkpoints_survive_being_killed_often(tmp_path, seed):
    survives_kills(tmp_path, 300, seed)
