"""The list itself: options are checked before any work, results are finite."""

import inspect as signatures
from pathlib import Path

import pytest

from handgrad.errors import ConfigError, NonFiniteError
from handgrad.studies import inspections
from handgrad.studies.inspections import (
    INSPECTIONS,
    check_inspection,
    inspect,
    needed_data,
    with_defaults,
)


@pytest.mark.parametrize("name", INSPECTIONS)
def test_every_inspection_takes_a_seed_a_place_and_named_options(name):
    taken = signatures.signature(INSPECTIONS[name]).parameters
    assert {"seed", "place"} <= set(taken)
    assert {p.kind for p in taken.values()} == {signatures.Parameter.KEYWORD_ONLY}
    assert INSPECTIONS[name].__name__ == name


@pytest.mark.parametrize(
    ("name", "options", "sentence"),
    [
        ("parameters", {"modle": {}}, "Did you mean 'model'"),
        ("paramters", {}, "Did you mean 'parameters'"),
        ("parameters", {}, "parameters needs model"),
        ("jacobians", {"place": "here"}, "no option of jacobians named 'place'"),
        ("jacobians", {"dataset": 3}, "jacobians takes dataset as a string"),
    ],
)
def test_names_and_options_are_checked(name, options, sentence):
    with pytest.raises(ConfigError, match=sentence):
        check_inspection(name, options)


def test_the_data_that_is_needed_is_known_before():
    assert needed_data({"dataset": "mnist"}) == "mnist"
    assert needed_data({"config": {"dataset": {"name": "digits"}}}) == "digits"
    assert needed_data({"sizes": [1.0]}) is None


def test_a_number_that_is_not_finite_is_an_error(monkeypatch):
    def broken(*, seed, place):
        return {"loss": float("nan")}

    monkeypatch.setitem(inspections.INSPECTIONS, "broken", broken)
    with pytest.raises(NonFiniteError, match="broken measured loss as nan"):
        inspect("broken", {}, seed=0)


def test_default_options_are_filled_in():
    found = with_defaults("dropout_statistics", {"mean": 3.0})
    assert found == {"kept": (0.25, 0.4, 0.7), "mean": 3.0}


@pytest.mark.parametrize("name", INSPECTIONS)
def test_the_guide_names_it_with_its_options(name):
    guide = Path(__file__).parents[3] / "docs" / "guides" / "studies.md"
    rows = [r for r in guide.read_text().splitlines() if r.startswith(f"| `{name}` |")]
    assert len(rows) == 1
    taken = signatures.signature(INSPECTIONS[name]).parameters
    for option in set(taken) - {"seed", "place"}:
        assert f"`{option}`" in rows[0]
