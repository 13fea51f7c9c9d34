from pathlib import Path

import pytest

from handgrad.datasets.formats.csv_table import Form
from handgrad.datasets.formats.pixel_columns import (
    are_pixels,
    in_order,
    is_wrong,
    no_number,
    numbered,
    wrong_columns,
)

SIXTEEN = range(16)
GRID = [(r, c) for r in range(4) for c in range(4)]
COLOUR = [f"{channel}{n}" for channel in "rgb" for n in SIXTEEN]


@pytest.mark.parametrize(
    "names",
    [
        [f"pixel{n}" for n in SIXTEEN],
        [f"pixel{n:03d}" for n in SIXTEEN],
        [f"V{n + 2}" for n in SIXTEEN],
        [f"{r + 1}x{c + 1}" for r, c in GRID],
        [f"x{c}y{r}" for r, c in GRID],
        [f"img7_{n}" for n in SIXTEEN],
    ],
)
def test_columns_are_sorted_by_their_numbers(names):
    assert in_order(names, [*SIXTEEN]) == tuple(SIXTEEN)
    mixed = sorted(names, key=lambda name: name[::-1])
    assert [mixed[place] for place in in_order(mixed, [*SIXTEEN])] == names


@pytest.mark.parametrize(
    "names",
    [
        [f"pixel{n}" for n in range(15)] + ["pixel16"],
        [f"pixel{n}" for n in range(15)] + ["pixel14"],
        [f"{r}x{c}" for r, c in GRID[:-1]] + ["4x4"],
        COLOUR[::-1],
        COLOUR + [f"a{n}" for n in range(17)],
    ],
)
def test_gaps_and_channels_out_of_order_are_refused(names):
    assert in_order(names, range(len(names))) is None


@pytest.mark.parametrize(
    "names",
    [
        COLOUR,
        [f"{channel}{n}" for n in SIXTEEN for channel in "rgb"],
        [*"ponmlkjihgfedcba"],
        ["label", *(f"p{n}" for n in SIXTEEN)][::-1],
    ],
)
def test_other_columns_stay_as_they_stand(names):
    assert in_order(names, range(len(names))) == tuple(range(len(names)))


def test_names_say_whether_columns_are_pixels():
    for name in ("pixel{}", "px{}", "pix_{}", "{}x{}"):
        names = ["label", *(name.format(n, 1) for n in SIXTEEN)]
        assert numbered(names) == [*range(1, 17)]
        assert are_pixels(names)
    assert not are_pixels([f"V{n}" for n in SIXTEEN])
    assert not are_pixels([f"pixel{n}" for n in range(15)])


@pytest.mark.parametrize(
    ("names", "cells", "said"),
    [
        ([f"p{n}" for n in range(17)], 17, "17 columns of pixels, but neither 17 nor"),
        ([f"p{n}" for n in range(16)], 17, "row 1 has 17 columns, but the header has"),
        (["p1"] + [f"p{n}" for n in range(16)], 17, "has 2 columns named p1. Keep one"),
        ([f"p{2 * n}" for n in range(16)], 16, "from p0 to p30, have gaps or are out"),
    ],
)
def test_what_is_wrong_with_columns_is_said(names, cells, said):
    form = Form("utf-8", ",", tuple(names), ("1",) * cells)
    assert said in str(wrong_columns(Path("a.csv"), form))


def test_right_and_other_columns_are_not_wrong():
    for names in (COLOUR, [*"abc"], []):
        form = Form("utf-8", ",", tuple(names), ("1",) * len(names))
        assert wrong_columns(Path("a.csv"), form) is None


def test_a_wrong_cell_is_located_by_name_or_number():
    assert [is_wrong(cell) for cell in ("", "x", "nan", "1", "1e3")] == [True] * 3 + [
        False
    ] * 2
    form = Form("utf-8", ",", (), ("1", "2"))
    assert "row 7, column 2 holds 'x'" in str(no_number(Path("a"), form, 7, 1, "x"))
    form = Form("utf-8", ",", tuple(f"p{n}" for n in SIXTEEN), ("1",) * 15 + ("",))
    assert "row 1, column p15 holds ''" in str(wrong_columns(Path("a"), form))
