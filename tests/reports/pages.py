"""What a browser would make of a page."""

from html.parser import HTMLParser

from handgrad.reports.templates import environment

EMPTY = {"meta", "img", "br", "link", "col"}


class Page(HTMLParser):
    """The elements of a page; AssertionError where it is not well formed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.elements, self.words = [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self):
        """All words that are read, with one space between."""
        return " ".join(" ".join(self.words).split())

    def all(self, tag):
        """The attributes of every element of that name."""
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def ids(self):
        return [a["id"] for _, a in self.elements if "id" in a]

    @property
    def links(self):
        """Everything that points somewhere."""
        return [
            attributes[key]
            for _, attributes in self.elements
            for key in ("href", "src")
            if key in attributes
        ]


def part(name, *values):
    """A macro of the templates, filled in."""
    module = environment().get_template("parts.html").module
    return Page(getattr(module, name)(*values))
