"""What the guides quote is what the commands print."""

import re
from pathlib import Path

import pytest

GUIDES = Path(__file__).parents[2] / "docs" / "guides"
NAMES = ["softmax", "vanishing_gradients", "memory"]


def quotes(text):
    """Each quoted command of `handgrad inspect`, with the lines quoted under it."""
    blocks = re.findall(
        r"^    \$ handgrad (inspect .*)\n((?:    .*\n|\n)*)", text, re.M
    )
    for command, rest in blocks:
        own = rest.split("    $ ")[0]
        yield command, [line.strip() for line in own.splitlines() if line.strip()]


@pytest.mark.parametrize("name", NAMES)
def test_every_quoted_line_is_printed_in_this_order(name, handgrad):
    text = (GUIDES / f"{name}.md").read_text(encoding="utf-8")
    found = list(quotes(text))
    assert len(found) >= 2
    for command, lines in found:
        printed = [line.strip() for line in handgrad(command).out.splitlines()]
        # a peak is allocated by Python, whose versions differ by some bytes
        wanted = [line for line in lines if "peak" not in line]
        places = [printed.index(line) for line in wanted]
        assert places == sorted(places)


def test_commands_without_a_quote_are_not_counted():
    text = "    $ handgrad inspect a\n    1 2\n\nText.\n    $ handgrad study b\n    3\n"
    assert list(quotes(text)) == [("inspect a", ["1 2"])]
