from handgrad.reports.curves import Series
from handgrad.reports.lines import Mark, line_figure

TWO = Series("a", {0: [2.0, 1.0, 0.5], 1: [3.0, 1.0, 0.7]})
ONE = Series("b", {0: [1.0, 0.9, 0.8]})


def test_a_line_for_each_variant_and_a_band_where_seeds_differ():
    drawing = line_figure("Loss", [TWO, ONE], ["a", "b"])
    assert drawing.count('class="line"') == 2
    assert drawing.count('class="band s0"') == 1
    assert "band s1" not in drawing
    assert "a, epoch 1: 2.5000 (2 to 3)" in drawing
    assert "a: 2.5000 after epoch 1, 0.6000 after epoch 3; b: 1 after" in drawing


def test_colours_follow_the_variant_and_not_the_order_of_drawing():
    drawing = line_figure("Loss", [ONE], ["a", "b"])
    assert '<g class="s1 few">' in drawing


def test_what_was_published_stands_at_its_epoch():
    drawing = line_figure("Loss", [ONE], ["b"], [Mark(3, 0.8, "published: 0.8")])
    assert "<title>published: 0.8</title>" in drawing
    alone = line_figure("Loss", [], ["b"], [Mark(3, 0.8, "published: 0.8")])
    assert "published" in alone


def test_a_wide_range_is_drawn_on_a_logarithmic_scale():
    wide = Series("a", {0: [1e6, 10.0, 0.1]})
    assert "logarithmic" in line_figure("Loss", [wide], ["a"])
    assert "logarithmic" not in line_figure("Loss", [ONE], ["b"])
    zero = Series("a", {0: [1e6, 0.0]})  # 0 has no logarithm
    assert "logarithmic" not in line_figure("Loss", [zero], ["a"])


def test_a_single_epoch_is_a_point():
    drawing = line_figure("Loss", [Series("a", {0: [0.3]})], ["a"])
    assert 'class="line"' not in drawing
    assert drawing.count("<circle") == 1


def test_the_end_of_a_seed_is_crossed():
    broken = Series("a", {0: [2.0, 1.0], 1: [2.0]}, [1])
    assert "<title>seed 1 stopped here</title>" in line_figure("Loss", [broken], ["a"])


def test_names_are_escaped():
    evil = Series("<script>", {0: [1.0, 2.0]})
    assert "<script>" not in line_figure("Loss", [evil], ["<script>"])
