import pytest
from PIL import Image

from handgrad.errors import ResourceError, RunError
from handgrad.inspection.figures.style import (
    TEXT_SIZE,
    class_labels,
    new_figure,
    plain,
    png,
    quiet,
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


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (2e-4, 5e-2, ["$\\mathdefault{10^{-3}}$", "$\\mathdefault{10^{-2}}$"]),
        (0.15, 3, ["0.2", "0.5", "1", "2"]),
        (0.15, 0.8, ["0.2", "0.5"]),
        (2.4, 2.8, ["2.4", "2.5", "2.6", "2.7"]),
    ],
)
def test_few_labels_stand_at_a_logarithmic_axis(low, high, words):
    figure = new_figure(4, 2)
    axes = figure.add_subplot()
    axes.set(xscale="log", xlim=(low, high))
    quiet(axes)
    figure.draw_without_rendering()
    shown = [
        label.get_text()
        for place, label in zip(axes.get_xticks(), axes.get_xticklabels(), strict=True)
        if low <= place <= high
    ]
    assert set(words) <= set(shown)
    assert len(shown) <= 10
    assert not any(label.get_text() for label in axes.get_xticklabels(minor=True))
    assert {label.get_fontsize() for label in axes.get_xticklabels()} == {TEXT_SIZE}


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
    assert class_labels(["Speed limit $20 $"], across=12) == ["Speed limit\n\\$20 \\$"]
