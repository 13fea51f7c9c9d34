import errno
import json
import os
import subprocess
import sys
from inspect import Parameter, signature
from pathlib import Path

import pytest

from handgrad import inspection
from handgrad.cli.inspect import INSPECTIONS
from handgrad.errors import ConfigError
from handgrad.training import atomic


@pytest.mark.parametrize("one", INSPECTIONS, ids=lambda one: one.name)
def test_each_option_sets_an_argument_of_the_function(one):
    function = getattr(inspection, one.function)
    known = signature(function).parameters
    where = {"split", "dataset", "data_dir"} if "where" in known else set()
    given = {option.argument for option in one.options}
    needed = {
        name
        for name, parameter in known.items()
        if parameter.default is Parameter.empty and name != "where"
    }
    assert needed <= given <= {*known, *where} - {"where"}
    assert len(given) == len(one.options)


@pytest.mark.parametrize("one", INSPECTIONS, ids=lambda one: one.name)
def test_the_defaults_are_those_of_the_function(one):
    known = signature(getattr(inspection, one.function)).parameters
    differ = {"image", "normalization"}  # the first image; as handgrad train
    for option in one.options:
        default = option.parameter.default
        if option.argument in known and option.argument not in differ:
            own = known[option.argument].default
            if default is not None and default is not Parameter.empty:
                read = option.read(one.name, default)
                assert read == own or list(read) == list(own)


@pytest.mark.parametrize("one", INSPECTIONS, ids=lambda one: one.name)
def test_every_command_takes_a_figure_and_json(one):
    names = list(signature(one.command()).parameters)
    assert names[-2:] == ["figure", "as_json"]


def test_the_declarations_are_light():
    code = "import sys, handgrad.cli.inspect; print('numpy' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


def test_findings_are_written_as_csv_and_as_a_page(handgrad, refused, trained):
    words = f"inspect labels {trained} --folds 2 --epochs 1"
    assert "its folder does not exist" in refused(f"{words} --csv none/a.csv")
    code, out, err = handgrad(f"{words} --csv a.csv --page a.html --json")
    assert code == 0
    assert err.count("trained: training accuracy") == 2
    found = json.loads(out)
    assert found["images"] == {"train": 1437, "test": 360}
    rows = Path("a.csv").read_text().splitlines()
    findings = ("suspects", "near_duplicates", "uniform")
    assert len(rows) == 1 + sum(len(found[name]) for name in findings)
    assert "Labels to check" in Path("a.html").read_text()


def test_targets_are_checked_before_the_first_fold(refused, trained, monkeypatch):
    full(monkeypatch)
    words = f"inspect labels {trained} --folds 2 --epochs 1"
    for option in ("--csv a.csv", "--page a.html", "--figure a.png"):
        message = refused(f"{words} {option}")  # the folds would print lines
        assert "cannot be written: No space left on device" in message


@pytest.mark.parametrize("option", ["--csv a.csv", "--figure a.png"])
@pytest.mark.parametrize("as_json", ["", "--json"])
def test_the_result_is_printed_if_it_cannot_be_written(
    handgrad, trained, monkeypatch, option, as_json
):
    full(monkeypatch, largest=atomic.TRIAL)
    words = f"inspect labels {trained} --folds 2 --epochs 1 {option} {as_json}"
    code, out, err = handgrad(words)
    assert code == 2
    assert "No space left on device" in err.splitlines()[-1]
    assert list(Path().iterdir()) == []
    if as_json:
        assert json.loads(out)["figure"] is None
    else:
        assert "near-duplicates" in out
        assert "Figure:" not in out


def full(monkeypatch, largest=0):
    """A disk that takes files of at most `largest` bytes."""
    real = atomic.write_all

    def write_all(handle, content):
        if len(content) > largest:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(handle, content)

    monkeypatch.setattr(atomic, "write_all", write_all)


def test_reliability_counts_all_images(handgrad, trained):
    found = json.loads(handgrad(f"inspect reliability {trained} --bins 10 --json").out)
    assert sum(row["images"] for row in found["bins"]) == found["images"] == 360


def test_options_of_the_table_are_refused_with_json(refused):
    said = "--values adds to the table of handgrad inspect jacobians, which --json"
    assert said in refused("inspect jacobians --values --json")


def test_a_normalization_is_refused_beside_a_file_of_settings(refused, tmp_path):
    (tmp_path / "a.toml").write_text('[model]\nname = "mlp"\n')
    said = refused("inspect learning-rate-finder a.toml --normalization half")
    assert "got normalization as well. Give the settings file alone" in said


def test_a_named_network_has_the_normalization_of_train(handgrad, monkeypatch):
    given = []

    def finder(**arguments):
        given.append(arguments["normalization"])
        raise ConfigError("Enough.")

    monkeypatch.setattr(inspection, "learning_rate_finder", finder)
    for words in ("mlp", "mlp --normalization half", "a.toml"):
        handgrad(f"inspect learning-rate-finder {words}")
    assert given == ["unit", "half", None]
