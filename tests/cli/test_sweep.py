import json
import shutil
import sys

import pytest

from handgrad.sweeps.random_search import drawn
from studies.test_contents import pictures
from sweeps.small import RATE, fill, sweep_of, write


def test_from_the_first_trial_to_the_figures(handgrad, tmp_path):
    write(tmp_path, "trials = 1\nseeds = [0]", parameters=(RATE,))
    first = handgrad("sweep rates.toml --workers 1 --folder out")
    assert first.code == 0, first.err
    assert "  1 of 1  rates learning_rate=" in first.err
    assert "Nothing to compare: only 1 setting is complete." in first.out
    assert "Tables and figures: out\n" in first.out
    grown = handgrad("sweep rates.toml --trials 2 --folder out --json")
    assert grown.code == 0, grown.err
    assert grown.err.startswith("1 trial is already done; 1 to do.\n")
    results = json.loads(grown.out.splitlines()[-1])
    assert len(results["settings"]) == 2
    assert "a test needs at least 3 seeds each, got 1" in results["verdict"]
    assert json.loads((tmp_path / "out" / "results.json").read_text()) == results
    again = handgrad("sweep rates.toml --trials 2 --folder out --quiet")
    assert (again.code, again.err) == (0, "")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("rates.toml --trials -1", "A sweep takes trials as an integer of at least 1"),
        ("rates.toml --trials 0", "A sweep takes trials as an integer of at least 1"),
        ("rates.toml --seeds 1,x", "For example: --seeds 0,1,2"),
        ("rates.toml --seeds 3,3", "--seeds takes each seed once, got '3,3'. For"),
        (
            "rates.toml --jobs 0",
            "A run of trials takes jobs as an integer of at least 1",
        ),
        ("rates.toml --backend dask", "--address tcp://host:8786"),
        ("none.toml", "none.toml cannot be read"),
    ],
)
def test_mistakes_are_one_sentence(refused, tmp_path, words, sentence):
    write(tmp_path)
    assert sentence in refused(f"sweep {words}")


def test_a_value_that_an_option_cannot_take_is_refused_at_once(refused, tmp_path):
    write(tmp_path, parameters=('"model.activations" = ["relu", "rleu"]',))
    assert "activations=rleu: There is no activation named 'rleu'. Did you mean" in (
        refused("sweep rates.toml")
    )


def test_the_folder_of_data_sets_in_a_file_is_searched(refused, tmp_path):
    for name in ("train", "t10k"):
        for what in ("images-idx3", "labels-idx1"):
            path = tmp_path / "here" / "mnist" / f"{name}-{what}-ubyte.gz"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"damaged")
    write(tmp_path, parameters=(RATE,))
    file = tmp_path / "rates.toml"
    given = file.read_text().replace('"digits"', '"mnist"\ndata_dir = "here"')
    file.write_text(given)
    assert "here/mnist/train-images-idx3-ubyte.gz" in refused("sweep rates.toml")


def test_a_missing_extra_is_one_sentence(refused, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    write(tmp_path, 'method = "tpe"')
    assert "pip install 'handgrad[optuna]'" in refused("sweep rates.toml")


def test_a_number_that_the_trial_itself_does_not_have_ends_the_sweep(refused, tmp_path):
    sweep = sweep_of(tmp_path, "trials = 2\nseeds = [0]", parameters=(RATE,))
    ledger = fill(sweep, drawn(sweep), tmp_path / "out", lambda place, seed: place / 2)
    entry = ledger.entries / f"{sweep.cells(drawn(sweep)[0])[0].trial.key}.json"
    changed = json.loads(entry.read_text())
    changed["metrics"]["test_accuracy"] = 0.75
    entry.write_text(json.dumps(changed))
    said = refused("sweep rates.toml --folder out")
    assert "disagree: metrics.test_accuracy is 0.75 and 0.0" in said
    assert entry.name in said


def test_data_that_are_gone_are_said_and_the_results_still_shown(handgrad, tmp_path):
    path = write(tmp_path, 'method = "grid"\nseeds = [0]', epochs=1)
    text = path.read_text().replace('"digits"', '"pictures.zip"')
    table = '\n[sweep.parameters]\n"optimizer.learning_rate" = [0.1, 0.2]\n'
    head = text.partition("[sweep.parameters]")[0].replace("train_count = 200", "")
    path.write_text(head + table)
    pictures(tmp_path / "pictures")
    shutil.make_archive(tmp_path / "pictures", "zip", tmp_path / "pictures")
    first = handgrad("sweep rates.toml --workers 1 --folder out")
    assert first.code == 0, first.err
    assert "It is unknown" not in first.out
    (tmp_path / "pictures.zip").unlink()
    again = handgrad("sweep rates.toml --folder out")
    assert (again.code, again.err) == (0, "2 trials are already done; 0 to do.\n")
    said = "It is unknown whether the data have changed since these trials: There is "
    assert said + "no data set at pictures.zip." in again.out.replace("\n", " ")
    assert "learning_rate=0.1" in again.out
    assert said in (tmp_path / "out" / "report.md").read_text()
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert list(results["unread_data"]) == ["pictures.zip"]


def test_the_data_are_read_as_their_settings_say(handgrad, tmp_path):
    path = write(tmp_path, "trials = 1\nseeds = [0]", parameters=(RATE,), epochs=1)
    text = path.read_text().replace("train_count = 200", 'label_from = "name"')
    path.write_text(text.replace('"digits"', '"pictures"'))
    pictures(tmp_path / "all")
    (tmp_path / "pictures").mkdir()
    for picture in (tmp_path / "all").rglob("*.png"):
        name = f"{picture.parent.name}.{picture.name}"
        picture.rename(tmp_path / "pictures" / name)
    done = handgrad("sweep rates.toml --workers 1 --folder out")
    assert done.code == 0, done.err
