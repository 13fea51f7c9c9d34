"""Which of the engine's paths the tests ran on, in one line."""

from handgrad.engine import processor

AGAIN = "on_a_smaller_set"
LACKS = {"avx2": "no AVX2", "avx512": "no AVX-512", "amx": "no matrix unit"}


def line(passed):
    """Of every set with a name: that it ran, or why not; of the tests that passed."""
    again = {
        name for name in LACKS if any(f"{AGAIN}[{name}]" in each for each in passed)
    }
    ran = [name for name in LACKS if name in {processor.instruction_set(), *again}]
    others = [f"{name}: {reason(name)}" for name in LACKS if name not in ran]
    known = ", ".join(ran) or "as the processor is"
    return "Engine paths run: " + "; ".join([known, *others])


def reason(name):
    """Why a set did not run."""
    if name in processor.offered():
        return "its tests were not chosen"
    return f"this processor has {LACKS[name]}"
