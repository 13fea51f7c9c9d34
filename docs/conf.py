"""Settings of the documentation site, which is built by `scripts/site`."""

import sys
from importlib.metadata import version as installed
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "extensions"))

project = "Handgrad"
version = release = installed("handgrad")
extensions = ["myst_parser", "sphinx.ext.autodoc", "api_reference", "mathml"]
exclude_patterns = ["_site", "plan.md", "api.md"]

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 4

default_role = "code"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
maximum_signature_line_length = 88

html_title = "Handgrad"
html_theme = "pydata_sphinx_theme"
html_math_renderer = "mathml"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "navbar_align": "left",
    "navigation_with_keys": False,
    "show_prev_next": True,
    "footer_start": [],
    "footer_end": [],
}
