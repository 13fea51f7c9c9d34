"""Predictions for image files: as a table, as CSV, as plain values."""

from collections.abc import Sequence
from typing import Any

from handgrad.cli.screens.console import show, table
from handgrad.inspection.mistakes import confidence
from handgrad.text import csv_of, decoded
from handgrad.training.image_predictions import Answer
from handgrad.training.trained_network import TrainedNetwork


def as_dict(answer: Answer, network: TrainedNetwork) -> dict[str, Any]:
    """The predicted class, and the probability or score of every class."""
    best, names = int(answer.scores.argmax()), network.class_names
    one, all_of = words_of(network)
    return {
        "image": str(answer.path),
        "class": names[best],
        one: float(answer.scores[best]),
        all_of: dict(zip(names, answer.scores.tolist(), strict=True)),
        "seems_inverted": answer.seems_inverted,
    }


def words_of(network: TrainedNetwork) -> tuple[str, str]:
    """What the scores are called, in the singular and the plural."""
    is_sure = network.gives_probabilities
    return ("probability", "probabilities") if is_sure else ("score", "scores")


def show_answers(answers: Sequence[Answer], network: TrainedNetwork, top: int) -> None:
    """Print a line per image: the predicted class, and the next most probable ones."""
    one, _ = words_of(network)
    shown = table("image", "class", one, "next", right=(one,))
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
        shown.add_row(str(answer.path), *best, then)
    show(shown)


def csv_text(answers: Sequence[Answer], network: TrainedNetwork) -> str:
    """One row per image: the predicted class, and the scores of all classes."""
    one, _ = words_of(network)
    names = network.class_names
    heads = ("image", "class", one, *(f"{one} of {name}" for name in names))
    rows = (
        (
            decoded(str(answer.path)),
            names[int(answer.scores.argmax())],
            float(answer.scores.max()),
            *answer.scores.tolist(),
        )
        for answer in answers
    )
    return csv_of([heads, *rows])
