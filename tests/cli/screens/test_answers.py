from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from handgrad.cli.screens.answers import as_dict, csv_text, show_answers
from handgrad.training.image_predictions import Answer

SCORES = np.array([0.25, 0.75])


def network(gives_probabilities):
    return SimpleNamespace(
        class_names=("=cat", "dog"), gives_probabilities=gives_probabilities
    )


@pytest.mark.parametrize(
    ("gives", "one", "all_of"),
    [(True, "probability", "probabilities"), (False, "score", "scores")],
)
def test_numbers_have_their_own_name(gives, one, all_of, capsys):
    answer = Answer(Path("a.png"), SCORES, seems_inverted=False)
    found = as_dict(answer, network(gives))
    assert found["class"] == "dog"
    assert found[one] == 0.75
    assert found[all_of] == {"=cat": 0.25, "dog": 0.75}
    show_answers([answer], network(gives), 2)
    said = capsys.readouterr().out
    assert one in said.splitlines()[0]
    assert ("75.0%" if gives else "0.75 ") in said


def test_a_table_has_a_column_for_each_class():
    lines = csv_text([Answer(Path("=a.png"), SCORES, False)], network(True))
    assert lines.splitlines() == [
        "image,class,probability,probability of =cat,probability of dog",
        "'=a.png,dog,0.75,0.25,0.75",
    ]
