from handgrad.sweeps.grid_search import grid

from .small import sweep_of


def test_a_grid_is_every_combination(tmp_path):
    rates = '"optimizer.learning_rate" = { low = 0.1, high = 0.2, count = 2 }'
    widths = '"model.hidden_sizes" = [[8], [16]]'
    sweep = sweep_of(tmp_path, 'method = "grid"', parameters=(rates, widths))
    assert [setting.name for setting in grid(sweep)] == [
        "learning_rate=0.1, hidden_sizes=8",
        "learning_rate=0.1, hidden_sizes=16",
        "learning_rate=0.2, hidden_sizes=8",
        "learning_rate=0.2, hidden_sizes=16",
    ]
