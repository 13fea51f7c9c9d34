"""Train on arrays without a run folder, and keep the network of the best epoch."""

from collections.abc import Callable, Iterable

from handgrad.engine.state import model_state, restore_model
from handgrad.layers import Sequential
from handgrad.training.records import EpochRecord, Record

OnEpoch = Callable[[EpochRecord], None]


def train_to_best(
    records: Iterable[Record], model: Sequential, on_epoch: OnEpoch
) -> None:
    """Train, then restore the epoch with the lowest loss, as a run does.

    The loss is that of the validation data, or of training if there is none. After an
    interruption the network is that of the best epoch so far.
    """
    best, is_last = None, True
    try:
        for record in records:
            if isinstance(record, EpochRecord):
                on_epoch(record)
                is_last = record.is_best
                best = model_state(model) if record.is_best else best
            else:
                is_last = False
    finally:
        if best is not None and not is_last:
            restore_model(model, best)
