import json
import re
import shutil

from handgrad.studies.ledger import Ledger
from handgrad.studies.study_results import (
    as_markdown,
    environments,
    number,
    results_of,
    write_results,
)
from handgrad.text import printable

from .conftest import EPOCHS, RATES
from .small import study

POISON = "\x1b[31m\u202e<b>"


def test_the_tables_show_published_numbers_and_ours(done, tmp_path):
    ledger = Ledger(shutil.copytree(done.ledger.folder, tmp_path / "trials"))
    rows = study(tmp_path / "rows", rates=RATES[:2], epochs=EPOCHS)
    markdown, plain = write_results(rows, ledger)
    (row,) = json.loads(plain.read_text())["rows"]
    (number,) = row["published"]
    ours = number["ours"]["mean"]
    assert number["ours"] == {"mean": ours, "spread": None, "count": 1}
    assert number["verdict"] == "reproduced"
    assert row["sizes"]["full"]["findings"][0]["holds"] is True
    assert row["sizes"]["full"]["ended"] == row["sizes"]["full"]["trials"] == 2
    text = markdown.read_text()
    line = f"| accuracy (learning_rate=0.3) | 0.5 (± 0.5) | {ours:.4f} | 1 | reproduced"
    assert line in text
    assert "the largest rate learns fastest: **holds**" in text
    assert "handgrad study run rows --rows r1 --full" in text


def test_instruction_sets_of_the_current_trials_are_counted(done, tmp_path):
    ledger = Ledger(shutil.copytree(done.ledger.folder, tmp_path / "trials"))
    rows = study(tmp_path / "rows", rates=RATES[:2], epochs=EPOCHS)
    keys = [cell.trial.key for cell in rows.cells("full")]
    for key, name in zip(keys, ("avx2", "avx512"), strict=True):
        made = ledger.outcome(key)
        made["environment"]["instruction_set"] = name
        ledger.record(key, made)
    results = results_of(rows, ledger)
    assert results["instruction_sets"] == {"avx2": 1, "avx512": 1}
    assert "1 with avx2, 1 with avx512" in as_markdown(results)


def test_a_machine_is_shown_once_whatever_libraries_its_processes_saw(done, tmp_path):
    ledger = Ledger(shutil.copytree(done.ledger.folder, tmp_path / "trials"))
    rows = study(tmp_path / "rows", rates=RATES[:2], epochs=EPOCHS)
    first, second = (
        {"internal_api": "openblas", "version": version} for version in ("0.3", "0.4")
    )
    lists = ([first, second], [second, first, first])
    for cell, blas in zip(rows.cells("full"), lists, strict=True):
        made = ledger.outcome(cell.trial.key)
        made["environment"]["blas"] = blas
        ledger.record(cell.trial.key, made)
    made_by = {c.trial.key: ledger.outcome(c.trial.key) for c in rows.cells("full")}
    assert len(environments(made_by)) == 1
    made["environment"]["system"] = "another"
    ledger.record(cell.trial.key, made)
    results = results_of(rows, ledger)
    assert len(results["environments"]) >= 2
    lines = as_markdown(results).partition("## Made with")[2].split("\n")
    machines = [line for line in lines if line]
    assert len(machines) == len(set(machines)) >= 1


def test_trials_without_numbers_are_listed(done):
    results = results_of(done.study, done.ledger)
    (lost,) = results["rows"][0]["sizes"]["full"]["without_numbers"]
    assert lost["trial"] == "r1 learning_rate=1e+30, seed 0"
    text = as_markdown(results)
    assert "- r1 learning_rate=1e+30, seed 0: diverged, " in text
    assert "**not known**" in text
    assert "| below: diverged with seed 0 |" in text


def test_a_study_without_trials_has_a_report(tmp_path):
    text = as_markdown(results_of(study(tmp_path / "rows"), Ledger(tmp_path / "none")))
    assert "| accuracy (learning_rate=0.3) | 0.5 (± 0.5) |  |  | not run |" in text


def test_numbers_have_significant_digits():
    assert [number(v) for v in (0.12345, -2.0, 203530.0, 0.0, -3.7e-8)] == [
        "0.1235",
        "-2.0000",
        "203530",
        "0.0000",
        "-3.7e-08",
    ]


def poisoned(value):
    """A copy with a control character, a direction mark and a tag in every text."""
    if isinstance(value, dict):
        return {key: poisoned(one) for key, one in value.items()}
    if isinstance(value, list):
        return [poisoned(one) for one in value]
    return f"{value}{POISON}" if isinstance(value, str) else value


def test_texts_in_the_tables_are_escaped(done):
    results = results_of(done.study, done.ledger)
    results["conventions"], results["rows"][0]["notes"] = ["one"], ["two"]
    results["other_data"], results["changes_of_data"] = {"a": 1}, {"a": "three"}
    text = as_markdown(poisoned(results))
    assert "one\\\\x1b" in text
    assert printable(text) == text
    shown = [line for line in text.splitlines() if not line.startswith("    ")]
    assert "<b>" not in re.sub("`[^`]*`", "", "\n".join(shown))
