"""Early stopping: a function of the losses so far."""

from collections.abc import Sequence


def best_epoch(losses: Sequence[float]) -> int:
    """The first epoch with the lowest loss, counted from 1; 0 before any."""
    return losses.index(min(losses)) + 1 if losses else 0


def should_stop(losses: Sequence[float], patience: int | None) -> bool:
    """Return whether to stop early: no lower loss for `patience` epochs.

    Units
        losses    one for each finished epoch
        patience  epochs without a loss below the best before them; None never stops
    """
    return patience is not None and len(losses) - best_epoch(losses) >= patience
