"""What could not be saved, and what becomes of it: it is kept, and tried again."""

from handgrad.errors import HandgradError, UnsavedError
from handgrad.training.checkpoint import Checkpoint


class Unsaved:
    """The failure that nothing has mended yet, and the best state if it was hit.

    The last state needs no keeping: training holds it. The best one would be gone with
    the next step.
    """

    def __init__(self) -> None:
        self.failure: HandgradError | None = None
        self.attempts = 0
        self.best: Checkpoint | None = None

    def failed(self, error: HandgradError, best: Checkpoint | None) -> None:
        """Keep what is known; an older best state gives way to a newer one."""
        self.failure = error
        self.attempts += 1
        self.best = best or self.best

    def mended(self) -> None:
        """All is on the disk again."""
        self.failure, self.attempts, self.best = None, 0, None

    def error(self, step: int) -> UnsavedError:
        """What a run that trained to its end says when not all of it was saved."""
        assert self.failure is not None, "all is saved"
        times = "once" if self.attempts == 1 else f"{self.attempts} times in turn"
        return UnsavedError(
            f"Training has ended with step {step}, but not all of it is saved: saving "
            f"failed {times}. {self.failure}"
        )
