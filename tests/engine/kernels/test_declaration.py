"""Rules of how far a kernel reaches, and what numbers it takes."""

import numpy as np
import pytest
from numba import types

from handgrad.engine.kernels.declaration import (
    DOUBLES,
    FLAG,
    FLOATS,
    LONGS,
    OCTETS,
    SHORTS,
    SIZE,
    Sizes,
    Span,
    at,
    by,
    evaluate,
    matrix,
    reads,
    scratch,
    strided,
    times,
    updates,
    writes,
)

VALUES = {"rows": 3, "columns": 4, "stride": 10, "places": np.array([2, 7])}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (5, 5),
        ("rows", 3),
        (times("rows", "columns"), 12),
        (times(2, ("rows", "columns"), 3), 72),
        (matrix("rows", "columns", "stride"), Span(0, 24, 12)),
        (matrix(("rows", 2), 1, "stride"), Span(0, 51, 6)),
        (matrix("rows", "columns", "stride", item=2), Span(0, 14, 12)),
        (by(max, "rows", ("columns", 2), 5), 8),
        (lambda rows, stride: rows + stride, 13),
        (lambda places: int(places.max()), 7),
    ],
)
def test_a_rule_is_a_number_a_name_a_product_or_a_function(rule, expected):
    assert evaluate(rule, VALUES) == expected


@pytest.mark.parametrize("sizes", [(0, 4, 10), (3, 0, 10)])
def test_a_matrix_without_numbers_reaches_nowhere(sizes):
    assert strided(*sizes) == Span(0, 0, 0)


def test_a_number_is_a_span_from_the_start():
    assert reads(FLOATS, "rows").span(VALUES) == Span(0, 3, 3)
    assert reads(FLOATS, Span(-2, 3, 4)).span(VALUES) == Span(-2, 3, 4)


@pytest.mark.parametrize(
    ("kind", "passes"), [(reads, 1), (writes, 1), (updates, 2), (scratch, 0)]
)
def test_what_is_written_back_moves_twice_and_scratch_never(kind, passes):
    assert kind(FLOATS, 1).passes == passes
    assert kind(FLOATS, 1).use == kind.__name__


@pytest.mark.parametrize("element", [FLOATS, DOUBLES, LONGS, SHORTS, OCTETS])
def test_an_element_is_the_same_to_numpy_and_to_numba(element):
    kind = element.type
    assert (kind.ndim, kind.layout) == (1, "C")
    assert str(kind.dtype) == element.dtype.name
    assert at(element).type == types.int64
    assert at(element).dtype == element.dtype


def test_several_sizes_are_one_tuple():
    sizes = Sizes("rows columns stride")
    assert sizes.each() == ["rows", "columns", "stride"]
    assert sizes.type == types.UniTuple(types.int64, 3)


def test_sizes_are_not_negative_and_flags_are_two_numbers():
    assert [SIZE.allows(n) for n in (-1, 0, 1 << 40)] == [False, True, True]
    assert [FLAG.allows(n) for n in (-1, 0, True, 2)] == [False, True, True, False]
