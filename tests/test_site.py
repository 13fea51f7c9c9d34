"""The documentation site: it builds without a warning, whole, and needs no network."""

import re
import runpy
import subprocess
import sys
from html.parser import HTMLParser
from importlib import import_module
from inspect import ismodule
from pathlib import Path
from shutil import copytree, ignore_patterns
from urllib.parse import unquote, urlsplit

import pytest

pytest.importorskip("sphinx")
pytest.importorskip("myst_parser")
pytest.importorskip("pydata_sphinx_theme")
pytest.importorskip("latex2mathml")

ROOT = Path(__file__).parents[1]
PARTS = runpy.run_path(str(ROOT / "scripts" / "api"))["PARTS"]
pytestmark = pytest.mark.slow
LOADED = {"script": "src", "link": "href", "img": "src", "iframe": "src"}


class Page(HTMLParser):
    """The anchors, the links and the loaded files of one page."""

    def __init__(self, path):
        super().__init__()
        self.path, self.anchors, self.links, self.loaded = path, set(), [], []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.anchors.add(found.get("id"))
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        if tag in LOADED and LOADED[tag] in found:
            self.loaded.append(found[LOADED[tag]])


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The pages of a build of a copy of the sources, by their resolved path."""
    root = tmp_path_factory.mktemp("site")
    copytree(ROOT / "docs", root / "docs", ignore=ignore_patterns("_site", "reference"))
    for name in ("CHANGELOG.md", "scripts", "src"):
        (root / name).symlink_to(ROOT / name)
    words = ["-q", "-W", "--keep-going", "docs", "out"]
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", *words],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return {path: Page(path) for path in (root / "out").resolve().rglob("*.html")}


def named(site, ending):
    """The one page whose path ends so."""
    return next(page for path, page in site.items() if str(path).endswith(ending))


def test_every_document_has_its_page(site):
    for source in (ROOT / "docs").rglob("*.md"):
        place = source.relative_to(ROOT / "docs")
        if place.parts[0] not in ("_site", "reference") and place.name not in (
            "plan.md",
            "api.md",
        ):
            named(site, f"/out/{place.with_suffix('.html')}")


@pytest.mark.parametrize("part", PARTS)
def test_every_public_name_has_its_entry(site, part):
    page = named(site, f"/reference/{part}.html")
    module = import_module(part)
    for name in module.__all__:
        if not ismodule(getattr(module, name)):
            assert f"{part}.{name}" in page.anchors


def test_no_page_loads_anything_from_elsewhere(site):
    for path, page in site.items():
        for place in page.loaded:
            assert not urlsplit(place).netloc, f"{path}: {place}"


def test_every_link_leads_to_a_page_and_a_place_on_it(site):
    count = 0
    for path, page in site.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc or not (parts.path or parts.fragment):
                continue
            target = (path.parent / unquote(parts.path)).resolve()
            target = path if not parts.path else target
            assert target.exists(), f"{path}: {link}"
            if target in site and parts.fragment:
                assert unquote(parts.fragment) in site[target].anchors, link
            count += 1
    assert count > 1_000


def test_formulas_are_mathematics(site):
    text = named(site, "/derivations/conv2d.html").path.read_text(encoding="utf-8")
    assert text.count("<math") > 30
    assert not re.search(r"\$[^$]*\\(sum|partial|bar)", text)
    equations = named(site, "/reference/handgrad.layers.html").path.read_text()
    assert "d_weight" in equations
