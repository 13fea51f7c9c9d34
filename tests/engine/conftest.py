import pytest

from handgrad.engine import processor

from . import paths


@pytest.fixture(params=[False, True], ids=["registers", "matrix unit"])
def unit(request, monkeypatch):
    """Whether products go through the processor's matrix unit."""
    if request.param and not processor.has_matrix_unit():
        pytest.skip("needs a processor with a matrix unit")
    monkeypatch.setattr(processor, "has_matrix_unit", lambda: request.param)
    return request.param


def pytest_terminal_summary(terminalreporter):
    """Which paths ran."""
    passed = [each.nodeid for each in terminalreporter.stats.get("passed", ())]
    terminalreporter.write_line(paths.line(passed))
