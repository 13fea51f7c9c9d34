"""Names and texts from files are text on every page, report and figure."""

from dataclasses import replace
from urllib.parse import unquote
from xml.etree import ElementTree

import numpy as np
import pytest

from handgrad.inspection.figures import confusion_matrix, mistakes, style
from handgrad.inspection.table import Table
from handgrad.reports import index, write_report
from handgrad.reports.index import write_index
from handgrad.studies.experiment import Published, Variant
from handgrad.studies.ledger import Ledger
from handgrad.studies.library import Study
from handgrad.sweeps.random_search import drawn
from handgrad.sweeps.report import write_report as sweep_report
from handgrad.text import in_markdown, printable
from reports.cells import outcome
from reports.pages import Page
from studies.small import study
from sweeps.small import fill, sweep_of

HOSTILE = {
    "script": "<script>alert(1)</script>",
    "attribute": "\"'><img src=x onerror=alert(1)>",
    "template": "{{ 7 * 7 }}{% raw %}{# x #}",
    "entity": "&amp;&lt;b&gt;&#60;",
    "lines": "two\nlines\tand a tab",
    "bidirectional": "\u202egnp.exe \u05d0\u05d1",
    "comment": "--> ]]> <!-- <![CDATA[",
    "markdown": "`x` | **b** [l](javascript:1) \\",
    "formula": "$x$ \\frac{1}{2} $",
    "control": "\x1b[31m\x00\ufffe",
}
PLAIN = "harmless"


@pytest.fixture(params=HOSTILE.values(), ids=HOSTILE)
def hostile(request):
    return request.param


def skeleton(page):
    """The elements of a page with the names of their attributes, in order."""
    return [(tag, sorted(attributes)) for tag, attributes in page.elements]


def shown(text):
    """A text as a reader of a page sees it, without line breaks."""
    return " ".join(printable(text).split())


def file_name(text):
    """A text without the characters that no file name can have."""
    return text.replace("/", " ").replace("\0", " ")


def written(folder, text):
    """A study with `text` wherever a file may hold text, and its report."""
    made = study(folder / "rows", rates=(0.1, 0.2), seeds=(0, 1))
    (experiment,) = made.experiments.values()
    variants = [Variant(name="a")]
    variants += [Variant(name=text.replace("(", "").replace(")", ""))]
    published = Published(
        name=text,
        metric="test_accuracy",
        value=0.5,
        epsilon=0.1,
        source=text,
        variant="a",
        words=text,
        not_comparable=text,
    )
    finding = experiment.findings[0].model_copy(
        update={"says": text, "holds": "test_accuracy(a) > 0.1"}
    )
    changes = {
        "question": text,
        "section": text,
        "notes": (text,),
        "sweep": {},
        "variants": tuple(variants),
        "published": (published,),
        "findings": (finding,),
    }
    about = made.about.model_copy(
        update={"title": text, "report": text, "conventions": (text,)}
    )
    name = file_name(text)
    found = Study(name, about, {name: experiment.model_copy(update=changes)})
    ledger = Ledger(folder / "studies" / "mine")
    for number, cell in enumerate(found.cells("full")):
        status = {"status": "failed", "reason": text} if number == 1 else {}
        values = {"train_loss": [2.0, 1.0], "validation_loss": [3.0, 2.0]}
        done = outcome(cell, curves=values, test_accuracy=0.1 * number, **status)
        done["environment"] = {**done["environment"], "processor": text}
        drawn = ledger.prepare(cell.trial) / "figures"
        drawn.mkdir(exist_ok=True)
        (drawn / f"{name}.svg").write_bytes(b"<svg/>")
        (drawn / f"{name}.csv").write_text(text, encoding="utf-8")
        ledger.record(cell.trial.key, done)
    return write_report(found, ledger, asked=text)


def index_of(made, name):
    """The index of the one study, in a folder of that name."""
    made["html"].parent.rename(made["html"].parents[1] / name)
    path, _ = write_index(made["html"].parents[1])
    return Page(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """The pages of a study without hostile text."""
    with pytest.MonkeyPatch.context() as changed:
        changed.setattr(index, "names", list)
        made = written(tmp_path_factory.mktemp("plain"), PLAIN)
        return Page(made["html"].read_text()), index_of(made, PLAIN)


def test_pages_of_studies_have_the_same_elements_whatever_their_texts(
    hostile, plain, tmp_path, monkeypatch
):
    monkeypatch.setattr(index, "names", list)
    made = written(tmp_path, hostile)
    page = Page(made["html"].read_text(encoding="utf-8"))
    assert skeleton(page) == skeleton(plain[0])
    assert page.text.count(shown(hostile)) >= 12
    assert in_markdown(hostile) in made["markdown"].read_text(encoding="utf-8")
    drawings = [path.read_bytes() for path in made["figures"].glob("*.svg")]
    assert len(list(map(ElementTree.fromstring, drawings))) == 5
    page = index_of(made, file_name(hostile))
    assert skeleton(page) == skeleton(plain[1])
    (link, *_) = {link.partition("#")[0] for link in page.links} - {""}
    assert ":" not in link
    assert (made["html"].parents[1] / unquote(link)).is_file()


def test_a_table_in_a_notebook_has_the_same_elements_whatever_its_texts(hostile):
    def table(text):
        return Page(Table((text,), ((text,),), (text,), (text,), (text,)).to_html())

    assert skeleton(table(hostile)) == skeleton(table(PLAIN))
    assert " ".join(table(hostile).text.split()) == " ".join([*hostile.split()] * 4)


def elements(figure, folder):
    """The names of the elements of a figure as SVG."""
    (path,) = style.save(figure, folder / "figure", formats=("svg",))
    return {one.tag for one in ElementTree.fromstring(path.read_bytes()).iter()}


def test_the_figures_of_a_run_are_drawings_whatever_its_classes(tmp_path):
    def kinds(names):
        count = len(names)
        counts, targets = np.eye(count, dtype=int) + 1, np.arange(count)
        images, scores = np.zeros((count, 1, 4, 4), np.uint8), np.eye(count)[::-1]
        figures = [
            confusion_matrix(counts, names, what=names[0]),
            mistakes(images, targets, scores, names, what=names[0]),
        ]
        return [elements(figure, tmp_path) for figure in figures]

    assert kinds(list(HOSTILE.values())) == kinds([PLAIN] * len(HOSTILE))


def test_the_report_of_a_sweep_has_no_markup_of_its_texts(tmp_path):
    text = " ".join(HOSTILE.values())
    sweep = replace(sweep_of(tmp_path, "trials = 3"), name=text, question=text)
    ledger = fill(sweep, drawn(sweep), tmp_path / "s", lambda place, seed: place / 10)
    sweep_report(sweep, ledger)
    report = (ledger.folder / "report.md").read_text(encoding="utf-8")
    assert report.startswith(f"# Sweep {in_markdown(text)}\n\n{in_markdown(text)}\n")
    assert "<" not in report
    for path in (ledger.folder / "figures").glob("*.svg"):
        ElementTree.fromstring(path.read_bytes())
