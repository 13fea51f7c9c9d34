import json
import os
import shutil

import numpy as np
import pytest
from PIL import Image

from handgrad import datasets
from handgrad.datasets.sources import SOURCES
from handgrad.errors import DatasetError, IntegrityError, RunError
from handgrad.studies.contents import (
    Contents,
    as_sentences,
    check_content,
    contents_of,
    load_all,
    look,
    on_other_data,
    settings_of,
)
from handgrad.studies.ledger import DONE, Ledger
from handgrad.studies.library import read_study
from handgrad.studies.runner import Ended, missing, run_trials
from handgrad.studies.study_results import as_markdown, results_of
from handgrad.studies.trials import Cell, Trial

from .made_up import OUTCOME, TRIAL
from .small import study

DIGITS = SOURCES["digits"].checksum
INSPECTION = Trial(
    {"kind": "inspection", "seed": 0, "name": "jacobians", "options": {}}
)


def pictures(folder, seed=0):
    """Two classes of twenty images."""
    draw = np.random.default_rng(seed)
    for name in "ab":
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number in range(20):
            pixels = draw.integers(0, 256, (8, 8), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number:02}.png")
    return folder


def study_of(tmp_path):
    """The small study, on a folder of images instead of the digits."""
    study(tmp_path / "rows")
    path = tmp_path / "rows" / "r1.toml"
    text = path.read_text().replace("train_count = 200", "")
    path.write_text(text.replace('"digits"', f'"{tmp_path / "pictures"}"'))
    return read_study(tmp_path / "rows")


def on(content, **outcomes):
    return Contents({settings_of(TRIAL): content}, outcomes)


def test_the_recorded_checksum_is_that_of_the_original():
    assert datasets.load("digits").checksum == DIGITS


def test_a_trial_on_the_original_keeps_its_key():
    assert on(DIGITS).trial(TRIAL) == TRIAL
    assert Contents().trial(TRIAL) == TRIAL
    assert on(DIGITS).trial(INSPECTION) == INSPECTION  # reads no data


def test_other_data_change_the_key():
    other = on("e" * 64).trial(TRIAL)
    assert other.key != TRIAL.key
    assert other.spec == {**TRIAL.spec, "data": "e" * 64}
    assert on("f" * 64).trial(other).key not in (other.key, TRIAL.key)
    assert on(DIGITS).trial(other) == TRIAL  # the original is back


@pytest.mark.parametrize("content", ["e" * 64, DIGITS])
def test_a_trial_without_the_entry_counts_if_its_data_are_the_same(
    content,
):
    made = {TRIAL.key: {**OUTCOME, "dataset_sha256": content}}
    assert on(content, **made).trial(TRIAL) == TRIAL
    assert on("f" * 64, **made).trial(TRIAL) != TRIAL


def test_a_trial_from_before_validation_folders_counts():
    said = {"name": "pictures", "validation": 0.1}
    before, now = (
        Trial({**TRIAL.spec, "config": {**TRIAL.spec["config"], "dataset": table}})
        for table in (said, {"name": "pictures"})
    )
    made = {before.key: {**OUTCOME, "dataset_sha256": "e" * 64}}
    for content in ("e" * 64, "f" * 64):
        contents = Contents({settings_of(now): content}, made)
        found = contents.trial(now)
        assert (found == before) == (content == "e" * 64)
        assert contents.trial(found) == found


def test_the_original_does_not_reuse_outcomes_on_other_data():
    made = {TRIAL.key: {**OUTCOME, "dataset_sha256": "e" * 64}}
    assert on(DIGITS, **made).trial(TRIAL).spec["data"] == DIGITS


def test_a_failed_trial_on_unknown_data_does_not_count_for_a_folder():
    made = {TRIAL.key: {**OUTCOME, "status": "diverged"}}
    assert on("e" * 64, **made).trial(TRIAL) != TRIAL
    assert on(DIGITS, **made).trial(TRIAL) == TRIAL


