"""Formatting of metrics, variants, counts and numbers."""

from collections.abc import Sequence

from handgrad.studies.experiment import ALONE
from handgrad.studies.study_summary import Summary

PARTS = {"train": "training", "f1": "F1"}
CLOSE = 1e-3  # below it, four decimals are too few
THOUSAND = 1000  # no decimals from here on
MILLION = 1e6
LARGEST = 100  # of a unit of time, then the next unit
NOTHING = "—"
DIGITS = 1e7  # four significant digits from here on


def metric_words(metric: str, epoch: int | None = None) -> str:
    """The name of a metric in words: training loss after epoch 5."""
    if metric == "diverged":
        words = "fraction of diverged seeds"
    elif metric.endswith("_rises"):
        words = f"increases of the {metric_words(metric.removesuffix('_rises'))}"
    else:
        words = " ".join(PARTS.get(part, part) for part in metric.split("_"))
    return words if epoch is None else f"{words} after epoch {epoch}"


def variant_words(variant: str) -> str:
    """The name of a variant in words: learning rate 0.1; '' for the only one."""
    return "" if variant == ALONE else variant.replace("_", " ").replace("=", " ")


def number(value: float) -> str:
    """Format a number with four decimals, or with digits that suit its size."""
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
    """Format both with equal precision: 0.8790 ± 0.0021; only the mean for one seed."""
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
    """Capitalize the first letter."""
    return sentence[:1].upper() + sentence[1:]


def listed(parts: Sequence[str]) -> str:
    """Join as "a, b and c"."""
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))


def counted(count: int, thing: str) -> str:
    """Format a count: 1 trial, 2 trials."""
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def duration_words(seconds: float) -> str:
    """Format seconds in a suitable unit: 8.2 s, 3.2 min, 1.5 h."""
    for size, unit in ((1, "s"), (60, "min"), (3600, "h")):
        value = seconds / size
        if value < LARGEST or unit == "h":
            break
    return f"{value:.1f} {unit}" if value < 10 else f"{value:,.0f} {unit}"


def tick_words(value: float) -> str:
    """Format a tick label: 0.05, 12,000, 2.5M, 3e-07."""
    value = float(f"{value:.12g}") + 0.0  # no -0
    if MILLION <= abs(value) < 1000 * MILLION:
        return f"{value / MILLION:g}M"
    return f"{value:,.0f}" if THOUSAND <= abs(value) < MILLION else f"{value:g}"


def cut(text: str, most: int) -> str:
    """Truncate the text to at most `most` characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def short_names(variants: Sequence[str]) -> tuple[str, dict[str, str]]:
    """The one setting that varies, if any, and each variant without its name.

    Example
        short_names(["momentum=0", "momentum=0.9"])
        ->  "momentum", {"momentum=0": "0", "momentum=0.9": "0.9"}
    """
    parts = [variant.partition("=") for variant in variants]
    keys = {key for key, equals, _ in parts if equals}
    is_one = len(keys) == 1 and all("=" in v and ", " not in v for v in variants)
    if len(variants) < 2 or not is_one:
        return "", {variant: variant.replace("_", " ") for variant in variants}
    names = {v: value for v, (_, _, value) in zip(variants, parts, strict=True)}
    return keys.pop().replace("_", " "), names
