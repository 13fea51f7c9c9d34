import pytest
from PIL import Image

from handgrad.errors import ResourceError, RunError
from handgrad.inspection.figures.style import (
    class_labels,
    new_figure,
    plain,
    png,
    save,
    title,
)


def titled():
    figure = new_figure(2, 1)
    title(figure.add_subplot(), "Title", "a note")
    return figure


def test_save_writes_only_the_figure(tmp_path):
    written = save(titled(), tmp_path / "made" / "here", formats=("png", "svg"))
    assert sorted(path.name for path in (tmp_path / "made").iterdir()) == [
        "here.png",
        "here.svg",
    ]
    assert written == [tmp_path / "made" / "here.png", tmp_path / "made" / "here.svg"]
    with Image.open(written[0]) as picture:
        assert picture.size[0] > picture.size[1] > 100


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_the_same_figure_gives_the_same_bytes(tmp_path, ending):
    (first,) = save(titled(), tmp_path / "first", formats=(ending,))
    (second,) = save(titled(), tmp_path / "second", formats=(ending,))
    assert first.read_bytes() == second.read_bytes()


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ResourceError, match=r"figure .*name\.png cannot be written"):
        save(titled(), tmp_path / "file" / "name")


def test_png_returns_the_bytes_of_a_file():
    assert png(titled()).startswith(b"\x89PNG")
    assert png(titled()) == png(titled())


@pytest.mark.parametrize("text", ["$x$", r"a$\frac", r"a\$b", "$", "plain"])
def test_text_is_not_parsed_as_a_formula(text):
    from matplotlib.cbook import is_math_text

    figure = new_figure(2, 1)
    written = figure.text(0, 0, plain(text))
    assert not is_math_text(written.get_text())
    drawn, is_formula = written._preprocess_math(written.get_text())
    assert (drawn, is_formula) == (text, False)


def test_titles_are_plain_text():
    figure = new_figure(2, 1)
    title(figure.add_subplot(), r"of $\frac", "$x$ images")
    figure.draw_without_rendering()


@pytest.mark.parametrize("name", ["figures", "figures/.name.partial.png"])
def test_no_figure_is_written_through_a_link_in_a_run_folder(tmp_path, name):
    precious, run = tmp_path / "precious", tmp_path / "run"
    precious.mkdir()
    (precious / "name.png").write_text("precious")
    (run / name).parent.mkdir(parents=True)
    is_folder = name == "figures"
    (run / name).symlink_to(precious if is_folder else precious / "name.png")
    if is_folder:
        with pytest.raises(RunError, match="figures is a link"):
            save(titled(), run / "figures" / "name", root=run)
    else:
        save(titled(), run / "figures" / "name", root=run)
    assert (precious / "name.png").read_text() == "precious"


def test_a_label_is_one_line():
    assert class_labels(["a\tb\nc"]) == [r"a\tb\nc"]
