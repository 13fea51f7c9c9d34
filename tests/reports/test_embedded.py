import os
from base64 import b64decode
from xml.etree.ElementTree import fromstring

from handgrad.reports import embedded
from handgrad.reports.embedded import pictures, trial_figures

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
    (figure,) = trial_figures(view_of(done), set())
    kind, _, content = figure["source"].partition(",")
    assert kind == "data:image/svg+xml;base64"
    carried = fromstring(b64decode(content))  # in an image, no script runs
    assert [one.tag.partition("}")[2] for one in carried] == ["style", "script"]
    assert figure["words"] == "Gradient flow, learning rate 0.1"
    assert figure["stem"] == "gradient_flow"
    assert figure["data"] == "data:text/csv;charset=utf-8,a%2Cb%0A"


def test_pixels_stay_on_white_paper_in_the_dark_and_drawings_follow(done):
    over_pixels = SVG.replace("<script>", "<image/><script>")
    drawn(done, a__svg=SVG, b__svg=over_pixels, c__png=b"\x89PNG")
    figures = trial_figures(view_of(done), set())
    assert [figure["on_paper"] for figure in figures] == [False, True, True]
    carried = [b64decode(figure["source"].partition(",")[2]) for figure in figures]
    assert carried[1:] == [over_pixels.encode(), b"\x89PNG"]


def test_the_drawing_that_is_small_enough_is_taken(done, monkeypatch):
    folder = drawn(done, a__svg=SVG, a__png=b"\x89PNG", b__png=b"\x89PNG", c__txt="x")
    assert [path.name for path in pictures(folder)] == ["a.svg", "b.png"]
    monkeypatch.setattr(embedded, "LARGEST", 10)
    assert [path.name for path in pictures(folder)] == ["a.png", "b.png"]


def test_what_is_too_large_is_linked(done, monkeypatch):
    drawn(done, a__svg=SVG)
    monkeypatch.setattr(embedded, "PORTION", 10)
    (figure,) = trial_figures(view_of(done), set())
    assert figure["source"] == ""
    assert (done.ledger.folder / figure["link"]).is_file()


def test_a_trial_of_both_sizes_shows_its_figures_once(done):
    drawn(done, a__svg=SVG)
    seen = set()
    assert len(trial_figures(view_of(done), seen)) == 1
    assert trial_figures(view_of(done, "quick"), seen) == []


def test_trials_that_drew_nothing_show_nothing(done):
    drawn(done).rmdir()
    assert trial_figures(view_of(done), set()) == []


def test_devices_and_pipes_are_no_pictures(tmp_path):
    (tmp_path / "a.svg").write_text(SVG)
    (tmp_path / "b.svg").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "c.png")
    assert pictures(tmp_path) == [tmp_path / "a.svg"]
