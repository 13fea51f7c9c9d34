"""Errors and warnings for images that cannot be read."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from handgrad.datasets.layout import Plan
from handgrad.errors import DatasetError, warn
from handgrad.text import decoded

MOST = 50  # listed in an error
ADVICE = "or skip {them} (skip_bad, --skip-bad)."


class UnreadableImagesError(DatasetError):
    """Images that cannot be read; `found` maps each file's name to a sentence."""

    found: Mapping[str, str]


def all_bad(found: Mapping[str, str], count: int) -> UnreadableImagesError:
    """Return the error for these files among `count` images."""
    sentences = sorted(found.values())
    if len(sentences) == 1:
        error = UnreadableImagesError(
            f"{sentences[0][:-1]}, {ADVICE.format(them='it')}"
        )
    else:
        more = len(sentences) - MOST
        shown = [_reason(sentence) for sentence in sentences[:MOST]]
        named = "; ".join([*shown, *([f"and {more:,} more"] if more > 0 else [])])
        error = UnreadableImagesError(
            f"{len(sentences):,} of {count:,} images cannot be read: {named}. "
            f"Replace or remove them, {ADVICE.format(them='them')}"
        )
    error.found = dict(found)
    return error


def without(plan: Plan, bad: Mapping[str, str]) -> Plan:
    """Return the plan without these files; the others stay in their splits.

    DatasetError if a class loses all its training files.
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
            f"No training image of {name} can be read, so they cannot be skipped: "
            f"{_reason(why)}. Replace the images, or remove the class."
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
    """Issue a HandgradWarning that names every skipped image."""
    if not skipped:
        return
    reasons = "; ".join(_reason(decoded(why)) for why in skipped.values())
    warn(f"{len(skipped):,} of {count:,} images skipped: {reasons}.")


def _reason(sentence: str) -> str:
    """Return the sentence without the next step at its end."""
    return sentence.rpartition(". ")[0] or sentence.removesuffix(".")
