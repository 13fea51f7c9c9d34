"""The lessons as Jupyter notebooks.

The text of a lesson is Markdown with a head for jupytext: blocks marked `python` become
code cells, all else text cells.

Source
    The Jupyter notebook format, version 4.5 (nbformat).
"""

import json
import re
from pathlib import Path
from typing import Any

from handgrad.errors import ConfigError
from handgrad.paths import from_here, path_of
from handgrad.training.atomic import write_files

FOLDER = Path(__file__).parent
HEAD = re.compile(r"\A---\n.*?^---\n", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[([^\]]+)\]\((?:\.\./)+([^)]+)\)")
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def write(folder: str | Path, *, force: bool = False) -> list[Path]:
    """Write the lessons into a folder as notebooks (.ipynb); return their paths.

    `folder` is created if it does not exist. Nothing is written if one of the files
    exists, unless `force` allows replacing them: ConfigError. If writing fails, no
    notebook is new, and all can be written again.

    Example
        [path.suffix for path in write("lessons")] == 8 * [".ipynb"]
    """
    place = path_of("lessons.write", "folder", folder)
    if place.exists() and not place.is_dir():
        raise ConfigError(f"'{place}' is not a folder. Give the path of a folder.")
    notebooks = {
        place / f"{lesson.stem}.ipynb": notebook(lesson.read_text(encoding="utf-8"))
        for lesson in lessons()
    }
    present = [path for path in notebooks if path.exists()]
    if present and not force:
        raise ConfigError(
            f"'{from_here(present[0])}' exists and may hold your answers. Give another "
            "folder, or --force (force=True in Python) to replace it."
        )
    texts = {
        path.name: json.dumps(found, indent=1) for path, found in notebooks.items()
    }
    write_files(place, {name: f"{text}\n".encode() for name, text in texts.items()})
    return list(notebooks)


def lessons() -> list[Path]:
    """The texts of the lessons, in order."""
    return sorted(FOLDER.glob("*.md"))


def notebook(text: str) -> dict[str, Any]:
    """Convert the text of a lesson to the JSON object of a notebook."""
    parts = CODE.split(HEAD.sub("", text))  # text and code alternate
    cells = [
        _cell(number, part.strip("\n"), is_code=number % 2 == 1)
        for number, part in enumerate(parts)
        if part.strip()
    ]
    return {"cells": cells, "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5}


def _cell(number: int, source: str, *, is_code: bool) -> dict[str, Any]:
    """A cell; links into the documentation become its file names."""
    common = {"id": f"cell-{number}", "metadata": {}}
    if is_code:
        empty: dict[str, Any] = {"execution_count": None, "outputs": []}
        return {"cell_type": "code", **common, "source": source, **empty}
    plain = LINK.sub(r"\1 (`docs/\2`)", source)
    return {"cell_type": "markdown", **common, "source": plain}
