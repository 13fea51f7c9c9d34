"""The lessons run as they are, and convert to notebooks."""

import errno
import inspect
import json
import os
import re
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

from handgrad.errors import ConfigError, ResourceError
from handgrad.lessons import write
from handgrad.lessons.exercises import EXERCISES
from handgrad.lessons.notebook import CODE, lessons, notebook
from handgrad.testing import grade
from handgrad.training import atomic

ROOT = Path(__file__).parents[2]
CALL = re.compile(r"^grade\(\"(\w+)\", (\w+)\)$", re.MULTILINE)


@pytest.mark.slow
@pytest.mark.parametrize("lesson", lessons(), ids=lambda path: path.stem)
def test_a_lesson_runs_and_its_exercises_are_not_answered(
    lesson, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DISPLAY", raising=False)
    plt.switch_backend("agg")
    text = lesson.read_text(encoding="utf-8")
    names = {}
    for found in CODE.finditer(text):
        above = "\n" * text.count("\n", 0, found.start(1))
        exec(compile(above + found[1], str(lesson), "exec"), names)
    plt.close("all")
    asked = CALL.findall(text)
    assert 2 <= len(asked) <= 4
    for exercise, function in asked:
        assert grade(exercise, names[function]).passed is None
        solution = EXERCISES[exercise].solution
        assert [*inspect.signature(names[function]).parameters] == [
            *inspect.signature(solution).parameters
        ]


def test_every_exercise_belongs_to_one_lesson():
    texts = [path.read_text(encoding="utf-8") for path in lessons()]
    asked = [name for text in texts for name, _ in CALL.findall(text)]
    assert asked == [*dict.fromkeys(asked)]
    assert set(asked) == set(EXERCISES)
    assert all(text.count("Hint") == text.count("**Exercise") for text in texts)


def test_links_of_the_lessons_lead_to_pages():
    for lesson in lessons():
        links = re.findall(r"\]\(([^)]+)\)", lesson.read_text(encoding="utf-8"))
        assert links
        for link in links:
            assert (ROOT / "docs" / "tutorials" / link).resolve().is_file(), link


def test_every_lesson_has_its_page():
    pages = (ROOT / "docs" / "tutorials").glob("[0-9]*.md")
    assert {page.stem for page in pages} == {lesson.stem for lesson in lessons()}


def test_text_and_code_become_cells():
    found = notebook(
        "---\njupyter: 1\n---\n\n# A\n\n[b](../c/d.md) $x$\n\n```python\ne = 1\n```\n\n"
        "```\nshown\n```\n"
    )
    first, second, third = found["cells"]
    assert first["source"] == "# A\n\nb (`docs/c/d.md`) $x$"
    assert (second["cell_type"], second["source"]) == ("code", "e = 1")
    assert (third["cell_type"], third["source"]) == ("markdown", "```\nshown\n```")


def test_written_notebooks_have_the_form_of_the_format(tmp_path):
    paths = write(tmp_path / "a" / "b")
    assert len(paths) == len(list((tmp_path / "a" / "b").iterdir())) == 8
    for path in paths:
        found = json.loads(path.read_text(encoding="utf-8"))
        assert (found["nbformat"], found["nbformat_minor"]) == (4, 5)
        assert set(found) == {"cells", "metadata", "nbformat", "nbformat_minor"}
        ids = [cell["id"] for cell in found["cells"]]
        assert len(set(ids)) == len(ids) > 8
        assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", one) for one in ids)
        for cell in found["cells"]:
            keys = {"cell_type", "id", "metadata", "source"}
            code = {"execution_count", "outputs"}
            assert set(cell) == keys | (code if cell["cell_type"] == "code" else set())
        assert not found["cells"][0]["source"].startswith("---")


@pytest.mark.parametrize("folder", ["", "new/folder"])
def test_a_failed_call_leaves_nothing_and_can_be_repeated(
    tmp_path, monkeypatch, folder
):
    sizes = []
    real = atomic.write_all

    def write_all(handle, content):
        sizes.append(len(content))
        if len(sizes) == 4:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(handle, content)

    monkeypatch.setattr(atomic, "write_all", write_all)
    with pytest.raises(ResourceError, match="Free some disk space, then try again"):
        write(tmp_path / folder)
    assert len(sizes) == 4
    assert list(tmp_path.iterdir()) == []
    assert len(write(tmp_path / folder)) == 8


def test_what_is_there_is_not_overwritten(tmp_path):
    kept, *others = write(tmp_path)
    kept.write_text("mine")
    others[0].unlink()
    with pytest.raises(ConfigError, match="exists and may hold your answers"):
        write(tmp_path)
    assert kept.read_text() == "mine"
    assert not others[0].exists()
    assert write(tmp_path, force=True) == [kept, *others]
    assert kept.read_text() != "mine"
    with pytest.raises(ConfigError, match="is not a folder"):
        write(kept)
    with pytest.raises(ConfigError, match="as a path"):
        write(3)
