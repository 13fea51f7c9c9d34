"""Which of the engine's paths the tests ran on, in one line."""

from handgrad.engine import processor

LACKS = {
    "avx2": "no AVX2",
    "avx512": "no AVX-512",
    "amx": "no matrix unit",
}
also_run = set()  # by tests in processes of their own


def line():
    """Of every set with a name: that it ran, or why not."""
    own = processor.instruction_set()
    ran = [name for name in processor.SETS if name in {own, *also_run}]
    others = [name for name in processor.SETS if name not in ran]
    why = [f"{name}: {reason(name)}" for name in others]
    return "Engine paths run: " + "; ".join(
        [", ".join(ran) or "as the processor is", *why]
    )


def reason(name):
    """Why a set did not run."""
    if name in processor.offered():
        return "its tests were not chosen"
    return f"this processor has {LACKS[name]}"