def test_split_settings_are_not_part_of_the_data_settings():
    cut = {**TRIAL.spec["config"]["dataset"], "train_count": 5, "validation": 0.5}
    config = {**TRIAL.spec["config"], "dataset": cut}
    assert settings_of(Trial({**TRIAL.spec, "config": config})) == settings_of(TRIAL)
    sized = {**cut, "image_size": [9, 9]}
    config = {**TRIAL.spec["config"], "dataset": sized}
    assert settings_of(Trial({**TRIAL.spec, "config": config})) != settings_of(TRIAL)


def test_trials_on_changed_images_run_again_and_old_ones_are_reported(tmp_path):
    pictures(tmp_path / "pictures")
    asked, ledger = study_of(tmp_path), Ledger(tmp_path / "trials")
    first = list(run_trials(asked.cells("full"), ledger))
    before = results_of(asked, ledger)["rows"]
    assert sum(isinstance(event, Ended) for event in first) == 2
    assert list(run_trials(asked.cells("full"), Ledger(ledger.folder))) == []
    pictures(tmp_path / "pictures", seed=1)
    again = Ledger(ledger.folder)
    ended = [e for e in run_trials(asked.cells("full"), again) if isinstance(e, Ended)]
    assert [event.outcome["status"] for event in ended] == [DONE, DONE]
    results = results_of(asked, Ledger(ledger.folder))  # as in another process
    (checksum,) = results["other_data"]
    assert results["other_data"] == {checksum: 2}
    said = f"On other data: 2 trials of {checksum[:12]}..., not counted; since then "
    assert f"{said}{results['changes_of_data'][checksum]}." in as_markdown(results)
    assert "files are replaced" in results["changes_of_data"][checksum]
    assert results["rows"] != before
    pictures(tmp_path / "pictures")  # as they were
    back = Ledger(ledger.folder)
    assert list(run_trials(asked.cells("full"), back)) == []
    assert results_of(asked, back)["rows"] == before
    assert len(back.outcomes()) == 4


def test_an_older_ledger_keeps_its_results_if_the_images_are_the_same(tmp_path):
    pictures(tmp_path / "pictures")
    asked, ledger = study_of(tmp_path), Ledger(tmp_path / "trials")
    look((cell.trial for cell in asked.cells("full")), ledger)
    content = ledger.checksums[settings_of(asked.cells("full")[0].trial)]
    for cell in asked.cells("full"):  # without `data`, as older versions wrote them
        ledger.prepare(cell.trial)
        made = {**OUTCOME, "trial": cell.trial.spec, "dataset_sha256": content}
        ledger.record(cell.trial.key, made)
    assert missing(asked.on(ledger).cells("full"), ledger) == []
    pictures(tmp_path / "pictures", seed=1)
    changed = Ledger(ledger.folder)
    look((cell.trial for cell in asked.cells("full")), changed)
    assert len(missing(asked.on(changed).cells("full"), changed)) == 2
    assert on_other_data(changed) == {content: 2}


def test_a_ledger_without_checksums_separates_trials_by_data(tmp_path):
    pictures(tmp_path / "pictures")
    asked, ledger = study_of(tmp_path), Ledger(tmp_path / "trials")
    cells = asked.cells("full")
    assert len(cells) == 2
    for cell, content, ended in zip(cells, ("e" * 64, "f" * 64), (9, 5), strict=True):
        ledger.prepare(cell.trial)
        made = {**OUTCOME, "trial": cell.trial.spec, "dataset_sha256": content}
        ledger.record(cell.trial.key, made)
        os.utime(ledger.trials / cell.trial.key / "outcome.json", (ended, ended))
    results = results_of(asked, Ledger(ledger.folder))
    assert results["other_data"] == {"f" * 64: 1}  # the last one that ended counts
    assert [row["sizes"]["full"]["ended"] for row in results["rows"]] == [1]
    assert missing(asked.on(ledger).cells("full"), ledger) == [
        asked.on(ledger).cells("full")[1]
    ]
    assert not (ledger.folder / "data.json").exists()


