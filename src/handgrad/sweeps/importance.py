"""How much of the metric hangs on each parameter, as a forest of trees sees it.

A random forest learns the mean metric of a setting from the parameters' places in their
ranges. A parameter's importance is how far the forest's R2 falls when that parameter's
values are shuffled. The R2 on settings that a tree has not seen (out of bag) says
whether the forest has learned anything that is worth explaining.

Source
    Breiman (2001), Random Forests, sections 3.1 and 10.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from handgrad.imports import random_state_kept
from handgrad.sweeps.space import Parameter, Values

FEWEST = 8  # settings; below that a forest sees what it likes
TREES = 200
SHUFFLES = 20
LITTLE = 0.2  # R2 out of bag below which the forest has seen next to nothing
METHOD = (
    f"fall of R2 when a parameter's values are shuffled ({SHUFFLES} times), in a "
    f"random forest of {TREES} trees that predicts the mean metric of a setting"
)


def importance(
    space: Sequence[Parameter], settings: Sequence[Values], means: Sequence[float]
) -> dict[str, Any]:
    """The falls by parameter, the method in words, and R2 out of bag.

    Where nothing can be said `parameters` is empty, and `why` says why.
    """
    made: dict[str, Any] = {"method": METHOD, "parameters": {}, "r2": None, "why": ""}
    if len(settings) < FEWEST:
        why = f"{len(settings)} settings have all their numbers, {FEWEST} are needed"
        return {**made, "why": why}
    if len(set(means)) < 2:
        return {**made, "why": "all settings are equally good"}
    places = np.array([[p.share_of(v[p.name]) for p in space] for v in settings])
    falls, r2 = _falls(places, np.asarray(means))
    names = [parameter.name for parameter in space]
    by_name = {
        name: {"mean": float(row.mean()), "spread": float(row.std(ddof=1))}
        for name, row in zip(names, falls, strict=True)
    }
    order = sorted(names, key=lambda name: -by_name[name]["mean"])
    return {**made, "parameters": {name: by_name[name] for name in order}, "r2": r2}


def caution(r2: float) -> str:
    """What R2 out of bag says of the falls, in words."""
    sign = "\N{MINUS SIGN}" if r2 < 0 else ""
    words = f"R² on settings it has not seen: {sign}{abs(r2):.2f}"
    return f"{words}, so go by it no further than that" if r2 < LITTLE else words


def _falls(places: Any, means: Any) -> tuple[Any, float]:
    """Shuffled falls of R2, a row for each parameter; and R2 out of bag."""
    with random_state_kept():
        from sklearn.ensemble import RandomForestRegressor
        from sklearn.inspection import permutation_importance

    forest = RandomForestRegressor(TREES, oob_score=True, random_state=0)
    forest.fit(places, means)
    found = permutation_importance(
        forest, places, means, n_repeats=SHUFFLES, random_state=0
    )
    return found.importances, float(forest.oob_score_)
