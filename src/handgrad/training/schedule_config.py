"""The table of the schedule in a configuration."""

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from handgrad import catalog
from handgrad.ranges import MOST
from handgrad.training.settings_table import NamedTable, Table, Whole, spelled


class Shortened(Table):
    """From an epoch on, the schedule passes faster, since the time was short.

    What was planned for the epochs after `after` up to `planned` is passed by the epoch
    `epochs`.
    """

    after: Whole
    planned: Whole
    epochs: Whole

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        if not self.after < self.epochs < self.planned:
            raise ValueError("takes epochs above after and below planned")
        return self


class ScheduleConfig(NamedTable):
    """A schedule of the catalogue. Lengths in steps default to the whole run.

    A run that has to end in time writes `shortened`.
    """

    LATER = frozenset({"shortened"})

    name: Annotated[str, spelled(catalog.SCHEDULES)] = "constant"
    warmup_epochs: float = Field(default=0.0, ge=0, le=MOST)
    shortened: Annotated[tuple[Shortened, ...], Field(strict=False)] | None = None

    def planned_epochs(self, epochs: int) -> int:
        """The epochs that the schedule was made for, of a run of `epochs`."""
        return self.shortened[0].planned if self.shortened else epochs

    def shorten(self, **row: Any) -> Self:
        """The same schedule with one more row in `shortened`."""
        rows = (*(self.shortened or ()), Shortened(**row))
        return self.model_copy(update={"shortened": rows})
