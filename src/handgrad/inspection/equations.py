"""Equations of layers and losses, read from their docstrings and source code."""

import re
from inspect import getsourcelines, signature
from textwrap import dedent
from typing import Any

from handgrad.docstrings import docstring

SECTION = re.compile(r"^Equations\n((?:[ ].*\n|\n)*)", re.MULTILINE)
PREDICTION = "prediction:"  # the equations after it hold in prediction


def equations_of(part: Any) -> str:
    """The Equations section of the class docstring of a layer or a loss.

    Empty for a subclass without its own docstring, since its equations may differ.
    """
    text = docstring(type(part)) + "\n"
    found = SECTION.search(text)
    return dedent(found[1]).strip("\n") if found else ""


def equation_of(equations: str, name: str, *, training: bool) -> str:
    """The right-hand side of `name =`, on one line; empty if there is none.

    Example
        equation_of("outputs = max(inputs, 0)", "outputs", training=False)
        == "max(inputs, 0)"
    """
    general, _, predicting = equations.partition(PREDICTION)
    for text in (general,) if training else (_padded(predicting), general):
        found = "; ".join(_definitions(text, name))
        if found:
            return found
    return ""


def cache_name(part: Any) -> str:
    """The name of a single-array cache: that of the argument of `backward`."""
    return list(signature(type(part).backward).parameters)[-1]


def equation_line(layer: Any, parameter: str) -> tuple[str, int, str]:
    """The line of a layer's `backward` that computes a gradient: file, number, text."""
    lines, first = getsourcelines(type(layer).backward)
    module = type(layer).__module__.replace(".", "/") + ".py"
    for number, text in enumerate(lines, first):
        if text.strip().startswith(f"d_{parameter} ="):
            return module, number, text.strip()
    for number, text in enumerate(lines, first):
        if f'"{parameter}":' in text:
            return module, number, text.strip()
    return module, first, lines[0].strip()


def _padded(text: str) -> str:
    """The text, its first line indented to its column in the docstring."""
    return " " * len(PREDICTION) + text if text else ""


def _definitions(text: str, name: str) -> list[str]:
    """Every definition of a name, with its continuation lines."""
    head = re.compile(
        rf"^(?P<left>\s*(?:[\w ]+:\s+)?){re.escape(name)}"
        r"(?:\[[^\]]*\])?\s*=(?!=)\s*(?P<right>.*)$"
    )
    found: list[str] = []
    lines = text.splitlines()
    for number, line in enumerate(lines):
        start = head.match(line)
        if start is None:
            continue
        parts = [start["right"]]
        for following in lines[number + 1 :]:
            indent = len(following) - len(following.lstrip())
            if not following.strip() or indent <= len(start["left"]):
                break
            parts.append(following.strip())
        found.append(" ".join(parts))
    return found
