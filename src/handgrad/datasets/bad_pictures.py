"""Pictures that cannot be read: all of them are named, or left out and named."""

import warnings
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from handgrad.datasets.layout import Plan
from handgrad.errors import DatasetError, HandgradWarning
from handgrad.text import decoded

MOST = 50  # that an error names
ADVICE = "or go on without {them} (skip_bad, --skip-bad)."


class BadPicturesError(DatasetError):
    """Pictures that cannot be read; `found` holds a sentence for each file's name."""

    found: Mapping[str, str]


def all_bad(found: Mapping[str, str], count: int) -> BadPicturesError:
    """The error for these of `count` pictures, in one sentence and an advice."""
    sentences = sorted(found.values())
    if len(sentences) == 1:
        error = BadPicturesError(f"{sentences[0][:-1]}, {ADVICE.format(them='it')}")
    else:
        more = len(sentences) - MOST
        shown = [_reason(sentence) for sentence in sentences[:MOST]]
        named = "; ".join([*shown, *([f"and {more:,} more"] if more > 0 else [])])
        error = BadPicturesError(
            f"{len(sentences):,} of {count:,} pictures are bad: {named}. Replace them "
            f"or take them out, {ADVICE.format(them='them')}"
        )
    error.found = dict(found)
    return error


def without(plan: Plan, bad: Mapping[str, str]) -> Plan:
    """The plan without these files; DatasetError if a class then has none to train on.

    The others stay in the splits that they were in.
    """
    if not bad:
        return plan
    kept = np.array([file.name not in bad for file in plan.files])
    train, test, validation = (
        int(part.sum()) for part in np.split(kept, np.cumsum(plan.counts)[:-1])
    )
    targets = plan.targets[kept]
    classes = len(plan.class_names)
    before = np.bincount(plan.targets[: plan.counts[0]], minlength=classes)
    now = np.bincount(targets[:train], minlength=classes)
    lost = np.flatnonzero((before > 0) & (now == 0))
    if len(lost):
        name = plan.class_names[int(lost[0])]
        why = next(iter(sorted(bad.values())))
        raise DatasetError(
            f"No training picture of {name} can be read, so nothing can be left out: "
            f"{_reason(why)}. Replace the pictures, or take the class out."
        )
    files = tuple(file for file in plan.files if file.name not in bad)
    return replace(
        plan,
        files=files,
        targets=targets,
        counts=(train, test, validation),
        skipped=dict(sorted(bad.items())),
    )


def warn_of(skipped: Mapping[str, str], count: int) -> None:
    """HandgradWarning that names every picture that was left out of `count`."""
    if not skipped:
        return
    which = "1 picture is" if len(skipped) == 1 else f"{len(skipped):,} pictures are"
    reasons = "; ".join(_reason(decoded(why)) for why in skipped.values())
    warnings.warn(
        f"{which} left out of {count:,}: {reasons}.", HandgradWarning, stacklevel=3
    )


def _reason(sentence: str) -> str:
    """What is wrong, without the advice that follows."""
    return sentence.rpartition(". ")[0] or sentence.removesuffix(".")
