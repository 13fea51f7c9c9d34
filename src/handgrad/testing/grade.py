"""Grade answers to the exercises of the lessons."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from html import escape
from traceback import extract_tb
from typing import Any

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.lessons.exercises import EXERCISES, Exercise
from handgrad.options import name_of
from handgrad.testing.closeness import largest

STATES = {True: "passed", False: "not passed", None: "not answered yet"}
COLORS = {True: "#1a7f37", False: "#b3261e", None: "#6b6b6b"}
ROUNDED_TO_ZERO = 1e-15  # of a value that is 0, computed in another way
TOLERANCE = 1e-9  # of the largest entry: between the rounding of float64 and float32
FLOAT32 = 1e-6  # of the largest entry: the rounding of a few float32 operations
EPS = 1e-6  # step of the central difference
SLOPE_TOLERANCE = 1e-6  # of the largest entry, as in `inspection.gradient_check`


@dataclass(frozen=True, repr=False)
class Grade:
    """What `grade` found out about an answer; prints as a sentence.

    `exercise` is the name of the exercise; `passed` is True, False, or None for an
    exercise without an answer; `message` says what is wrong, or what was checked.
    """

    exercise: str
    passed: bool | None
    message: str

    def __repr__(self) -> str:
        return f"{self.exercise}: {STATES[self.passed]}. {self.message}"

    def _repr_html_(self) -> str:
        """The same in color, for notebooks."""
        state = f'<b style="color: {COLORS[self.passed]}">{STATES[self.passed]}</b>'
        return f"<p>{escape(self.exercise)}: {state}. {escape(self.message)}</p>"


class _WrongError(Exception):
    """The sentence about a wrong answer."""


def grade(exercise: str, answer: Callable[..., Any]) -> Grade:
    """Grade an answer to an exercise of the lessons.

    `exercise` is the name of the exercise, `answer` the function that solves it. Its
    results are compared with those of the reference in shape, dtype and value, and
    gradients with finite differences in float64 as well. An answer that returns None
    is "not answered yet". An exception of the answer is reported, not raised.
    ConfigError for an unknown exercise.

    Example
        def softmax(logits):
            powers = np.exp(logits - logits.max(axis=1, keepdims=True))
            return powers / powers.sum(axis=1, keepdims=True)

        grade("softmax", softmax).passed

    Source
        Griewank, Walther (2008), Evaluating derivatives, section 3.1.
    """
    name = name_of("exercise", EXERCISES, exercise)
    task = EXERCISES[name]
    try:
        checked = [_check_case(task, case, answer) for case in task.cases]
    except _WrongError as wrong:
        return Grade(name, False, str(wrong))
    if not all(checked):
        return Grade(name, None, "The function returns None.")
    return Grade(name, True, _what_was_checked(task))


def _what_was_checked(task: Exercise) -> str:
    slopes = ", finite differences" if task.scalar else ""
    return f"Checked: {', '.join(task.results)} (shape, dtype, values{slopes})."


def _check_case(task: Exercise, case: tuple[Any, ...], answer: Any) -> bool:
    """Check one call; False for None, _WrongError for a wrong result."""
    given = deepcopy(case)
    found = _results(task, _called(answer, given))
    if found is None:
        return False
    with np.errstate(all="ignore"):
        slopes = _slopes(task, case)
    expected = task.solution(*case)
    expected = expected if isinstance(expected, tuple) else (expected,)
    for name, one, right, slope in zip(
        task.results, found, expected, slopes, strict=True
    ):
        _check_array(name, _as_array(name, one), np.asarray(right), slope, case)
    if not all(map(np.array_equal, _arrays(given), _arrays(case))):
        raise _WrongError("The function modifies its arguments. Work on a copy.")
    return True


def _called(answer: Any, arguments: tuple[Any, ...]) -> Any:
    """Call the answer; _WrongError with the place of an exception."""
    if not callable(answer):
        raise _WrongError(
            f"grade takes the function itself, got {type(answer).__name__}. Give its "
            "name without parentheses."
        )
    try:
        with np.errstate(all="ignore"):
            return answer(*arguments)
    except Exception as error:
        frames = extract_tb(error.__traceback__)[1:]  # without this function
        place = f" (line {frames[0].lineno}: {frames[0].line})" if frames else ""
        raise _WrongError(
            f"The function raised {type(error).__name__}: {error}{place}."
        ) from error


def _results(task: Exercise, found: Any) -> tuple[Any, ...] | None:
    """The results as a tuple; None if there is no answer."""
    if found is None or found is ...:
        return None
    if len(task.results) == 1:
        return (found,)
    if not isinstance(found, tuple | list) or len(found) != len(task.results):
        count = len(found) if isinstance(found, tuple | list) else 1
        names = ", ".join(task.results)
        raise _WrongError(
            f"Expected {len(task.results)} results ({names}), got {count}."
        )
    if all(one is None or one is ... for one in found):
        return None
    return tuple(found)


def _as_array(name: str, value: Any) -> NumpyArray:
    """A result as an array; _WrongError for what is neither array nor number."""
    if isinstance(value, np.ndarray | np.number | int | float):
        return np.asarray(value)
    raise _WrongError(f"{name}: expected an array, got {type(value).__name__}.")


def _check_array(
    name: str,
    found: NumpyArray,
    right: NumpyArray,
    slope: NumpyArray | None,
    case: tuple[Any, ...],
) -> None:
    """_WrongError with the first difference in shape, dtype or value."""
    batch = len(case[0]) if isinstance(case[0], np.ndarray) else 1
    if found.shape != right.shape:
        hint = _about_shape(found.shape, right.shape, batch)
        raise _WrongError(
            f"{name}: expected shape {right.shape}, got {found.shape}. {hint}".strip()
        )
    same_kind = found.dtype.kind == right.dtype.kind == "i"
    if found.dtype != right.dtype and not same_kind:
        kept = (
            "Gradients are checked in the dtype of the arguments; do not convert it."
            if right.dtype.kind == "f"
            else "Return whole numbers, of an integer dtype."
            if right.dtype.kind in "iu"
            else ""
        )
        raise _WrongError(
            f"{name}: expected dtype {right.dtype}, got {found.dtype}. {kept}".strip()
        )
    for other, tolerance in ((right, TOLERANCE), (slope, SLOPE_TOLERANCE)):
        if other is not None and (wrong := ~_is_close(found, other, tolerance)).any():
            raise _WrongError(_about_value(name, found, right, slope, wrong, batch))


def _is_close(found: NumpyArray, right: NumpyArray, tolerance: float) -> NumpyArray:
    bound = max(tolerance * largest(right), ROUNDED_TO_ZERO)
    return np.asarray(np.isclose(found, right, rtol=0, atol=bound))


def _about_shape(found: tuple[int, ...], right: tuple[int, ...], batch: int) -> str:
    """What a wrong shape looks like."""
    if found == right[::-1]:
        return "It is transposed."
    if found == (batch, *right):
        return "It has one row per example: sum over the batch."
    return ""


def _about_value(
    name: str,
    found: NumpyArray,
    right: NumpyArray,
    slope: NumpyArray | None,
    wrong: NumpyArray,
    batch: int,
) -> str:
    """The first difference with both numbers, and what it looks like."""
    place = tuple(int(i) for i in np.argwhere(wrong)[0])
    numeric = "" if slope is None else f" (finite difference {slope[place]:.6g})"
    where = f"{name}[{', '.join(map(str, place))}]" if place else name
    count = f"; {np.count_nonzero(wrong)} of {right.size} entries differ"
    return (
        f"{where}: expected {right[place]:.9g}{numeric}, got {found[place]:.9g}"
        f"{count if place else ''}. {_about_factor(found, right, batch)}"
    ).strip()


def _about_factor(found: NumpyArray, right: NumpyArray, batch: int) -> str:
    """The usual mistakes that change every entry in the same way."""
    if not np.isfinite(found).all():
        return "It is not finite: something overflows, or 0 is divided by 0."
    if _is_close(found, right, FLOAT32).all():
        return "It has the precision of float32: keep the dtype of the arguments."
    looks = {
        "The sign is wrong.": -right,
        f"It is {batch} times too large: divide by the batch size.": batch * right,
        f"It is {batch} times too small: do not divide by the batch size.": right
        / batch,
        "It is transposed.": right.T,
    }
    for sentence, other in looks.items():
        if other.shape == found.shape and _is_close(found, other, TOLERANCE).all():
            return sentence
    return ""


def _slopes(task: Exercise, case: tuple[Any, ...]) -> list[NumpyArray | None]:
    """The central differences of each result; None where there is nothing to check."""
    if task.scalar is None:
        return [None] * len(task.results)
    value, point = task.scalar(*case)
    return [_slope(value, point, number) for number in range(len(point))]


def _slope(
    value: Callable[..., float], point: tuple[NumpyArray, ...], number: int
) -> NumpyArray:
    """(value(array + EPS) - value(array - EPS)) / (2 * EPS), entry by entry."""
    found = np.empty(point[number].shape)
    for index in np.ndindex(*found.shape):
        ends = []
        for step in (EPS, -EPS):
            moved = point[number].copy()
            moved[index] += step
            ends.append(value(*point[:number], moved, *point[number + 1 :]))
        found[index] = (ends[0] - ends[1]) / (2 * EPS)
    return found


def _arrays(values: Any) -> list[NumpyArray]:
    """All arrays among the arguments, in order."""
    if isinstance(values, list | tuple):
        return [array for one in values for array in _arrays(one)]
    return [values] if isinstance(values, np.ndarray) else []
