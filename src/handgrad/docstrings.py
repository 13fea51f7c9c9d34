"""Docstrings, available even when Python strips them (-OO)."""

import ast
from collections.abc import Callable
from inspect import cleandoc, getsource
from textwrap import dedent
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])


def docstring(thing: Any) -> str:
    """A function's or class's own docstring, read from its source if necessary."""
    text = vars(thing).get("__doc__") if isinstance(thing, type) else thing.__doc__
    return cleandoc(text if text is not None else _in_source(thing))


def documented(function: Function) -> Function:
    """Set the docstring of a function even under -OO; return the function."""
    function.__doc__ = docstring(function)
    return function


def _in_source(thing: Any) -> str:
    try:
        tree = ast.parse(dedent(getsource(thing)))
    except (OSError, TypeError, SyntaxError):  # no source file
        return ""
    part = tree.body[0]
    if not isinstance(part, ast.FunctionDef | ast.ClassDef):
        return ""
    return ast.get_docstring(part) or ""
