"""Settings drawn one by one, each from a key: more of them keep the ones before.

    share of parameter p in draw i = uniform number of (seed, "sweep", p) at step i

So the same file gives the same settings on any machine, a longer sweep begins with the
shorter one, and a parameter that is added or taken out leaves the others' draws.
"""

from handgrad.randomness import Key, uniform
from handgrad.sweeps.space import Setting, Values
from handgrad.sweeps.sweep import TRIALS, Sweep

IN_VAIN = 200  # draws without anything new after which the space counts as used up


def drawn(sweep: Sweep) -> list[Setting]:
    """As many different settings as there are trials, or as the space has."""
    wanted = sweep.trials or TRIALS
    found: list[Setting] = []
    known: set[str] = set()
    step, in_vain = 0, 0
    while len(found) < wanted and in_vain < IN_VAIN:
        values = draw(sweep, step)
        step, in_vain = step + 1, in_vain + 1
        if repr(values) not in known:
            known.add(repr(values))
            found.append(sweep.setting(values))
            in_vain = 0
    return found


def draw(sweep: Sweep, step: int) -> Values:
    """The values of one draw, by parameter."""
    key = Key(sweep.seed).child("sweep")
    return {
        parameter.name: parameter.at(
            float(uniform(key.child(parameter.name).at(step), (1,))[0])
        )
        for parameter in sweep.space
    }
