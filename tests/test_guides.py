"""The Python code of the guides runs, block after block, in an empty folder."""

import re
from pathlib import Path

import pytest

from handgrad.engine.processor import has_matrix_unit

ROOT = Path(__file__).parents[1]
GUIDES = ROOT / "docs" / "guides"
OTHERS = ("docs/start.md", "docs/tutorials/index.md")
PAGES = sorted(
    path
    for path in [*GUIDES.glob("*.md"), *map(ROOT.joinpath, OTHERS)]
    if re.search(r"^```python$", path.read_text(encoding="utf-8"), re.MULTILINE)
)


def blocks(text):
    """The ```python blocks of a page, each moved down to the line where it stands."""
    for found in re.finditer(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        yield "\n" * text.count("\n", 0, found.start(1)) + found[1]


def run_blocks(path):
    """Run all blocks of a page in one namespace; errors name the line of the page."""
    namespace = {"__name__": "__main__"}
    found = list(blocks(path.read_text(encoding="utf-8")))
    for block in found:
        exec(compile(block, str(path), "exec"), namespace)
    return len(found)


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_code_of_a_page_runs(page, data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = page.read_text(encoding="utf-8")
    if '"clothing.zip"' in text:
        Path("clothing.zip").symlink_to(data("clothing.zip"))
    if '"digits.toml"' in text:  # the first file of the page, with a single trial
        table = text.partition("```toml\n")[2].partition("```")[0]
        one = table.replace("trials = 16", "trials = 1").replace("[0, 1, 2]", "[0]")
        Path("digits.toml").write_text(one, encoding="utf-8")
    assert run_blocks(page) > 0


@pytest.mark.skipif(has_matrix_unit(), reason="the page shows another program")
def test_the_program_is_printed_as_the_page_on_the_engine_shows_it(capsys):
    page = ROOT / "docs" / "architecture.md"
    assert run_blocks(page) == 1
    printed = capsys.readouterr().out.splitlines()
    text = page.read_text(encoding="utf-8")
    shown = text.partition("```\nProgram: ")[2].partition("```")[0].splitlines()[1:]
    lines = [" ".join(line.partition(" Mop")[0].split()) for line in shown]
    wanted = {line for line in lines if line != "..."}
    assert len(wanted) > 10
    assert wanted <= {" ".join(x.partition(" Mop")[0].split()) for x in printed}
    paths = re.findall(r"`((?:\w+/)*\w+\.py)`", text)
    package = ROOT / "src" / "handgrad"
    found = [(package / "engine" / path, package / path) for path in paths]
    assert len(found) > 10
    assert all(engine.exists() or whole.exists() for engine, whole in found)


@pytest.mark.slow
def test_the_script_of_the_first_screen_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run_blocks(ROOT / "README.md") > 0
    assert float(capsys.readouterr().out) > 0.95
    assert (tmp_path / "digits.safetensors").is_file()


def test_every_inspection_has_its_lines():
    from handgrad import inspection

    text = (GUIDES / "inspection.md").read_text(encoding="utf-8")
    functions = {n for n in inspection.__all__ if n.islower()}
    checks = {"by_entry", "by_projection", "check_catalogue"}
    missing = [n for n in functions - checks if f"inspection.{n}(" not in text]
    assert missing == []


def test_blocks_share_their_names_and_errors_name_the_line(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "Text.\n\n```python\na = 1\n```\n\n```sh\nls\n```\n\n```python\na / 0\n```\n"
    )
    with pytest.raises(ZeroDivisionError) as caught:
        run_blocks(page)
    place = caught.traceback[-1]
    assert (str(place.path), place.lineno + 1) == (str(page), 12)
