"""What all tests share: shape checks, seeds, and real data where there is some."""

import gc
import os
from pathlib import Path

import jaxtyping
import pytest
from hypothesis import HealthCheck, settings

import shape_checks

SEEDS = int(os.environ.get("HANDGRAD_TEST_SEEDS", "1"))
os.environ["HANDGRAD_FIGURES"] = "0"
os.fsync = lambda handle: None  # a quarter of some tests' time; no test cuts the power
# The 15,000 tests stay for good: searching them for garbage is a third of collecting.
gc.disable()
SOURCE = Path(__file__).parents[1] / "src" / "handgrad"


def checked_modules():
    """All that write axes, but the kernels: a wrapper breaks compiled functions."""
    for path in sorted(SOURCE.rglob("*.py")):
        parts = path.relative_to(SOURCE).with_suffix("").parts
        writes_axes = "from jaxtyping import" in path.read_text()
        if writes_axes and parts[:2] != ("engine", "kernels"):
            yield ".".join(("handgrad", *parts))


# Shape annotations are checked at run time, in tests only. Before the first import.
jaxtyping.jaxtyped = shape_checks.checked_where_axes_are(jaxtyping.jaxtyped)
jaxtyping.install_import_hook(list(checked_modules()), "shape_checks.check_axes")

# One seed: the same examples each time, and no clock, since machines are shared. With
# more seeds Hypothesis draws new and more examples.
settings.register_profile(
    "handgrad",
    deadline=None,
    derandomize=SEEDS == 1,
    max_examples=50 if SEEDS == 1 else 100 * SEEDS,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("handgrad")


def pytest_collection_modifyitems(items):
    """A browser's tests take long: first, so that no worker waits for the last one."""
    items.sort(key=lambda item: not item.nodeid.startswith("tests/web/"))


def pytest_collection_finish():
    """From here on, garbage is what the tests themselves leave."""
    gc.freeze()
    gc.enable()


@pytest.fixture(params=range(SEEDS))
def seed(request):
    """One seed by default, as many as HANDGRAD_TEST_SEEDS says each night."""
    return request.param


@pytest.fixture(autouse=True)
def figures_of_runs(request, monkeypatch):
    """Only tests marked `figures` draw those of their runs, for two seconds each."""
    if request.node.get_closest_marker("figures") is not None:
        monkeypatch.delenv("HANDGRAD_FIGURES")


@pytest.fixture
def data():
    """A function from a data set's name to its path; skips, by name, without it.

    Example
        def test_reads_mnist(data):
            folder = data("mnist")
    """

    def path_of(name):
        root = os.environ.get("HANDGRAD_DATA")
        if not root or not (Path(root) / name).exists():
            pytest.skip(f"needs the data set {name}: set HANDGRAD_DATA to its parent")
        return Path(root) / name

    return path_of
