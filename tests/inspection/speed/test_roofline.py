from dataclasses import replace

from handgrad.inspection.figures.style import save
from handgrad.inspection.speed.operation_times import OperationTime, StepTimes
from handgrad.inspection.speed.peaks import Peaks
from handgrad.inspection.speed.roofline import NAMED, roofline

PEAKS = Peaks(2, 200e9, 110e9, 30e9, 20e9, 100e9, 60e9)


def row(name, seconds, operations, moved):
    return OperationTime(
        "tiles", "kernel", name, 1, seconds, seconds, operations, moved
    )


def drawn(rows, unit_all=0.0):
    times = StepTimes(tuple(rows), 3e-3, 2e-3, 4e-3, 2, 64, 10**8)
    return roofline(times, replace(PEAKS, unit_all=unit_all), "tiny"), times


def test_points_are_at_their_values():
    figure, _ = drawn(
        [row("linear", 1e-3, 10**8, 10**7), row("pool", 2e-3, 10**6, 10**7)]
    )
    axes = figure.axes[0]
    points = axes.collections[0].get_offsets()
    assert points[0].tolist() == [10, 100]
    assert points[1].tolist() == [0.1, 0.5]
    low, high = axes.get_xlim()
    assert low <= 0.1
    assert high >= 10


def test_the_roof_is_the_lower_of_two_limits():
    figure, _ = drawn([row("linear", 1e-3, 10**8, 10**7)])
    cache, memory = (line.get_ydata() for line in figure.axes[0].lines)
    across = figure.axes[0].lines[0].get_xdata()
    assert cache.max() == memory.max() == 100  # GFLOP/s per worker
    assert abs(cache[0] - 50 * across[0]) < 1e-9
    assert (cache >= memory).all()


def test_the_matrix_unit_has_a_separate_roof():
    figure, _ = drawn([row("linear", 1e-3, 10**8, 10**7)], unit_all=600e9)
    assert len(figure.axes[0].lines) == 3
    assert set(figure.axes[0].lines[2].get_ydata()) == {300}
    words = [text.get_text() for text in figure.axes[0].texts]
    assert "matrix unit 300 GFLOP/s" in words


def test_the_longest_operations_are_labelled_and_negligible_ones_omitted():
    rows = [row(f"layer_{n}", (n + 1) * 1e-4, 10**6, 10**6) for n in range(NAMED + 2)]
    figure, _ = drawn([*rows, row("flatten", 1e-3, 0, 0)])
    words = [text.get_text() for text in figure.axes[0].texts]
    assert any("layer_2," in word for word in words)
    assert not any("layer_1," in word or "flatten" in word for word in words)
    assert len(figure.axes[0].collections[0].get_offsets()) == NAMED + 2


def test_it_is_written_even_without_operations(tmp_path):
    figure, _ = drawn([])
    assert save(figure, tmp_path / "roofline")[0].stat().st_size > 1000
