"""Numerical properties of softmax, activations and dropout, each with its figure."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from handgrad.inspection.activation_functions import activation_functions as curves_of
from handgrad.inspection.dropout_statistics import KEPT
from handgrad.inspection.dropout_statistics import dropout_statistics as dropped
from handgrad.inspection.softmax_numerics import SIZES, WRONG, SoftmaxRow
from handgrad.inspection.softmax_numerics import softmax_numerics as numerics_of
from handgrad.studies.inspections.output_folder import Place

SHOWN = 201  # points of a curve in its file


def softmax_numerics(
    *, sizes: Sequence[float] = SIZES, seed: int, place: Place
) -> dict[str, float]:
    """Where naive and shifted softmax fail in float32, and the error of the shift.

    Units
        naive_failures, shifted_failures  failing rows of neighbouring logits, of `rows`
        overflow_from, underflow_from     the smallest size, and the negative one
                                          nearest to 0, at which naive softmax is NaN
        lost_from                         the gap from which a probability is 0
        largest_log_error                 of log-sum-exp, relative
    """
    found = numerics_of(sizes, seed=seed)

    def draw() -> Any:
        from handgrad.inspection.figures.softmax_numerics import softmax_numerics

        return softmax_numerics(found)

    rows = (*found.level, *found.gap)
    place.draw("softmax_numerics", draw, [_row_of(row) for row in rows])
    sums = [(row.logits[0], row.naive_denominator) for row in found.level]
    overflown = [size for size, total in sums if not np.isfinite(total)]
    vanished = [size for size, total in sums if total == 0]
    lost = [-row.exact for row in found.gap if row.shifted == 0]
    measured = {
        "rows": len(found.level),
        "naive_failures": sum(not row.naive_error <= WRONG for row in found.level),
        "shifted_failures": sum(not row.shifted > 0 for row in found.level),
        "smallest_denominator": found.smallest_denominator,
        "largest_denominator": found.largest_denominator,
        "random_rows": found.random_rows,
        "largest_log_error": max(row.log_error for row in rows),
    }
    for name, sizes_of, nearest in (
        ("overflow_from", overflown, min),
        ("underflow_from", vanished, max),
        ("lost_from", lost, min),
    ):
        if sizes_of:
            measured[name] = nearest(sizes_of)
    return measured


def _row_of(row: SoftmaxRow) -> dict[str, Any]:
    logits = " ".join(f"{logit:g}" for logit in row.logits)
    return {**asdict(row), "logits": logits, "verdict": row.verdict}


def activation_functions(
    *,
    names: Sequence[str] = (),
    low: float = -10.0,
    high: float = 10.0,
    seed: int,
    place: Place,
) -> dict[str, float]:
    """The slope of each activation: its maximum, both ends, and flat parts.

    Units
        NAME_flat  the fraction of the range where the slope is below 0.01
    """
    found = curves_of(names, low=low, high=high)

    def draw() -> Any:
        from handgrad.inspection.figures import activation_functions as drawing

        return drawing.activation_functions(found.rows)

    points = [
        {"activation": c.name, "input": x, "output": y, "gradient": g}
        for c in found
        for x, y, g in _thinned(c.inputs, c.outputs, c.gradients)
    ]
    place.draw("activation_functions", draw, points)
    measured: dict[str, float] = {}
    for curve in found:
        slope, at = curve.steepest
        measured |= {
            f"{curve.name}_steepest": slope,
            f"{curve.name}_steepest_at": at,
            f"{curve.name}_slope_low": float(curve.gradients[0]),
            f"{curve.name}_slope_high": float(curve.gradients[-1]),
            f"{curve.name}_value_low": float(curve.outputs[0]),
            f"{curve.name}_value_high": float(curve.outputs[-1]),
            f"{curve.name}_flat": curve.flat_share,
        }
    return measured


def _thinned(*columns: Any) -> Any:
    """Subsample a curve, including both ends."""
    step = max(1, (len(columns[0]) - 1) // (SHOWN - 1))
    return zip(*(column[::step].tolist() for column in columns), strict=True)


def dropout_statistics(
    *,
    kept: Sequence[float] = KEPT,
    mean: float = 10.0,
    seed: int,
    place: Place,
) -> dict[str, float]:
    """Means and fractions of zeros, by the percentage that is KEPT.

    Units
        train_zero_N, test_zero_N   fractions that are exactly 0 where N percent is kept
        train_strays_N              deviation of the mean, in standard errors
    """
    rows = dropped(kept, mean=mean, seed=seed).rows

    def draw() -> Any:
        from handgrad.inspection.figures.dropout_statistics import dropout_statistics

        return dropout_statistics(rows)

    place.draw("dropout_statistics", draw, [asdict(row) for row in rows])
    measured = {"input_mean": rows[0].input_mean}
    for row in rows:
        percent = f"{100 * row.kept:.0f}"
        strays = abs(row.train_mean - row.input_mean) / row.standard_error
        measured |= {
            f"train_mean_{percent}": row.train_mean,
            f"train_zero_{percent}": row.train_zero,
            f"train_strays_{percent}": strays,
            f"test_mean_{percent}": row.test_mean,
            f"test_zero_{percent}": row.test_zero,
        }
    return measured
