import re

import pytest

from handgrad.reports.styles import style

SHEETS = ["colours", "chart", "page"]


def test_every_colour_is_there_in_light_and_in_dark():
    light, _, dark = style("colours").partition("@media")
    names = re.compile(r"(--[\w-]+):")
    assert set(names.findall(light)) == set(names.findall(dark))


@pytest.mark.parametrize("name", SHEETS)
def test_a_sheet_asks_nothing_of_the_network(name):
    assert not re.search(r"url\(|@import|//", style(name))
    assert style(name).count("{") == style(name).count("}")


def test_every_colour_that_is_used_is_there():
    known = set(re.findall(r"(--[\w-]+):", "".join(map(style, SHEETS))))
    used = set(re.findall(r"var\((--[\w-]+)\)", "".join(map(style, SHEETS))))
    assert used - known == set()
    assert {f"--s{place}" for place in range(8)} <= known
