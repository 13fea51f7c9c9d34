import subprocess
import sys

HEAVY = {
    *("sklearn", "numba", "matplotlib", "torch", "pydantic", "scipy", "safetensors"),
    "jinja2",
}


def run(code):
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def test_the_package_alone_pulls_nothing_heavy():
    code = "import sys, handgrad; print(*sys.modules)"
    assert HEAVY & set(run(code)) == set()


def test_training_pulls_neither_figures_nor_kernels():
    code = "import sys, handgrad.training; print(*sys.modules)"
    assert {"numba", "matplotlib", "sklearn", "torch"} & set(run(code)) == set()


def test_inspections_pull_nothing_heavy():
    code = "import sys, handgrad.inspection; print(*sys.modules)"
    assert HEAVY - {"safetensors"} & set(run(code)) == set()


def test_the_package_is_there_at_once():
    code = (
        "import sys; before = set(sys.modules); import handgrad; "
        "print(*(set(sys.modules) - before))"
    )
    loaded = {name.partition(".")[0] for name in run(code)}
    assert "handgrad" in loaded
    assert loaded - {"handgrad"} <= sys.stdlib_module_names


def test_parts_come_when_they_are_asked_for():
    code = (
        "import sys, handgrad; handgrad.layers.Linear; handgrad.load; "
        "print('handgrad.layers' in sys.modules, 'handgrad.models' in sys.modules)"
    )
    assert run(code)[0] == "True"
