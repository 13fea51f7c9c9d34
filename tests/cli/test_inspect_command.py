import json
import subprocess
import sys
from inspect import Parameter, signature
from pathlib import Path

import pytest

from handgrad import inspection
from handgrad.cli.inspect import INSPECTIONS
from handgrad.cli.inspect_command import check_figure
from handgrad.errors import ConfigError


def test_figures_are_png_or_svg():
    check_figure(None)
    check_figure(Path("a.png"))
    with pytest.raises(ConfigError, match=r"--figure a\.png"):
        check_figure(Path("a.jpeg"))


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


def test_reliability_counts_all_images(handgrad, trained):
    found = json.loads(handgrad(f"inspect reliability {trained} --bins 10 --json").out)
    assert sum(row["images"] for row in found["bins"]) == found["images"] == 360
