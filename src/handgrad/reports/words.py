"""Words for metrics, variants, counts and numbers."""

from collections.abc import Sequence

from handgrad.studies.experiment import ALONE
from handgrad.studies.summary import Summary

PARTS = {"train": "training", "f1": "F1"}
CLOSE = 1e-3  # below it, four digits after the point say too little
THOUSAND = 1000  # from there on, nothing after the point
LARGEST = 100  # of a unit of time, then the next
NOTHING = "—"
DIGITS = 1e7  # above it, all digits say too much


def metric_words(metric: str, epoch: int | None = None) -> str:
    """A metric's name as a reader says it: training loss after epoch 5."""
    if metric == "diverged":
        words = "share of diverged seeds"
    elif metric.endswith("_rises"):
        words = f"rises of the {metric_words(metric.removesuffix('_rises'))}"
    else:
        words = " ".join(PARTS.get(part, part) for part in metric.split("_"))
    return words if epoch is None else f"{words} after epoch {epoch}"


def variant_words(variant: str) -> str:
    """A variant's name in a sentence: learning rate 0.1; nothing for the only one."""
    return "" if variant == ALONE else variant.replace("_", " ").replace("=", " ")


def number(value: float) -> str:
    """Four digits after the point, or what is left to say."""
    if value and abs(value) < CLOSE:
        return f"{value:.3g}"
    if abs(value) >= DIGITS:
        return f"{value:.4g}"
    if abs(value) >= THOUSAND or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.4f}"


def with_spread(ours: Summary) -> str:
    """Mean and standard deviation over the seeds."""
    return mean_and_spread(ours.mean, ours.spread)


def mean_and_spread(mean: float, spread: float | None) -> str:
    """Both with as many digits: 0.8790 ± 0.0021; the mean alone for one seed."""
    if spread is None:
        return number(mean)
    if spread == 0 and mean == int(mean):
        return f"{number(mean)} ± 0"
    if CLOSE <= abs(mean) < THOUSAND:
        return f"{mean:.4f} ± {spread:.4f}"
    if abs(mean) >= THOUSAND and spread >= 1:
        return f"{number(mean)} ± {spread:,.0f}"
    return f"{number(mean)} ± {number(spread)}"


def capital(sentence: str) -> str:
    """The sentence with a large first letter."""
    return sentence[:1].upper() + sentence[1:]


def listed(parts: Sequence[str]) -> str:
    """a, b and c."""
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))


def counted(count: int, thing: str) -> str:
    """1 trial, 2 trials."""
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def duration_words(seconds: float) -> str:
    """Seconds in the unit that fits: 8.2 s, 3.2 min, 1.5 h."""
    for size, unit in ((1, "s"), (60, "min"), (3600, "h")):
        value = seconds / size
        if value < LARGEST or unit == "h":
            break
    return f"{value:.1f} {unit}" if value < 10 else f"{value:,.0f} {unit}"
