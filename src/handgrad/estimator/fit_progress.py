"""A progress line per epoch, for terminals and notebooks."""

from collections.abc import Callable

from handgrad.estimator.history import History
from handgrad.training.records import EpochRecord


def follow(
    history: History, epochs: int | None, verbose: bool | int
) -> Callable[[EpochRecord], None]:
    """Return a callback that adds an epoch to the history, and prints if `verbose`."""

    def on_epoch(record: EpochRecord) -> None:
        history.append(record)
        if verbose:
            print(line_of(record, epochs), flush=True)

    return on_epoch


def line_of(record: EpochRecord, epochs: int | None) -> str:
    """The progress line of an epoch."""
    total = "" if epochs is None else f" of {epochs}"
    line = (
        f"epoch {record.epoch}{total}: loss {record.train_loss:.4f}, "
        f"accuracy {record.train_accuracy:.2%}"
    )
    if record.validation_loss is not None:
        line += (
            f", validation loss {record.validation_loss:.4f}, "
            f"accuracy {record.validation_accuracy:.2%}"
        )
    return f"{line} ({record.images_per_second:,.0f} examples/s)"
