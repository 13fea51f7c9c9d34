"""The docstrings of inspection results describe every field."""

import dataclasses
import importlib
import inspect
import re
from pathlib import Path

import pytest

from handgrad import inspection

INNER = {
    *("LayerCase", "NetworkCase", "Record", "Sample", "Subject"),
    *("Course", "ShortTraining"),
}


def results():
    """The classes of results and of the rows in them."""
    for path in sorted(Path(inspection.__file__).parent.glob("*.py")):
        module = importlib.import_module(f"handgrad.inspection.{path.stem}")
        for name, kind in vars(module).items():
            is_own = getattr(kind, "__module__", "") == module.__name__
            if is_own and dataclasses.is_dataclass(kind) and name not in INNER:
                yield kind


def not_described(kind):
    bases = [inspect.get_annotations(base) for base in kind.__mro__[1:]]
    own = {field.name for field in dataclasses.fields(kind)}.difference(*bases)
    text = inspect.cleandoc(kind.__doc__ or "")
    return {
        name
        for name in own
        if not name.startswith("_") and not re.search(rf"\b{name}\b", text)
    }


@pytest.mark.parametrize("kind", list(results()), ids=lambda kind: kind.__name__)
def test_every_field_is_described(kind):
    assert not_described(kind) == set()


def test_a_field_that_is_added_must_be_described():
    @dataclasses.dataclass
    class Row:
        """One layer, by its `name`."""

        name: str
        kind: str

    assert not_described(Row) == {"kind"}
