import pytest

from handgrad.errors import ConfigError
from handgrad.inspection.dropout_statistics import dropout_statistics


def test_the_setting_is_the_fraction_kept():
    for row, kept in zip(dropout_statistics(), (0.25, 0.4, 0.7), strict=True):
        assert row.kept == kept
        assert row.train_zero == pytest.approx(1 - kept, abs=0.005)


def test_training_keeps_the_mean_and_prediction_changes_nothing():
    for row in dropout_statistics(seed=3):
        assert abs(row.train_mean - row.input_mean) < 4 * row.standard_error
        assert row.test_mean == row.input_mean
        assert row.test_zero == 0


def test_the_standard_error_is_the_spread_over_seeds():
    rows = [dropout_statistics([0.4], count=50, seed=seed)[0] for seed in range(60)]
    errors = [row.train_mean - row.input_mean for row in rows]
    spread = (sum(error**2 for error in errors) / len(errors)) ** 0.5
    assert spread == pytest.approx(rows[0].standard_error, rel=0.3)


@pytest.mark.parametrize("wrong", [0.0, -0.5, 1.5, float("nan")])
def test_a_fraction_out_of_range_is_refused(wrong):
    with pytest.raises(ConfigError, match=r"fractions kept|each item a number"):
        dropout_statistics([0.4, wrong])
