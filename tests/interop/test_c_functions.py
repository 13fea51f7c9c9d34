"""The functions of C programs, by name."""

import re

from handgrad.interop.c_functions import FUNCTIONS, NORMALIZE, WINDOWS

WRITTEN = [*FUNCTIONS.items(), *(("normalize", each) for each in NORMALIZE.values())]


def test_each_has_its_name_and_its_equation():
    for name, text in WRITTEN:
        head = rf"/\* outputs.*? = .*?\*/\nstatic void {name}\("
        assert re.match(head, text, re.DOTALL)


def test_lines_are_short_and_brackets_closed():
    for text in (*dict(WRITTEN).values(), WINDOWS):
        assert max(map(len, text.splitlines())) <= 88
        assert text.count("{") == text.count("}")
