"""Damaged, swapped and forged checkpoints raise errors that name the file."""

import json
import random
from dataclasses import replace
from hashlib import sha256

import pytest

from handgrad.errors import IntegrityError, RunError
from handgrad.training.checkpoint import load_checkpoint, save_checkpoint

from .test_checkpoint import ARRAYS, POSITION


def test_an_unreadable_file_is_an_error_that_names_it(folder):
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
    """All files of the last checkpoint, and its pointer."""
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
    """Change files of a checkpoint and update its checksums, which no accident does."""
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
def test_invalid_content_with_valid_checksums_is_refused(folder, name, content):
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
