"""Gradient clipping by global norm."""

from math import sqrt

from handgrad.arrays import Array, Gradients, array_namespace
from handgrad.ranges import check_positive


def clip_by_norm(gradients: Gradients, max_norm: float) -> tuple[Gradients, float]:
    """Scale all gradients so that their global norm is at most `max_norm`.

    Returns the gradients and their norm before clipping. ConfigError for a max_norm
    that is not a finite number above 0.

    Shapes
        gradients  name to array, of any shapes

    Equations
        norm      = sqrt(sum of squares of all entries of all gradients), in float64
        gradients = gradients * max_norm / norm where norm > max_norm, else unchanged

    Source
        Pascanu, Mikolov, Bengio (2013), On the difficulty of training recurrent
        neural networks, algorithm 1.
    """
    check_positive("clip_by_norm", "max_norm", max_norm)
    norm = gradient_norm(gradients)
    if norm > max_norm:
        scale = max_norm / norm
        gradients = {name: value * scale for name, value in gradients.items()}
    return gradients, norm


def gradient_norm(gradients: Gradients) -> float:
    """The global norm of `gradients`: the Euclidean norm of all entries as one vector.

    The squares are summed in float64, array by array in the order of the names.

    Equations
        norm = sqrt(sum of squares of all entries of all gradients)

    Source
        Pascanu, Mikolov, Bengio (2013), On the difficulty of training recurrent
        neural networks, section 3.2.
    """
    return sqrt(sum(_sum_of_squares(gradients[name]) for name in sorted(gradients)))


def _sum_of_squares(array: Array) -> float:
    xp = array_namespace(array)
    wide = xp.astype(array, xp.float64)  # squares of float32 may overflow
    return float(xp.sum(wide * wide))
