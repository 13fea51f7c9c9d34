from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict, Unpack

import numpy as np
import pytest

from handgrad.arguments import is_of_kind, takes_kinds
from handgrad.errors import ConfigError
from handgrad.randomness import Key


class Where(TypedDict, total=False):
    split: str | None
    place: Path | None


@takes_kinds
def draw(
    what: Any,
    count: int = 1,
    *,
    size: "int | None" = None,
    **where: Unpack[Where],
) -> tuple[Any, ...]:
    """Draw it."""
    return what, count, size, where


def test_right_arguments_arrive():
    assert draw([], np.int64(3), size="any") == ([], 3, "any", {})
    assert draw(None, split=None, place="here")[3] == {"split": None, "place": "here"}
    assert (draw.__name__, draw.__doc__) == ("draw", "Draw it.")


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ({"count": 1.0}, "draw takes count as an integer, got 1.0"),
        ({"count": None}, "draw takes count as an integer, got None"),
        ({"split": 3}, "draw takes split as a string or None, got 3"),
        ({"count": 2**63}, f"integer from -{2**63} to {2**63 - 1}, got {2**63}"),
        ({"place": 3}, "draw takes place as a Path or None, got 3"),
    ],
)
def test_others_are_named(named, said):
    with pytest.raises(ConfigError, match=said):
        draw(0, **named)


@pytest.mark.parametrize(
    ("wrong", "near"), [("splitt", "split"), ("sizes", "size"), ("cuont", "count")]
)
def test_an_unknown_keyword_is_refused_with_the_nearest_one(wrong, near):
    said = (
        rf"no argument of draw named '{wrong}'. Did you mean '{near}'\? Known: count,"
    )
    with pytest.raises(ConfigError, match=said):
        draw(0, **{wrong: 1})


@takes_kinds
def spread(sizes: Sequence[float] = (1.0,), names: Sequence[str] = ()) -> Any:
    return list(sizes), list(names)


@pytest.mark.parametrize("none", [[], (), np.zeros(0)])
def test_an_empty_list_is_taken_only_where_the_default_is_empty(none):
    assert spread(names=none) == ([1.0], [])
    with pytest.raises(ConfigError, match="spread takes at least one value as sizes"):
        spread(none)
    assert spread(np.ones(1)) == ([1.0], [])


@takes_kinds
def show(what: Any) -> Any:
    return what


@pytest.mark.parametrize("wrong", [{}, {"what": 1, "who": 2}])
def test_missing_and_unknown_arguments_are_python_s_to_name(wrong):
    with pytest.raises(TypeError, match=r"missing|unexpected"):
        show(**wrong)


@pytest.mark.parametrize(
    ("kind", "right", "wrong"),
    [
        (int, [0, np.int8(-1), 2**63 - 1], [True, 1.0, "1", 2**63, np.array(1)]),
        (float, [0, 0.5, np.float32(1)], [True, np.nan, np.inf, 10**400, "1"]),
        (bool, [True, np.False_], [0, None, "yes"]),
        (str, ["", np.str_("a")], [None, b"a", 3]),
        (Path, ["a", Path("a")], [3, b"a"]),
        (Key, [Key(0)], [0, None]),
        (int | None, [None, 3], ["a", 0.5]),
        (Sequence[str], [[], ("a",), np.array(["a"])], ["a", {"a"}, [1], np.array(1)]),
        (Sequence[float], [[1, 0.5], np.arange(3)], [[True], 1.0, [[1.0]], [None]]),
        (tuple[int, ...], [(1,), [2, 3]], [1, (0.5,)]),
        (Mapping[str, Any], [{}], [[], None]),
        (Any, [None, 3], []),
        (Callable[..., int], [int, 3], []),
    ],
)  # fmt: skip
def test_kinds(kind, right, wrong):
    assert [value for value in right if not is_of_kind(value, kind)] == []
    assert [value for value in wrong if is_of_kind(value, kind)] == []


@takes_kinds
def seeded(share: float = 0.5, *, seed: int = 0) -> float:
    return share + seed


def test_a_number_that_is_too_large_is_told_the_limit():
    with pytest.raises(
        ConfigError, match=r"a number from -3.4\S* to 3.4\S*, got 1e\+39"
    ):
        seeded(1e39)


@pytest.mark.parametrize("seed", [-1, 2**63])
def test_every_seed_has_the_same_bounds(seed):
    with pytest.raises(ConfigError, match=f"seeded takes seed .*to {2**63 - 1}, got"):
        seeded(seed=seed)
