import csv
from io import StringIO
from math import nan

import pytest

from handgrad.reports.curves import (
    Series,
    as_csv,
    curves_of,
    curves_until,
    series_of,
)
from handgrad.studies.ledger import Ledger

from .cells import cell, outcome

SERIES = Series("a", {0: [4.0, 2.0, 1.0], 1: [2.0, 1.0], 2: [3.0, None]}, [1])


def test_each_epoch_is_the_mean_of_the_seeds_that_got_there():
    assert SERIES.epochs == 3
    assert SERIES.means() == [(1, 3.0), (2, 1.5), (3, 1.0)]
    assert SERIES.spread() == [(1, 2.0, 4.0), (2, 1.0, 2.0)]


def test_a_seed_that_ended_early_is_marked_where_it_ended():
    assert SERIES.ends() == [(1, 2, 1.0)]
    assert Series("a", {0: []}, [0]).ends() == []
    assert Series("a", {0: [1.0, nan]}, [0]).ends() == []


def test_nothing_is_drawn_of_numbers_that_are_none():
    assert Series("a", {0: [nan, None, 1.0]}).means() == [(3, 1.0)]
    assert Series("a").means() == []


def test_the_data_are_all_there_as_csv():
    rows = list(csv.reader(StringIO(as_csv([SERIES, Series('b, "c"', {0: [0.5]})]))))
    heads = ["variant", "epoch", "mean", "lowest", "highest"]
    assert rows[0] == [*heads, "seed 0", "seed 1", "seed 2"]
    assert rows[2] == ["a", "2", "1.5", "1.0", "2.0", "2.0", "1.0", ""]
    assert rows[4] == ['b, "c"', "1", "0.5", "0.5", "0.5", "0.5", "", ""]


def test_curves_come_from_outcomes_and_from_what_a_broken_trial_has_written(tmp_path):
    whole, lost, absent = (cell("a", seed) for seed in range(3))
    ledger = Ledger(tmp_path)
    run = ledger.trial_folder(lost.trial.key) / "run"
    run.mkdir(parents=True)
    lines = [
        '{"kind": "step", "loss": 1.0}',
        '{"kind": "epoch", "train_loss": 3.0, "validation_loss": null}',
        '{"kind": "epoch", "train_lo',  # torn by a kill
    ]
    (run / "metrics.jsonl").write_text("\n".join(lines))
    ended = {
        whole.trial.key: outcome(whole, curves={"train_loss": [2.0, 1.0]}),
        lost.trial.key: outcome(lost, status="diverged", reason="NaN"),
    }
    curves, broken = curves_of([whole, lost, absent], ended, ledger)
    assert broken == {lost.trial.key}
    (series,) = series_of("train_loss", [whole, lost, absent], curves, broken)
    assert series == Series("a", {0: [2.0, 1.0], 1: [3.0]}, [1])
    (empty,) = series_of("validation_loss", [lost], curves, broken)
    assert empty.means() == []


@pytest.mark.parametrize("content", [b"{", b"\xff\n", b"[1]\n"])
def test_a_damaged_file_shows_no_curve(tmp_path, content):
    run = Ledger(tmp_path).trial_folder("k") / "run"
    run.mkdir(parents=True)
    (run / "metrics.jsonl").write_bytes(content)
    found = curves_until(Ledger(tmp_path), "k")
    assert not any(found.values())
