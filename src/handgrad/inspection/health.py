"""Gradient norms and saturated units of a network, as far as it has any."""

from typing import Any

from handgrad.errors import ConfigError, sentence
from handgrad.inspection.gradient_flow import gradient_flow
from handgrad.inspection.saturation import saturation


def health(subject: Any) -> dict[str, Any]:
    """`gradients` and `units`: `gradient_flow` and `saturation` as plain values.

    `subject` is as in both. The `message` says why a network has none of them.
    """
    answers: dict[str, Any] = {}
    for name, look in (("gradients", gradient_flow), ("units", saturation)):
        try:
            answers[name] = look(subject).as_dict()
        except ConfigError as error:  # a network without such layers
            answers[name] = {"message": sentence(error)}
    return answers
