import pytest

from handgrad.calls import misfit


def of_step(step):
    return step


@pytest.mark.parametrize("function", [of_step, lambda *all_of: 0, abs, dict, range])
def test_a_function_that_can_be_called_has_no_misfit(function):
    assert misfit(function, 1) == ""


def test_a_misfit_is_said():
    assert misfit(of_step) == "missing a required argument: 'step'"
    assert misfit(of_step, 1, 2) == "too many positional arguments"
    assert misfit(of_step, other=1) == "missing a required argument: 'step'"
