"""State that could not be saved: it is kept in memory until a retry succeeds."""

from handgrad.errors import HandgradError, UnsavedError
from handgrad.training.checkpoint import Checkpoint


class Unsaved:
    """The last failure to save that no retry has fixed, and the best state if unsaved.

    The last state needs no copy, because training holds it. The best state would be
    overwritten by the next step.
    """

    def __init__(self) -> None:
        self.failure: HandgradError | None = None
        self.attempts = 0
        self.best: Checkpoint | None = None

    def failed(self, error: HandgradError, best: Checkpoint | None) -> None:
        """Record a failure; a newer best state replaces an older one."""
        self.failure = error
        self.attempts += 1
        self.best = best or self.best

    def clear(self) -> None:
        """Clear the failure: everything is on disk again."""
        self.failure, self.attempts, self.best = None, 0, None

    def error(self, step: int) -> UnsavedError:
        """The error of a run that trained to its end but was not saved completely."""
        assert self.failure is not None, "all is saved"
        times = "once" if self.attempts == 1 else f"{self.attempts} times in a row"
        return UnsavedError(
            f"Training has ended with step {step}, but not all of it is saved: saving "
            f"failed {times}. {self.failure}"
        )
