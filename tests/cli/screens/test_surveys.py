from handgrad.cli.screens.surveys import show_survey
from handgrad.datasets.formats.survey import Survey


def test_many_classes_and_sizes_are_cut(capsys):
    counts = {"train": {f"class {n}": 1000 + n for n in range(99)}}
    sizes = {f"{n} x 9": 9 - n for n in range(6)}
    show_survey("it", Survey("a kind", counts, sizes, 3, ("a note",), (), 0, ()))
    out = capsys.readouterr().out
    assert out.startswith("it: a kind\n  a note\n\n")
    assert "class 29" in out
    assert "class 30" not in out
    assert "... 69 more" in out
    assert "1,029" in out
    assert "3 x 9 (6), 2 other sizes; colour\nNo problems found.\n" in out
    del sizes["5 x 9"]
    show_survey("it", Survey("a kind", counts, sizes, 3, ("a note",), (), 0, ()))
    assert "3 x 9 (6), 1 other size; colour" in capsys.readouterr().out


def test_what_is_odd_has_a_line_each(capsys):
    show_survey(
        "it", Survey("k", {"train": {"a": 1}}, {}, 1, (), ("why",), 0, ("odd",))
    )
    assert capsys.readouterr().out.endswith("; grey\nProblem: odd\n  why\n")
