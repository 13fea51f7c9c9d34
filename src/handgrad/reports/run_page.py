"""The page of one run: results, curves, mistakes and settings, in one HTML file."""

from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Any

from handgrad.errors import HandgradError
from handgrad.inspection import Result, confusion, filters, mistakes
from handgrad.inspection.subject import Subject, subject_of
from handgrad.reports.templates import render
from handgrad.text import decoded
from handgrad.training.run_folder import RunFolder

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHARES = ("test_accuracy", "validation_accuracy", "train_accuracy")
FACTS = (*SHARES, "test_loss", "validation_loss", "train_loss", "epoch", "parameters")
SECTIONS = {
    "Confusion matrix": confusion,
    "Most confident mistakes": mistakes,
    "Weights of the first layer": filters,
}


def run_page(path: Path) -> str:
    """The document of the run folder at `path`; it needs no other file.

    A section that cannot be made, such as the weights of a network that does not begin
    with them, says why. RunError or IntegrityError if the run cannot be read.
    """
    folder, subject = RunFolder.open(path), subject_of(path)
    epochs = [record for record in folder.records() if record["kind"] == "epoch"]
    numbers = {**(epochs[-1] if epochs else {}), **(folder.result or {})}
    return render(
        "run.html",
        title=decoded(path.name),
        about=f"{folder.config.model.name} on {folder.config.dataset.name}",
        facts=[_fact(name, numbers.get(name)) for name in FACTS],
        curves=_embedded(_curves(epochs)) if epochs else "",
        sections=[_section(title, look, subject) for title, look in SECTIONS.items()],
        settings=folder.config.model_copy(update={"resolved": None}).to_toml(),
    )


def _section(title: str, look: Any, subject: Subject) -> dict[str, Any]:
    try:
        found: Result = look(subject)
    except HandgradError as error:
        return {"title": title, "why": str(error)}
    picture = _embedded(found.figure())
    return {"title": title, "why": "", "table": found.table(), "picture": picture}


def _curves(epochs: list[dict[str, Any]]) -> "Figure":
    from handgrad.inspection import figures

    return figures.curves(*figures.metric_curves(epochs))


def _embedded(figure: "Figure") -> str:
    from handgrad.inspection.figures.style import png

    return f"data:image/png;base64,{b64encode(png(figure)).decode('ascii')}"


def _fact(name: str, value: float | None) -> tuple[str, str]:
    form = ".2%" if name in SHARES else ".4g" if isinstance(value, float) else ","
    return name.replace("_", " "), "none" if value is None else format(value, form)
