import subprocess
import sys
import warnings

import pytest

from handgrad.cli.screens.warned import own_warnings
from handgrad.errors import HandgradWarning

PROGRAM = """
import warnings
from handgrad.cli.screens.warned import own_warnings
from handgrad.errors import HandgradWarning
with own_warnings():
    warnings.warn("One thing\\nto know.", HandgradWarning)
    warnings.warn("a library's", UserWarning)
    warnings.warn("another", DeprecationWarning)
"""


@pytest.mark.parametrize("told", [False, True])
def test_a_warning_of_ours_is_one_line_and_others_are_shown_when_asked_for(told):
    words = [sys.executable, *(["-W", "always"] if told else []), "-c", PROGRAM]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    first, *rest = done.stderr.splitlines()
    assert first == "One thing to know."
    assert bool(rest) == told
    assert ("a library's" in done.stderr) == told


def test_the_settings_are_as_before():
    before = warnings.showwarning, list(warnings.filters)
    with own_warnings():
        warnings.simplefilter("error")
    assert (warnings.showwarning, list(warnings.filters)) == before


def test_a_closed_stderr_ends_nothing(monkeypatch, tmp_path):
    stream = (tmp_path / "closed").open("w")
    stream.close()
    monkeypatch.setattr(sys, "stderr", stream)
    with own_warnings():
        warnings.simplefilter("always")
        warnings.warn("Something to know.", HandgradWarning, stacklevel=1)
