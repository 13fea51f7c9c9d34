"""Hyperparameter importance: permutation importance in a random forest.

A random forest predicts the mean metric of a setting from the positions of the
parameters in their ranges. The importance of a parameter is the decrease of R2 when its
values are permuted. The out-of-bag R2, on settings that a tree was not trained on, says
how far the forest can be trusted.

Source
    Breiman (2001), Random Forests, sections 3.1 and 10.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from handgrad.imports import random_state_kept
from handgrad.sweeps.space import Parameter, Values

FEWEST = 8  # settings; with fewer, a forest fits noise
TREES = 200
SHUFFLES = 20
LITTLE = 0.2  # out-of-bag R2 below which the forest has learned next to nothing
METHOD = (
    f"decrease of R2 when the values of a parameter are permuted ({SHUFFLES} times), "
    f"in a random forest of {TREES} trees that predicts the mean metric of a setting"
)


def importance(
    space: Sequence[Parameter], settings: Sequence[Values], means: Sequence[float]
) -> dict[str, Any]:
    """The importance by parameter, the method in words, and the out-of-bag R2.

    If there is too little data, `parameters` is empty and `why` says why.
    """
    made: dict[str, Any] = {"method": METHOD, "parameters": {}, "r2": None, "why": ""}
    if len(settings) < FEWEST:
        why = f"{len(settings)} settings are complete, {FEWEST} are needed"
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
    """The out-of-bag R2, with a warning if it is low."""
    sign = "\N{MINUS SIGN}" if r2 < 0 else ""
    words = f"out-of-bag R² {sign}{abs(r2):.2f}"
    return f"{words}, too low to rely on" if r2 < LITTLE else words


def _falls(places: Any, means: Any) -> tuple[Any, float]:
    """Decreases of R2 by permutation, a row per parameter; and the out-of-bag R2."""
    with random_state_kept():
        from sklearn.ensemble import RandomForestRegressor
        from sklearn.inspection import permutation_importance

    forest = RandomForestRegressor(TREES, oob_score=True, random_state=0)
    forest.fit(places, means)
    found = permutation_importance(
        forest, places, means, n_repeats=SHUFFLES, random_state=0
    )
    return found.importances, float(forest.oob_score_)
