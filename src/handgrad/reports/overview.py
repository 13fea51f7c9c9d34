"""The overview of a study: the question of every row and its results."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from handgrad.reports.row_summary import VERDICTS
from handgrad.studies.experiment import Size

HOLDS = {True: "holds", False: "does not hold", None: "not known"}

Chip = tuple[str, str]  # a word, which has a colour, and the text with its count


def overview(results: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the overview table says about each row."""
    return [
        {
            "name": row["row"],
            "question": row["question"],
            "essence": row.get("essence"),
            "verdicts": verdict_chips([row]),
            "findings": finding_chips(row),
            "trials": trials_words(row),
        }
        for row in results["rows"]
    ]


def shown_size(row: Mapping[str, Any]) -> Size:
    """The size to show first: full, unless more quick trials have ended."""
    full, quick = (row["sizes"][size]["ended"] for size in ("full", "quick"))
    return "quick" if quick > full else "full"


def verdict_chips(rows: Sequence[Mapping[str, Any]]) -> list[Chip]:
    """The number of each verdict."""
    counts = Counter(p["verdict"] for row in rows for p in row["published"])
    return [counted_chip(counts[name], name) for name in VERDICTS if counts[name]]


def finding_chips(row: Mapping[str, Any]) -> list[Chip]:
    """The number of findings that hold, in the size that is shown first."""
    size = row["sizes"][shown_size(row)]
    holds = [finding["holds"] for finding in size["findings"]]
    if holds and not size["ended"]:
        return [counted_chip(1, "not run")]
    counts = [(holds.count(value), word) for value, word in HOLDS.items()]
    return [counted_chip(count, word) for count, word in counts if count]


def counted_chip(count: int, word: str) -> Chip:
    """A chip with a count, such as "3 reproduced"; 1 is not written."""
    plural = "hold" if word == "holds" else word
    return word, word if count == 1 else f"{count} {plural}"


def trials_words(row: Mapping[str, Any]) -> str:
    """The number of ended trials and of all trials, by size."""
    return ", ".join(
        f"{name} {size['ended']}/{size['trials']}"
        for name, size in row["sizes"].items()
    )
