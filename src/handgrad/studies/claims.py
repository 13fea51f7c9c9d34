"""Comparisons between variants, as text that is parsed and never run as code.

    validation_accuracy(max) > validation_accuracy(average)
    train_accuracy(2,000) - validation_accuracy(2,000) > 0.05
    train_loss(32)@1 < train_loss(256)@1 < 2.3

A term is a number, or a metric of a variant, at its end or at an epoch. A side is a sum
of terms; each comparison sign compares the sides next to it.
"""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

from handgrad.errors import ConfigError

COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?(?:e[+-]?\d+)?)"
    r"|(?P<metric>[a-z][a-z0-9_]*)\((?P<variant>[^()]*)\)(?:@(?P<epoch>\d{1,9})(?!\d))?"
    r"|(?P<sign>[+-])|(?P<comparison><=|>=|<|>))"
)


@dataclass(frozen=True)
class Term:
    """A metric of a variant; an empty name means the only variant."""

    metric: str
    variant: str
    epoch: int | None = None

    def __str__(self) -> str:
        at = "" if self.epoch is None else f"@{self.epoch}"
        return f"{self.metric}({self.variant}){at}"


Part = tuple[int, Term | float]  # a sign and a term
Lookup = Callable[[Term], float]


@dataclass(frozen=True)
class Claim:
    """The sides of a chain of comparisons, and the signs between them."""

    text: str
    sides: tuple[tuple[Part, ...], ...]
    signs: tuple[str, ...]

    @property
    def terms(self) -> list[Term]:
        """Every metric in the claim, in order."""
        parts = [part for side in self.sides for part in side]
        return [term for _, term in parts if isinstance(term, Term)]

    @property
    def variants(self) -> list[str]:
        """The variant of every metric in the claim."""
        return [term.variant for term in self.terms]

    def values(self, lookup: Lookup) -> list[float]:
        """The number of each side."""
        return [
            sum(
                sign * (lookup(term) if isinstance(term, Term) else term)
                for sign, term in side
            )
            for side in self.sides
        ]

    def holds(self, lookup: Lookup) -> bool:
        """Whether every comparison is true."""
        values = self.values(lookup)
        return all(
            COMPARISONS[sign](left, right)
            for sign, left, right in zip(self.signs, values, values[1:], strict=False)
        )


def parse_claim(text: str) -> Claim:
    """Parse a comparison; ConfigError says where parsing fails."""
    sides: list[list[Part]] = [[]]
    signs: list[str] = []
    pending, is_open, place = 1, True, 0  # is_open: a term must follow
    while text[place:].strip():
        found = TOKEN.match(text, place)
        if found is None:
            raise _cannot_read(text, place)
        is_term = found["number"] is not None or found["metric"] is not None
        if is_term != is_open and not (is_open and found["sign"] and not sides[-1]):
            raise _cannot_read(text, place)
        if is_term:
            sides[-1].append((pending, _term(found)))
            pending, is_open = 1, False
        elif found["sign"]:
            pending, is_open = (-1 if found["sign"] == "-" else 1), True
        else:
            signs.append(found["comparison"])
            sides.append([])
            is_open = True
        place = found.end()
    if is_open or not signs:
        raise _cannot_read(text, len(text))
    return Claim(text, tuple(map(tuple, sides)), tuple(signs))


def _term(found: re.Match[str]) -> Term | float:
    if found["number"] is not None:
        return float(found["number"])
    epoch = None if found["epoch"] is None else int(found["epoch"])
    return Term(found["metric"], found["variant"].strip(), epoch)


def _cannot_read(text: str, place: int) -> ConfigError:
    rest = text[place:].strip() or "its end"
    return ConfigError(
        f"The comparison {text!r} cannot be parsed at {rest!r}. Write it like "
        "validation_accuracy(max) > validation_accuracy(average)."
    )
