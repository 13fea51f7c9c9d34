import json

import pytest

from handgrad.errors import RunError
from handgrad.training import resume
from handgrad.training.checkpoint import load_checkpoint, save_checkpoint
from handgrad.training.notes import Notes
from handgrad.training.records import OF_EPOCH

from .small import stop_after

LAST = dict(zip(OF_EPOCH, (0.5, 0.25, None, None), strict=True))
NOTES = Notes({"metrics": 7, "timings": 9}, 0.1 + 0.2, LAST, "ab")


def test_notes_survive_json_bit_for_bit():
    assert Notes.from_values(json.loads(json.dumps(NOTES.as_values()))) == NOTES


def test_older_ones_have_no_checksum():
    values = NOTES.as_values()
    del values["config_sha256"]
    assert Notes.from_values(values).config_sha256 is None


@pytest.mark.parametrize(
    "change",
    [
        {"sizes": None},
        {"sizes": {"metrics": 1}},
        {"sizes": {"metrics": 1, "timings": 1, "../../other": 0}},
        {"sizes": {"metrics": -1, "timings": 1}},
        {"sizes": {"metrics": True, "timings": 1}},
        {"seconds": "1"},
        {"last_epoch": []},
        {"last_epoch": {"train_loss": 0.5}},
        {"last_epoch": {**LAST, "more": 1.0}},
        {"config_sha256": 1},
        {"more": 1},
    ],
)
def test_others_are_refused(change):
    with pytest.raises(RunError, match="Use the version that wrote it"):
        Notes.from_values({**NOTES.as_values(), **change})


def test_a_checkpoint_cannot_cut_files_elsewhere(tmp_path):
    folder = stop_after(tmp_path / "run", 2).folder
    folder.release()
    other = tmp_path / "other.jsonl"
    other.write_text("precious\n")
    made = load_checkpoint(folder.checkpoints)
    sizes = {**made.notes["sizes"], "../other": 0}
    notes = {**made.notes, "sizes": sizes}
    save_checkpoint(folder.checkpoints, made.arrays, made.position, notes=notes)
    with pytest.raises(RunError, match="its notes are not in the format"):
        resume(folder.path)
    assert other.read_text() == "precious\n"
