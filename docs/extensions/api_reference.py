"""One page for each public module, and docstrings as reStructuredText."""

import re
import runpy
from collections.abc import Iterator
from importlib import import_module
from inspect import cleandoc, isclass, isfunction, ismodule
from itertools import groupby
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

ROOT = Path(__file__).parents[2]
PARTS = runpy.run_path(str(ROOT / "scripts" / "api"))["PARTS"]
CODE = {"Equations": "text", "Example": "python"}
LISTS = ("Shapes", "Units")
PROSE = ("Cache", "Source", "Errors")
DERIVATION = re.compile(r"docs/derivations/(\w+)\.md")
HEAD = """# API reference

Everything that a script may rely on; other names may change without notice. Each
layer, loss and optimizer states its shapes, its equations and its source.

```{toctree}
"""


def setup(app: Sphinx) -> dict[str, Any]:
    """Register both parts with Sphinx."""
    app.connect("builder-inited", write_pages)
    app.connect("autodoc-process-docstring", _convert)
    return {"parallel_read_safe": True}


def write_pages(app: Sphinx) -> None:
    """Write the pages below docs/reference, which git ignores."""
    folder = Path(app.srcdir) / "reference"
    folder.mkdir(exist_ok=True)
    pages = {f"{part}.md": page_of(part) for part in PARTS}
    pages["index.md"] = HEAD + "\n".join(PARTS) + "\n```\n"
    for name, text in pages.items():
        path = folder / name
        if not path.exists() or path.read_text() != text:
            path.write_text(text)


def page_of(part: str) -> str:
    """The page of one module: its description, then each of its public names."""
    module = import_module(part)
    lines = [f"# {part}", "", "```{eval-rst}"]
    lines += [*as_rst(cleandoc(module.__doc__ or "").splitlines()), ""]
    lines += [f".. currentmodule:: {part}", ""]
    for name in module.__all__:
        if not ismodule(value := getattr(module, name)):
            lines += _directive(name, value)
    return "\n".join([*lines, "```", ""])


def _directive(name: str, value: object) -> list[str]:
    if isclass(value):
        kind = "exception" if issubclass(value, BaseException) else "class"
        return [f".. auto{kind}:: {name}", "   :members:", ""]
    if isfunction(value):
        return [f".. autofunction:: {name}", ""]
    return [f".. py:data:: {name}", ""]


def _convert(_: Sphinx, *event: Any) -> None:
    """Replace the lines of a docstring in place."""
    lines = event[-1]
    lines[:] = list(as_rst(lines))


def as_rst(lines: list[str]) -> Iterator[str]:
    """The lines of a docstring as reStructuredText, section by section."""
    heading, block = "", []
    for line in [*lines, "End"]:
        if line in (*CODE, *LISTS, *PROSE, "End"):
            yield from _section(heading, block)
            heading, block = line, []
        elif heading and line and not line.startswith(" "):
            yield from _section(heading, block)
            heading, block = "", [line]
        else:
            block.append(line)


def _section(heading: str, block: list[str]) -> Iterator[str]:
    """One section: a code block, a definition list, or prose."""
    if heading:
        yield from (f".. rubric:: {heading}", "")
    if heading in CODE:
        yield from (f".. code-block:: {CODE[heading]}", "", *block)
    elif heading in LISTS:
        yield from _definitions(block)
    else:
        indent = "    " if heading else ""
        yield from _prose([line.removeprefix(indent) for line in block])
    yield ""


def _prose(lines: list[str]) -> Iterator[str]:
    """Paragraphs; indented lines keep their line breaks."""
    for is_indented, group in groupby(lines, key=lambda line: line.startswith(" ")):
        text = [*group]
        if is_indented:
            yield from (
                "",
                *(f"| {line}" for line in escaped(cleandoc("\n".join(text)))),
            )
            yield ""
        else:
            yield from escaped("\n".join(text))


def _definitions(block: list[str]) -> Iterator[str]:
    """Lines of `name  text`, with indented continuations, as a definition list."""
    for line in block:
        name, gap, text = line.strip().partition("  ")
        is_new = not line.startswith("     ")
        if is_new and gap:
            yield from ("", f"``{name}``")
        indent = "" if is_new and not gap else "    "
        rest = text if is_new and gap else line
        yield from (indent + each for each in escaped(rest.strip()))


def escaped(text: str) -> list[str]:
    """Text whose asterisks, bars and underscores are not markup, outside backticks."""
    parts = re.split(r"(`[^`]*`)", text)
    parts[::2] = [re.sub(r"([*|\\]|_(?!\w))", r"\\\1", part) for part in parts[::2]]
    parts[::2] = [
        DERIVATION.sub(r":doc:`/derivations/\1`", part) for part in parts[::2]
    ]
    parts[1::2] = [f"`{part}`" for part in parts[1::2]]
    return "".join(parts).splitlines()
