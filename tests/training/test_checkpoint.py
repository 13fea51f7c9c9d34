import json
import random
import shutil
from dataclasses import replace
from hashlib import sha256

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


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "checkpoints"


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_what_is_saved_comes_back_to_the_bit(folder):
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
        (2, 0, "epoch-0001-step-00000013"),  # at the end of the first
        (2, 1, "epoch-0002-step-00000013"),  # within the second
        (2, 7, "epoch-0002-step-00000013"),
    ],
)
def test_a_checkpoint_is_named_after_its_epoch_and_step(folder, epoch, batch, name):
    position = replace(POSITION, epoch=epoch, batch=batch)
    assert save_checkpoint(folder, ARRAYS, position, is_best=True).name == name
    assert save_checkpoint(folder, ARRAYS, position).name == f"{name}-2"


def test_before_the_first_there_is_none(folder):
    assert not has_checkpoint(folder)
    with pytest.raises(RunError, match=r"holds no checkpoint yet: last\.json is miss"):
        load_checkpoint(folder)


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


def test_what_cannot_be_read_is_one_sentence(folder):
    path = save_checkpoint(folder, ARRAYS, POSITION)
    (path / "state.safetensors").unlink()
    (path / "state.safetensors").mkdir()
    with pytest.raises(RunError, match=r"state\.safetensors cannot be read: Is a dir"):
        load_checkpoint(folder)


def test_swapped_files_are_refused(folder):
    first = save_checkpoint(folder, ARRAYS, POSITION, is_best=True)
    other = {name: array + 1 for name, array in ARRAYS.items()}
    second = save_checkpoint(folder, other, replace(POSITION, step=14))
    swap(first / "state.safetensors", second / "state.safetensors")
    for which in ("last", "best"):
        with pytest.raises(IntegrityError, match=r"state\.safetensors is damaged"):
            load_checkpoint(folder, which)
    swap(first / "state.safetensors", second / "state.safetensors")
    swap(folder / "last.json", folder / "best.json")
    for which in ("last", "best"):
        with pytest.raises(IntegrityError, match=rf"{which}\.json is damaged"):
            load_checkpoint(folder, which)


def test_swapped_folders_are_refused(folder):
    first = save_checkpoint(folder, ARRAYS, POSITION, is_best=True)
    second = save_checkpoint(folder, ARRAYS, replace(POSITION, step=14))
    swap(first, second)
    with pytest.raises(IntegrityError, match=r"manifest\.json is damaged"):
        load_checkpoint(folder)


def swap(one, other):
    between = one.with_name("between")
    one.rename(between)
    other.rename(one)
    between.rename(other)


def files_of(folder):
    """All files of the last checkpoint and the pointer to it."""
    path = save_checkpoint(folder, ARRAYS, POSITION)
    return [folder / "last.json", *sorted(path.iterdir())]


@pytest.mark.parametrize("number", range(4))
def test_every_flipped_bit_is_refused(folder, number, seed):
    file = files_of(folder)[number]
    content = file.read_bytes()
    bits = list(range(8 * len(content)))
    for bit in random.Random(seed).sample(bits, 150):
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        file.write_bytes(flipped)
        with pytest.raises(IntegrityError, match=r"json|safetensors"):
            load_checkpoint(folder)
    file.write_bytes(content)
    assert load_checkpoint(folder).position == POSITION


@pytest.mark.parametrize("number", range(4))
def test_every_truncation_is_refused(folder, number):
    file = files_of(folder)[number]
    content = file.read_bytes()
    for length in range(len(content)):
        file.write_bytes(content[:length])
        with pytest.raises(IntegrityError, match=file.name):
            load_checkpoint(folder)


def test_a_pointer_out_of_the_folder_is_refused(folder):
    path = save_checkpoint(folder, ARRAYS, POSITION)
    path.rename(folder.parent / path.name)
    pointer = json.loads((folder / "last.json").read_text())
    pointer["checkpoint"] = f"../{path.name}"
    content = json.dumps(pointer, indent=1, sort_keys=True) + "\n"
    (folder / "last.json").write_text(content)
    with pytest.raises(IntegrityError, match=r"last\.json is damaged"):
        load_checkpoint(folder)


def as_written(content):
    return (json.dumps(content, indent=1, sort_keys=True) + "\n").encode()


def sealed_anew(folder, path, changes):
    """Change files of a checkpoint, and its sums with them, as no accident would."""
    sums = json.loads((path / "manifest.json").read_text())
    for name, content in changes.items():
        (path / name).write_bytes(content)
        sums[name] = sha256(content).hexdigest()
    manifest = as_written(sums)
    (path / "manifest.json").write_bytes(manifest)
    pointer = json.loads((folder / "last.json").read_text())
    pointer["manifest_sha256"] = sha256(manifest).hexdigest()
    (folder / "last.json").write_bytes(as_written(pointer))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("state.safetensors", b"no arrays"),
        ("position.json", b"no numbers"),
        ("position.json", b"[]"),
        ("position.json", b'{"notes": {}, "position": 1}'),
    ],
)
def test_what_is_sealed_but_no_checkpoint_is_refused(folder, name, content):
    path = save_checkpoint(folder, ARRAYS, POSITION)
    sealed_anew(folder, path, {name: content})
    with pytest.raises(IntegrityError, match=f"{path.name}/{name} is damaged"):
        load_checkpoint(folder)


@pytest.mark.parametrize(
    "change",
    [
        lambda pointer: as_written(pointer | {"more": 1}),
        lambda pointer: as_written({"which": "last"}),
        lambda pointer: as_written(pointer | {"checkpoint": 1}),
        lambda pointer: b"\n" + as_written(pointer),
        lambda pointer: json.dumps(pointer).encode(),
        lambda pointer: b"[]",
    ],
    ids=["more", "less", "a number", "a line before", "one line", "a list"],
)
def test_a_pointer_of_another_form_is_refused(folder, change):
    save_checkpoint(folder, ARRAYS, POSITION)
    pointer = json.loads((folder / "last.json").read_text())
    (folder / "last.json").write_bytes(change(pointer))
    with pytest.raises(IntegrityError, match=r"last\.json is damaged"):
        load_checkpoint(folder)


def test_nothing_is_removed_when_a_pointer_is_damaged(folder):
    best = save_checkpoint(folder, ARRAYS, POSITION, is_best=True)
    (folder / "best.json").write_text("{")
    save_checkpoint(folder, ARRAYS, replace(POSITION, step=14))
    assert best.is_dir()
    assert load_checkpoint(folder).position.step == 14


def test_tidy_removes_what_no_pointer_names(folder):
    path = save_checkpoint(folder, ARRAYS, POSITION)
    (folder / "epoch-0009-step-00000099").mkdir()
    (folder / ".tmp-1-ab-last.json").write_text("half")
    (folder / ".tmp-1-ab-epoch-0001").mkdir()
    tidy(folder)
    assert names(folder) == [path.name, "last.json"]


def survives_kills(path, cases, seed):
    """Kill a saving child at random; everything must be readable each time (R1, R2)."""
    for case in range(cases):
        draw = random.Random(f"{seed} {case}")
        megabytes = 50 ** draw.random() ** 2  # 1 to 50, more often few
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
