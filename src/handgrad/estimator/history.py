"""The training history: one record per epoch."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from handgrad.errors import IntegrityError
from handgrad.training.early_stopping import best_epoch
from handgrad.training.model_file import load_history
from handgrad.training.records import EpochRecord, epoch_record
from handgrad.training.run_folder import RunFolder

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class History(list[EpochRecord]):
    """Epoch records in order; `plot` draws loss and accuracy.

    Example
        clf.history_[-1].train_loss
        clf.history_.plot().savefig("curves.png")
    """

    def plot(self) -> "Figure":
        """Plot loss and accuracy after each epoch, with the best epoch marked."""
        from handgrad.inspection.figures import curves, metric_curves

        loss, accuracy = metric_curves(self.as_rows())
        best = best_epoch(list(loss.judged)) or None  # 0 before the first has ended
        return curves(loss, accuracy, best_epoch=best)

    def as_rows(self) -> list[dict[str, Any]]:
        """The records as plain values, as stored in a file."""
        return [asdict(record) for record in self]


def history_of(path: str | Path) -> History:
    """Load the history of a saved classifier or a run; that of a run has no times."""
    place = Path(path)
    if place.is_file():
        rows = load_history(place)
    else:
        lines = RunFolder.open(place).records()
        rows = [line for line in lines if line["kind"] == "epoch"]
    try:
        return History(map(epoch_record, rows))
    except (TypeError, ValueError) as error:
        raise IntegrityError(
            f"{place} is damaged: its history cannot be read. Restore a copy, or train "
            "again."
        ) from error
