"""A finding in words, generated from its comparison and the measured numbers."""

from collections import Counter
from collections.abc import Sequence
from itertools import groupby, pairwise

from handgrad.reports.text_formatting import (
    capital,
    metric_words,
    number,
    variant_words,
)
from handgrad.studies.claims import COMPARISONS, Claim, Part, Term
from handgrad.studies.ledger import Outcome
from handgrad.studies.study_summary import Summary, summarize
from handgrad.studies.trials import Cell
from handgrad.studies.verdicts import Result

IS = {"<": "below", "<=": "at most", ">": "above", ">=": "at least"}
TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}

Found = dict[Term, Summary]
Side = tuple[Part, ...]


def finding_words(
    result: Result, cells: Sequence[Cell], outcomes: dict[str, Outcome]
) -> str:
    """The numbers behind a finding, and in how many of the seeds it holds.

    Example
        Test accuracy of max (0.8790) is above that of average (0.8512). This holds for
        each of 3 seeds.
    """
    if result.holds is None:
        return f"Not known: {result.why}."
    claim = result.finding.claim
    found = {term: summarize(term, cells, outcomes) for term in claim.terms}
    compared = _equal(claim, found) or [
        _compared(claim, at, found)
        for at, (left, right) in enumerate(pairwise(claim.sides))
        if not (_is_number(left) and _is_number(right))
    ]
    said = [
        f"{side_words(subject, found)} {' and '.join(words for _, words in same)}"
        for subject, same in groupby(compared, key=lambda pair: pair[0])
    ]
    return f"{capital('; '.join(said))}. {_in_seeds(claim, found)}".strip()


def _equal(claim: Claim, found: Found) -> list[tuple[Side, str]]:
    """Words for a <= b <= a, which states equality; [] for any other comparison."""
    if len(claim.sides) != 3 or claim.sides[0] != claim.sides[2]:
        return []
    if claim.signs[0] != claim.signs[1] or claim.signs[0] not in ("<=", ">="):
        return []
    equals = (
        "equals" if claim.holds(lambda term: found[term].mean) else "does not equal"
    )
    first, second, _ = claim.sides
    if _is_number(first):
        first, second = second, first
    return [(first, f"{equals} {_object(first, second, found)}")]


def _compared(claim: Claim, place: int, found: Found) -> tuple[Side, str]:
    """The subject and the statement of a comparison; the subject is never a number."""
    left, right = claim.sides[place : place + 2]
    values = claim.values(lambda term: found[term].mean)[place : place + 2]
    sign = claim.signs[place]
    is_ = "is" if COMPARISONS[sign](*values) else "is not"
    if _is_number(left) and not _is_number(right):
        left, right, sign = right, left, TURNED[sign]
    return left, f"{is_} {IS[sign]} {_object(left, right, found)}"


def side_words(side: Side, found: Found) -> str:
    """A side of a comparison with its numbers."""
    (first_sign, first), *others = side
    if not others and isinstance(first, Term) and first_sign > 0:
        return f"{_name(first)} ({number(found[first].mean)})"
    if _is_number(side):
        return f"{sum(sign * _value(part, found) for sign, part in side):g}"
    names, numbers = [], []
    for place, ((sign, part), times) in enumerate(Counter(side).items()):
        plus, many = "plus " if place else "", f"{times} x " if times > 1 else ""
        names.append(f"{'minus ' if sign < 0 else plus}{many}{_name(part)}")
        value = f"{many}{number(_value(part, found))}"
        numbers.append(f"{'- ' if sign < 0 else '+ ' if place else ''}{value}")
    total = sum(sign * _value(part, found) for sign, part in side)
    return f"{' '.join(names)} ({' '.join(numbers)} = {number(total)})"


def _object(subject: Side, side: Side, found: Found) -> str:
    """The second side; a metric already named by the subject is not repeated."""
    first, second = subject[0][1], side[0][1]
    if (
        len(subject) == len(side) == 1
        and isinstance(first, Term)
        and isinstance(second, Term)
        and second.variant
        and (first.metric, first.epoch) == (second.metric, second.epoch)
    ):
        return f"that of {variant_words(second.variant)} ({number(found[second].mean)})"
    return side_words(side, found)


def _name(part: Term | float) -> str:
    """A term in words, without its value."""
    if not isinstance(part, Term):
        return f"{part:g}"
    variant = variant_words(part.variant)
    words = metric_words(part.metric, part.epoch)
    return f"{words} of {variant}" if variant else words


def _value(part: Term | float, found: Found) -> float:
    return found[part].mean if isinstance(part, Term) else part


def _is_number(side: Side) -> bool:
    return not any(isinstance(part, Term) for _, part in side)


def _in_seeds(claim: Claim, found: Found) -> str:
    """The number of seeds for which the claim holds; '' for a single seed."""
    counts = {len(summary.values) for summary in found.values()}
    if len(counts) != 1:
        return ""
    count = counts.pop()
    if count == 1:
        return ""
    same = [_holds_in(place, claim, found) for place in range(count)].count(True)
    said = f"each of {count}" if same == count else f"{same} of {count}"
    return f"This holds for {said} seeds."


def _holds_in(place: int, claim: Claim, found: Found) -> bool:
    """Whether the claim holds for the seeds at an index."""
    return claim.holds(lambda term: found[term].values[place])
