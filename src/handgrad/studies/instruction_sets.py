"""The instruction sets that trials ran with, which are no part of a trial's key.

A processor without a set must be able to continue a study, so trials of different sets
may stand next to each other; their numbers differ, mostly in the last digits.
"""

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from handgrad.engine.processor import VARIABLE
from handgrad.studies.ledger import DONE, Outcome


def instruction_sets(outcomes: Iterable[Outcome]) -> dict[str, int]:
    """Count the trials with results by the set that their outcomes record."""
    done = [outcome for outcome in outcomes if outcome["status"] == DONE]
    sets = (outcome["environment"].get("instruction_set") for outcome in done)
    return dict(sorted(Counter(str(name) for name in sets if name).items()))


def as_sentences(counts: Mapping[str, Any]) -> list[str]:
    """Report several sets, or another one than HANDGRAD_ISA names; usually nothing."""
    wanted = os.environ.get(VARIABLE)
    if len(counts) > 1:
        said = ", ".join(f"{count} with {name}" for name, count in counts.items())
        return [
            f"The trials ran with different instruction sets, so their numbers may "
            f"differ: {said}. To run all with one, write isa = "
            f'"{wanted or next(iter(counts))}" at the top of the file.'
        ]
    if wanted and counts and wanted not in counts:
        return [
            f"The trials ran with {next(iter(counts))}, not with the {wanted} of "
            f'{VARIABLE}. To run them again with it, write isa = "{wanted}" at the top '
            "of the file."
        ]
    return []
