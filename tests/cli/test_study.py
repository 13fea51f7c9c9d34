import json

import pytest

from handgrad.studies.library import names
from studies.small import write


@pytest.fixture
def rows(tmp_path):
    write(tmp_path / "rows", epochs=2)
    return "rows"


def test_the_studies_of_the_package_are_listed(handgrad):
    code, out, err = handgrad("study list")
    assert (code, err) == (0, "")
    assert all(name in out for name in names())
    listed = json.loads(handgrad("study list --json").out)
    assert listed.keys() == set(names())
    assert "a9" in listed["csci581-a"]["rows"]


def test_an_experiment_is_shown_as_it_is_declared(handgrad):
    out = handgrad("study show csci581-a --rows a10").out
    assert "How do ReLU and max pooling change the results of LeNet?" in out
    assert "published  validation accuracy after 20 epochs: 0.8907 (± 0.01)" in out
    assert "\na9  " not in out
    shown = json.loads(handgrad("study show csci581-a --rows a10 --json").out)
    assert shown["experiments"]["a10"]["model"]["pooling"] == "max"


def test_from_the_first_trial_to_the_report(handgrad, rows, tmp_path):
    assert "0 of 2" in handgrad(f"study status {rows} --folder trials").out
    first = handgrad(f"study run {rows} --folder trials --workers 1")
    assert first.code == 0, first.err
    assert "  1 of 2  r1 learning_rate=0.01, seed 0: test accuracy " in first.err
    assert "the largest rate learns fastest  holds" in first.out
    again = handgrad(f"study run {rows} --full --folder trials")
    assert again.code == 0
    assert again.err == "2 trials are already done; 0 to do.\n"
    assert "reproduced" in again.out
    assert "2 of 2" in handgrad(f"study status {rows} --folder trials").out
    made = json.loads(handgrad(f"study report {rows} --folder trials --json").out)
    assert "| reproduced" in (tmp_path / made["markdown"]).read_text()
    assert json.loads((tmp_path / made["json"]).read_text())["study"] == "rows"
    assert "study run rows --rows r1" in (tmp_path / made["html"]).read_text()
    assert (tmp_path / made["figures"] / "r1-full-train_loss.svg").is_file()
    path = tmp_path / "rows" / "r1.toml"
    path.write_text(path.read_text().replace(") < train", ") > train"))
    wrong = handgrad(f"study run {rows} --folder trials -q")
    assert wrong.code == 1  # a finding that does not hold
    assert "DOES NOT HOLD" in wrong.out


def test_a_part_of_the_trials_may_be_asked_for(handgrad, tmp_path):
    rows = write(tmp_path / "rows", seeds=(0, 1), epochs=1)
    run = f"study run {rows} --full --folder trials --workers 1"
    first = handgrad(f"{run} --only learning_rate=0.3 --only 'seed 1'")
    assert first.code == 0, first.err
    assert first.err.count("of 1  r1 learning_rate=0.3, seed 1: ") == 1
    assert "the largest rate learns fastest  not known" in first.out
    assert "1 of 4" in handgrad(f"study status {rows} --folder trials").out
    second = handgrad(f"{run} --only 'seed 1'")
    assert second.err.startswith("1 trial is already done; 1 to do.\n")
    assert second.code == 0  # what a finding lacks was not asked for


def test_all_studies_are_reported_at_once(handgrad, tmp_path):
    run = "study run csci581-e --full --rows e5 -q --workers 1"
    assert handgrad(f"{run} --folder mine/csci581-e").code == 0
    made = json.loads(handgrad("study report --folder mine --json").out)
    assert made == {
        "index": "mine/index.html",
        "reports": ["mine/csci581-e/report.html"],
    }
    assert "full 1/1" in (tmp_path / made["index"]).read_text()
    assert handgrad("study report --all --folder mine").out == (
        "All studies are in mine/index.html.\n"
    )


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("run csci581a", "Did you mean 'csci581-a'?"),
        ("run csci581-a --rows a99", "Did you mean 'a9'?"),
        ("run csci581-a --quick --full", "--quick or --full, got both"),
        (
            "run csci581-a --jobs 0",
            "A run of trials takes jobs as an integer of at least 1",
        ),
        ("run csci581-a --only sed", "like 'a1, seed 0' and 'a12, seed 0'"),
        ("report csci581-a", "no trials of csci581-a were run"),
        ("report", "studies does not exist: no study was run here"),
        ("report csci581-a --all", "got the name csci581-a"),
        ("report --rows a2", "got --rows"),
        ("show nowhere/at/all", "nowhere/at/all is not a study"),
    ],
)
def test_mistakes_are_one_sentence(refused, line, sentence):
    assert sentence in refused(f"study {line}")


def test_the_folder_of_data_sets_in_an_experiment_is_searched(refused, rows, tmp_path):
    (tmp_path / "here" / "mnist").mkdir(parents=True)
    for name in ("train", "t10k"):
        for what in ("images-idx3", "labels-idx1"):
            path = tmp_path / "here" / "mnist" / f"{name}-{what}-ubyte.gz"
            path.write_bytes(b"damaged")
    file = tmp_path / "rows" / "r1.toml"
    text = file.read_text().replace('"digits"', '"mnist"\ndata_dir = "here"')
    file.write_text(text)
    said = refused(f"study run {rows} --folder trials")
    assert "here/mnist/train-images-idx3-ubyte.gz" in said
