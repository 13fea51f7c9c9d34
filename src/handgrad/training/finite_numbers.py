"""Check that the arrays of a saved network are usable for prediction."""

from pathlib import Path

import numpy as np

from handgrad.engine.state import model_state
from handgrad.errors import RunError
from handgrad.layers import Sequential


def check_numbers(model: Sequential, place: Path) -> None:
    """Raise RunError for NaN, infinity or a negative variance in a saved network."""
    for name, array in model_state(model).items():
        wrong = "NaN or infinity" if not np.isfinite(array).all() else None
        if name.endswith("running_var") and (array < 0).any():
            wrong = "a variance below 0"
        if wrong:
            raise RunError(
                f"{place}: {name} holds {wrong}, so its predictions would be "
                "meaningless. Use another checkpoint or a backup, or train again."
            )
