import subprocess
import sys

import pytest

from handgrad.docstrings import docstring, documented
from handgrad.layers import ReLU
from handgrad.models import lenet

PROGRAM = """
from handgrad.docstrings import docstring
from handgrad.layers import ReLU
from handgrad.models import lenet
print(docstring(ReLU), docstring(lenet), docstring(ReLU.forward), sep="|")
"""


class Undocumented(ReLU):
    pass


def test_it_is_the_same_without_docstrings():
    said = [
        subprocess.run(
            [sys.executable, *words, "-c", PROGRAM],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for words in ([], ["-OO"])
    ]
    assert said[0] == said[1]
    assert said[0].count("|") == 2
    assert docstring(ReLU) in said[0]
    assert docstring(lenet) in said[0]


def test_a_subclass_does_not_borrow_its_base_s():
    assert docstring(Undocumented) == ""


def test_what_has_no_source_has_none():
    made = {}
    exec("def f():\n    return 1\n", made)
    assert docstring(made["f"]) == ""


def test_a_function_gets_its_docstring():
    def function():
        """Do it."""

    function.__doc__ = None
    assert documented(function) is function
    assert function.__doc__ == "Do it."


@pytest.mark.parametrize(
    "line", ["--help", "train --help", "inspect --help", "models", "models lenet"]
)
def test_the_program_says_the_same_without_docstrings(line):
    program = "from handgrad.cli.main import main; main()"
    said = [
        subprocess.run(
            [sys.executable, *words, "-c", program, *line.split()],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for words in ([], ["-OO"])
    ]
    assert said[0] == said[1]
