import sys

import pytest

from handgrad.errors import ResourceError
from handgrad.inspection.speed import memory_report as module
from handgrad.inspection.speed.memory_report import MemoryReport, memory_report

on_linux = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="needs Linux's account of memory"
)


def test_the_prediction_is_the_sum():
    found = MemoryReport(100, 20, {"parameters": 3, "activations": 7}, 110, 125)
    assert found.predicted == 130
    assert found.peak == 125
    assert found.error == pytest.approx(0.2)  # 30 predicted, 25 measured


def test_a_peak_while_building_counts():
    found = MemoryReport(100, 20, {"parameters": 3, "activations": 7}, 160, 125)
    assert found.peak == 160
    assert found.error == pytest.approx(-0.5)


@on_linux
@pytest.mark.slow
@pytest.mark.parametrize("name", ["mlp256", "lenet_relu_max"])
def test_the_plan_predicts_the_measured_peak(name):
    found = memory_report(name, batch_size=256, workers=2, images=20_000)
    assert found.images == 20_000 * (784 + 8)
    assert abs(found.error) < 0.1


@on_linux
def test_a_failure_reports_the_last_error_line():
    with pytest.raises(ResourceError, match="Measuring the memory of nothing failed"):
        memory_report("nothing", images=10)


def test_a_system_without_proc_status_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(module, "STATUS", tmp_path / "status")
    with pytest.raises(ResourceError, match="on Linux"):
        module._status("VmRSS")
