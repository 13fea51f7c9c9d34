"""HTML pages from the templates of this package, by Jinja2.

Every value is text and is escaped, unless it is `Markup`: only the drawings and the
style sheet of this package are.
"""

import os
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from handgrad.reports.dark_figures import dark_style
from handgrad.text import printable


def render(template: str, **values: Any) -> str:
    """Fill in a template of the folder `templates`."""
    return environment().get_template(template).render(values)


@cache
def environment() -> Environment:
    """The templates; a value that a template does not find is an error."""
    made = Environment(
        loader=PackageLoader("handgrad.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["figure_style"] = Markup(dark_style())
    return made


def _shown(value: object) -> object:
    """A value as a page can hold it: control characters written out, None empty."""
    if value is None:
        return ""
    if isinstance(value, str) and not isinstance(value, Markup):
        return printable(value)
    return value


def data_link(content: str, kind: str) -> str:
    """A text file as a data URL, embedded in a page."""
    return f"data:{kind};charset=utf-8,{quote(content)}"


def link_to(path: str | Path) -> str:
    """A relative link to a file, whatever characters its name has."""
    return quote(os.fsencode(Path(path).as_posix()))
