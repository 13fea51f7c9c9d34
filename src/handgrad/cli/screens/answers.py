"""Predictions for image files: as a table, as CSV, as plain values."""

from collections.abc import Sequence
from typing import Any

from handgrad.cli.screens.console import say, show, table
from handgrad.inspection.mistakes import confidence
from handgrad.text import csv_of, decoded, number_of
from handgrad.training.image_predictions import Answer
from handgrad.training.trained_network import TrainedNetwork


def as_dict(
    answer: Answer, network: TrainedNetwork, unsure: float | None = None
) -> dict[str, Any]:
    """The predicted class, and the probability or score of every class.

    With a limit `unsure`, also whether the prediction is below it.
    """
    best, names = int(answer.scores.argmax()), network.class_names
    one, all_of = words_of(network)
    return {
        "image": str(answer.path),
        "class": names[best],
        one: float(answer.scores[best]),
        all_of: dict(zip(names, answer.scores.tolist(), strict=True)),
        "seems_inverted": answer.seems_inverted,
        **({} if unsure is None else {"unsure": answer.is_unsure(unsure)}),
    }


def words_of(network: TrainedNetwork) -> tuple[str, str]:
    """What the scores are called, in the singular and the plural."""
    is_sure = network.gives_probabilities
    return ("probability", "probabilities") if is_sure else ("score", "scores")


def show_answers(
    answers: Sequence[Answer],
    network: TrainedNetwork,
    top: int,
    unsure: float | None = None,
) -> None:
    """Print a line per image: the predicted class, and the next most probable ones.

    Predictions below the limit `unsure` are marked, and counted.
    """
    one, _ = words_of(network)
    marks = () if unsure is None else ("",)
    shown = table("image", "class", one, *marks, "next", right=(one,))
    for answer in answers:
        order = (-answer.scores).argsort(kind="stable")[:top]
        best, *others = (
            (
                network.class_names[place],
                confidence(float(answer.scores[place]), network.gives_probabilities),
            )
            for place in order
        )
        then = ", ".join(f"{name} {sure}" for name, sure in others)
        mark = "unsure" if unsure is not None and answer.is_unsure(unsure) else ""
        shown.add_row(str(answer.path), *best, *(mark for _ in marks), then)
    show(shown)
    if unsure is not None:
        count = sum(answer.is_unsure(unsure) for answer in answers)
        say(f"{count:,} of {number_of(len(answers), 'image')} unsure: below {unsure:g}")


def csv_text(
    answers: Sequence[Answer], network: TrainedNetwork, unsure: float | None = None
) -> str:
    """One row per image: the predicted class, and the scores of all classes.

    With a limit `unsure`, the last column says whether the prediction is below it.
    """
    one, _ = words_of(network)
    names = network.class_names
    heads = ("image", "class", one, *(f"{one} of {name}" for name in names))
    last = () if unsure is None else ("unsure",)
    rows = (
        (
            decoded(str(answer.path)),
            names[int(answer.scores.argmax())],
            float(answer.scores.max()),
            *answer.scores.tolist(),
            *(("no", "yes")[answer.is_unsure(unsure)] for _ in last if unsure),
        )
        for answer in answers
    )
    return csv_of([(*heads, *last), *rows])
