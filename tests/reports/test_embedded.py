import os
from base64 import b64decode

from handgrad.reports import embedded
from handgrad.reports.embedded import pictures, trial_figures

from .pages import Page
from .views import view_of

SVG = '<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>'


def drawn(done, **files):
    """The figures folder of the first trial with these files."""
    folder = done.ledger.trial_folder(done.study.cells("full")[0].trial.key) / "figures"
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        path.unlink()
    for name, content in files.items():
        path = folder / name.replace("__", ".")
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def test_a_picture_is_carried_with_its_numbers(done):
    drawn(done, gradient_flow__svg=SVG, gradient_flow__csv="a,b\n")
    page = Page(trial_figures(view_of(done), set()))
    (image,) = page.all("img")
    kind, _, content = image["src"].partition(",")
    assert kind == "data:image/svg+xml;base64"
    carried = b64decode(content).decode()  # in an image, no script runs
    sheet = carried[carried.index("<style>") : carried.index("</style>") + 8]
    assert carried.replace(sheet, "") == SVG
    assert image["alt"] == "Gradient flow, learning rate 0.1"
    assert [a["download"] for a in page.all("a")] == ["gradient_flow.csv"]


def test_pixels_stay_on_white_paper_in_the_dark_and_drawings_follow(done):
    over_pixels = SVG.replace("<script>", "<image/><script>")
    drawn(done, a__svg=SVG, b__svg=over_pixels, c__png=b"\x89PNG")
    page = Page(trial_figures(view_of(done), set()))
    grounds = [div["class"] for div in page.all("div") if "scroll" in div["class"]]
    assert grounds == ["scroll", "scroll paper", "scroll paper"]
    carried = [b64decode(image["src"].partition(",")[2]) for image in page.all("img")]
    assert carried[1:] == [over_pixels.encode(), b"\x89PNG"]


def test_the_drawing_that_is_small_enough_is_taken(done, monkeypatch):
    folder = drawn(done, a__svg=SVG, a__png=b"\x89PNG", b__png=b"\x89PNG", c__txt="x")
    assert [path.name for path in pictures(folder)] == ["a.svg", "b.png"]
    monkeypatch.setattr(embedded, "LARGEST", 10)
    assert [path.name for path in pictures(folder)] == ["a.png", "b.png"]


def test_what_is_too_large_is_linked(done, monkeypatch):
    drawn(done, a__svg=SVG)
    monkeypatch.setattr(embedded, "PORTION", 10)
    page = Page(trial_figures(view_of(done), set()))
    assert page.all("img") == []
    (link,) = page.links
    assert (done.ledger.folder / link).is_file()


def test_a_trial_of_both_sizes_shows_its_figures_once(done):
    drawn(done, a__svg=SVG)
    seen = set()
    assert trial_figures(view_of(done), seen) is not None
    assert trial_figures(view_of(done, "quick"), seen) is None


def test_trials_that_drew_nothing_show_nothing(done):
    drawn(done).rmdir()
    assert trial_figures(view_of(done), set()) is None


def test_devices_and_pipes_are_no_pictures(tmp_path):
    (tmp_path / "a.svg").write_text(SVG)
    (tmp_path / "b.svg").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "c.png")
    assert pictures(tmp_path) == [tmp_path / "a.svg"]
