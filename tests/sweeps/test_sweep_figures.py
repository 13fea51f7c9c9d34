import numpy as np
import pytest
from matplotlib.colors import to_hex, to_rgb

from handgrad.inspection.figures.style import ORANGE
from handgrad.studies.ledger import PRUNED, Ledger
from handgrad.sweeps.grid_search import grid
from handgrad.sweeps.random_search import drawn
from handgrad.sweeps.space import Choice, Range
from handgrad.sweeps.sweep_figures import (
    _marks,
    curves,
    importance_bars,
    mean_curve,
    parallel_coordinates,
)
from handgrad.sweeps.sweep_results import tried

from .small import WIDTH, fill, outcome, sweep_of


@pytest.fixture
def five(tmp_path):
    sweep = sweep_of(tmp_path, "trials = 5\nseeds = [0, 1]")
    ledger = fill(sweep, drawn(sweep), tmp_path / "s", lambda p, s: p / 10 + s / 100)
    return sweep, ledger


def orange(axes):
    return [line for line in axes.lines if to_hex(line.get_color()) == ORANGE]


def test_every_setting_is_a_line_that_ends_at_its_mean(five):
    sweep, ledger = five
    found = tried(sweep, ledger)
    (axes,) = parallel_coordinates(sweep, found).axes
    lines = [line for line in axes.lines if len(line.get_xdata()) == 3]
    assert len(lines) == 5
    (best,) = orange(axes)
    rate, width = sweep.space
    values = found[0].setting.values
    shares = [p.share_of(values[p.name]) for p in (rate, width)]
    assert list(best.get_ydata()) == pytest.approx([*shares, 1.0])
    assert sorted(line.get_ydata()[-1] for line in lines)[0] == 0


@pytest.mark.parametrize("metric", ["validation_accuracy", "validation_loss"])
def test_better_settings_are_darker(tmp_path, metric):
    sweep = sweep_of(tmp_path, f'trials = 4\nseeds = [0]\nmetric = "{metric}"')
    ledger = Ledger(tmp_path / "s")
    for place, setting in enumerate(drawn(sweep)):
        (cell,) = sweep.cells(setting)
        ledger.prepare(cell.trial)
        made = outcome(cell, 0.2 + place / 10, metric=metric)
        ledger.record(cell.trial.key, made)
    found = tried(sweep, ledger)
    (axes,) = parallel_coordinates(sweep, found).axes
    lines = [line for line in axes.lines if len(line.get_xdata()) == 3]
    *others, _ = [to_rgb(line.get_color()) for line in lines]  # the best one is orange
    assert [sum(color) for color in others] == sorted(map(sum, others), reverse=True)


def test_axes_are_apart_as_far_as_their_labels_need(tmp_path):
    crops = '[{ name = "random_crop", padding = 2 }, { name = "random_flip" }]'
    varied = (f'"dataset.augmentation" = [[], {crops}]', WIDTH)
    sweep = sweep_of(tmp_path, 'method = "grid"\nseeds = [0]', parameters=varied)
    ledger = fill(sweep, grid(sweep), tmp_path / "s", lambda p, s: p / 10)
    figure = parallel_coordinates(sweep, tried(sweep, ledger))
    (axes,) = figure.axes
    figure.canvas.draw()
    first, second = axes.transData.transform([(x, 0) for x in axes.get_xticks()])[:2, 0]
    texts = {text.get_text(): text for text in axes.texts}
    long = texts["random_crop:padding=2+random_flip"].get_window_extent()
    assert first < long.x0 < long.x1 < second
    assert "none" in texts


def test_one_epoch_is_a_dot(tmp_path):
    sweep = sweep_of(tmp_path, "trials = 2\nseeds = [0]", epochs=1)
    ledger = fill(sweep, drawn(sweep), tmp_path / "s", lambda p, s: p / 10)
    (axes,) = curves(sweep, tried(sweep, ledger)).axes
    assert [line.get_marker() for line in axes.lines] == ["o", "o"]


def test_settings_that_are_equal_still_have_an_axis(tmp_path):
    sweep = sweep_of(tmp_path, "trials = 2\nseeds = [0]")
    ledger = fill(sweep, drawn(sweep), tmp_path / "s", lambda p, s: 0.5)
    (axes,) = parallel_coordinates(sweep, tried(sweep, ledger)).axes
    assert [line.get_ydata()[-1] for line in orange(axes)] == [0.5]


def test_curves_are_the_means_of_the_seeds_and_a_cross_ends_what_was_pruned(five):
    sweep, ledger = five
    setting = drawn(sweep)[0]
    first = sweep.cells(setting)[0]
    made = outcome(first, 0.2, status=PRUNED, reason="Worse.", metrics={})
    ledger.record(first.trial.key, made)
    found = tried(sweep, ledger)
    (axes,) = curves(sweep, found).axes
    (best,) = orange(axes)
    assert list(best.get_ydata()) == pytest.approx([0.2025, 0.405])
    assert [line.get_marker() for line in axes.lines].count("x") == 1
    assert np.array_equal(best.get_ydata(), mean_curve(found[0], sweep.curve))


def test_bars_stand_in_their_order():
    falls = {"a.big": {"mean": 0.8, "spread": 0.1}, "a.small": {"mean": 0, "spread": 0}}
    (axes,) = importance_bars({"parameters": falls, "r2": 0.4}, "loss").axes
    labels = [label.get_text() for label in axes.get_yticklabels()]
    places = dict(zip(labels, axes.get_yticks(), strict=True))
    assert places["big"] > places["small"]
    assert max(bar.get_width() for bar in axes.patches) == 0.8


@pytest.mark.parametrize(
    ("parameter", "words"),
    [
        (Choice("a.b", ([8], [16, 8])), ["8", "16-8"]),
        (Range("a.b", 0.001, 0.1, log=True), ["0.001", "0.003", "0.01", "0.03", "0.1"]),
        (Range("a.b", 1, 3, integer=True), ["1", "2", "3"]),
        (Range("a.b", 0.0, 1.0), ["0", "0.2", "0.4", "0.6", "0.8", "1"]),
    ],
)
def test_axes_have_round_numbers(parameter, words):
    marks = _marks(parameter)
    assert [text for _, text in marks] == words
    assert all(0 <= place <= 1 for place, _ in marks)
