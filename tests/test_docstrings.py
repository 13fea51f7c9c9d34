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


def said(program, *arguments):
    """What a program says with docstrings and without."""
    return [
        subprocess.run(
            [sys.executable, *words, "-c", program, *arguments],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for words in ([], ["-OO"])
    ]


def test_it_is_the_same_without_docstrings():
    with_them, without = said(PROGRAM)
    assert with_them == without
    assert with_them.count("|") == 2
    assert docstring(ReLU) in with_them
    assert docstring(lenet) in with_them


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
    with_them, without = said(program, *line.split())
    assert with_them == without