def run_names(tmp_path, folders):
    """Outcomes before and after renaming the classes, and with the old names again."""
    asked = study_of(tmp_path)
    first, second = (Ledger(tmp_path / name) for name in ("first", "second"))
    before = [e for e in run_trials(asked.cells("full"), first) if isinstance(e, Ended)]
    for folder in folders:
        for old, new in (("a", "ant"), ("b", "bee")):
            (folder / old).rename(folder / new)
    after = [e for e in run_trials(asked.cells("full"), second) if isinstance(e, Ended)]
    again = list(run_trials(asked.cells("full"), Ledger(first.folder)))
    return [
        [(e.outcome["metrics"] | {"seconds": 0}, e.outcome["curves"]) for e in events]
        for events in (before, after)
    ], again


def test_other_class_names_change_no_number(tmp_path):
    """So they are not part of a key: only their order and number matter."""
    root = tmp_path / "pictures"
    folders = [pictures(root / "train"), pictures(root / "test", seed=1)]
    (before, after), again = run_names(tmp_path, folders)
    assert before == after
    assert again == []


def test_other_class_names_that_draw_another_test_split_are_other_data(tmp_path):
    (before, after), again = run_names(tmp_path, [pictures(tmp_path / "pictures")])
    assert before != after
    assert sum(isinstance(event, Ended) for event in again) == 2


def test_missing_data_keep_their_last_known_checksum(tmp_path):
    pictures(tmp_path / "pictures")
    asked, ledger = study_of(tmp_path), Ledger(tmp_path / "trials")
    list(run_trials(asked.cells("full"), ledger))
    shutil.rmtree(tmp_path / "pictures")
    later = Ledger(ledger.folder)
    look((cell.trial for cell in asked.cells("full")), later)
    assert missing(asked.on(later).cells("full"), later) == []
    results = results_of(asked, later)
    said = f"There is no data set at {tmp_path / 'pictures'}"
    assert results["unread_data"] == {str(tmp_path / "pictures"): said}
    sentence = "It is unknown whether the data have changed since these trials: "
    assert as_sentences(results) == [f"{sentence}{said}."]
    with pytest.raises(DatasetError, match="There is no data set"):
        load_all(cell.trial for cell in asked.cells("full"))
    pictures(tmp_path / "pictures")
    look((cell.trial for cell in asked.cells("full")), later)
    assert results_of(asked, later)["unread_data"] == {}


def test_a_trial_that_reads_other_data_than_it_was_prepared_for_is_refused():
    check_content(TRIAL, DIGITS)
    check_content(TRIAL, None)
    other = on("e" * 64).trial(TRIAL)
    check_content(other, "e" * 64)
    for trial, content in ((TRIAL, "e" * 64), (other, DIGITS)):
        with pytest.raises(RunError, match="has changed since this trial was prepared"):
            check_content(trial, content)


def test_a_named_set_that_is_still_to_be_downloaded_is_the_original(
    tmp_path, monkeypatch
):
    monkeypatch.setattr("handgrad.datasets.local_copies.find", lambda *_: None)
    config = {**TRIAL.spec["config"], "dataset": {"name": "mnist"}}
    trial, ledger = Trial({**TRIAL.spec, "config": config}), Ledger(tmp_path)
    look([trial], ledger)
    assert contents_of(ledger).cell(Cell("r", "v", trial)).trial == trial


@pytest.mark.parametrize("content", ["[]", '{"a": 1}', "{", "null"])
def test_a_damaged_list_of_checksums_is_named(tmp_path, content):
    (tmp_path / "data.json").write_text(content)
    with pytest.raises(IntegrityError, match=r"data\.json"):
        _ = Ledger(tmp_path).checksums


def test_checksums_are_saved_for_readers(tmp_path):
    asked, ledger = study(tmp_path / "rows"), Ledger(tmp_path / "trials")
    list(run_trials(asked.cells("full"), ledger))
    written = json.loads((tmp_path / "trials" / "data.json").read_text())
    assert list(written.values()) == [DIGITS]
    assert on_other_data(Ledger(tmp_path / "trials")) == {}
