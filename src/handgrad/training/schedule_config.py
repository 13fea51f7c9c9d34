"""The table of the schedule in a configuration."""

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from handgrad import catalog
from handgrad.ranges import MOST
from handgrad.training.settings_table import NamedTable, Table, Whole, spelled

FORMER = "shortened"  # the name of `rescheduled` in older files


class Rescheduled(Table):
    """From an epoch on, the schedule passes in other epochs than planned.

    What was planned for the epochs after `after` up to `planned` is passed by the epoch
    `epochs`.
    """

    after: Whole
    planned: Whole
    epochs: Whole

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        if not self.after < min(self.epochs, self.planned):
            raise ValueError("takes epochs and planned above after")
        return self


class ScheduleConfig(NamedTable):
    """A schedule of the catalogue. Lengths in steps default to the whole run.

    A run that has to end in time writes `rescheduled`, formerly `shortened`.
    """

    LATER = frozenset({"rescheduled"})

    name: Annotated[str, spelled(catalog.SCHEDULES)] = "constant"
    warmup_epochs: float = Field(default=0.0, ge=0, le=MOST)
    rescheduled: Annotated[tuple[Rescheduled, ...], Field(strict=False)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _read_former_name(cls, table: Any) -> Any:
        if not isinstance(table, dict) or FORMER not in table:
            return table
        rest = {name: value for name, value in table.items() if name != FORMER}
        return {"rescheduled": table[FORMER], **rest}

    def planned_epochs(self, epochs: int) -> int:
        """The epochs that the schedule was made for, of a run of `epochs`."""
        return self.rescheduled[0].planned if self.rescheduled else epochs

    def reschedule(self, **row: Any) -> Self:
        """The same schedule with one more row in `rescheduled`."""
        rows = (*(self.rescheduled or ()), Rescheduled(**row))
        return self.model_copy(update={"rescheduled": rows})
