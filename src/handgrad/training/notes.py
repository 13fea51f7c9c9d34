"""Notes that a run stores with a checkpoint, besides its position."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from handgrad.errors import RunError
from handgrad.ranges import LARGEST, is_number
from handgrad.training.records import OF_EPOCH

LOGS = ("metrics", "timings")


@dataclass(frozen=True)
class Notes:
    """Values needed to resume from a checkpoint.

    Units
        sizes    bytes of each log at that time
        seconds  of training until then
    """

    sizes: dict[str, int]
    seconds: float
    last_epoch: dict[str, Any]
    config_sha256: str | None = None  # older checkpoints have none

    def as_values(self) -> dict[str, Any]:
        """Return plain values, as a checkpoint stores them."""
        return asdict(self)

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> "Notes":
        """Restore notes from `as_values`; RunError if they are invalid.

        The names of the logs matter most: the files are truncated to these sizes.
        """
        made = {"sizes": None, "seconds": None, "last_epoch": None, **values}
        sizes, checksum = made["sizes"], made.get("config_sha256")
        is_right = (
            made.keys() <= cls.__dataclass_fields__.keys()
            and isinstance(sizes, dict)
            and sizes.keys() == set(LOGS)
            and all(type(size) is int and size >= 0 for size in sizes.values())
            and is_number(made["seconds"])
            and 0 <= made["seconds"] <= LARGEST
            and isinstance(made["last_epoch"], dict)
            and made["last_epoch"].keys() in (set(), set(OF_EPOCH))
            and all(n is None or is_number(n) for n in made["last_epoch"].values())
            and isinstance(checksum, str | None)
        )
        if not is_right:
            raise RunError(
                "The checkpoint cannot be resumed: its notes are not in the format of "
                "this version. Use the version that wrote it."
            )
        return cls(**made)
