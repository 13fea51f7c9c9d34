"""Restrict a process to the kernels of a run, so that it continues bit for bit.

For the kernels of a run, environment.json records the instruction set of the engine and
the kernel families of the BLAS libraries.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from handgrad.engine import processor
from handgrad.engine.blas_family import hold_family
from handgrad.errors import ConfigError, IntegrityError, RunError, warn
from handgrad.parsing import parse_json
from handgrad.training.environment import matrix_kernels
from handgrad.training.real_files import read_file

KEY = "instruction_set"
SET_OF_FAMILY = {"Haswell": "avx2", "Zen": "avx2", "SkylakeX": "avx512"}


def environment_of(folder: Path) -> dict[str, Any]:
    """Read environment.json; IntegrityError if it does not name the kernels."""
    path = folder / "environment.json"
    try:
        found: dict[str, Any] = parse_json(read_file(path))
        family_of(found)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise IntegrityError(
            f"{path} does not name the kernels that the run was trained with. Train it "
            "again from its config.toml."
        ) from error
    return found


def families_of(environment: Mapping[str, Any]) -> list[str]:
    """The kernel families that the BLAS libraries chose."""
    libraries = environment["blas"]
    return sorted({str(each.get("architecture") or "unknown") for each in libraries})


def set_of(environment: Mapping[str, Any]) -> str | None:
    """The instruction set of a run.

    Older runs, which do not record it, were compiled for their processor; the kernel
    family of BLAS identifies that well enough. They may record the use of AMX.
    """
    if KEY in environment:
        name = environment[KEY]
        return name if name is None else str(name)
    if environment.get("matrix_unit"):
        return "amx"
    sets = [SET_OF_FAMILY.get(family) for family in families_of(environment)]
    return sets[0] if sets else None


def family_of(environment: Mapping[str, Any]) -> tuple[str, ...]:
    """The BLAS kernel families and the instruction set, which determine the bits."""
    name = set_of(environment)
    return (*families_of(environment), *([name] if name else []))


def hold_to_kernels_of(environment: Mapping[str, Any]) -> None:
    """Restrict this process to the instruction set and the kernel family of a run.

    ConfigError if the processor lacks them, or if this process has already compiled
    for another set.
    """
    processor.hold_to(set_of(environment))
    families = families_of(environment)
    if len(families) == 1 and families != families_of(matrix_kernels()):
        needed = SET_OF_FAMILY.get(families[0])
        if needed is None or needed in processor.named():
            hold_family(families[0])


def go_on_with(folder: Path) -> None:
    """Do the same for a resumed run; warn if the processor lacks its set."""
    try:
        environment = environment_of(folder)
    except IntegrityError:  # `verify` reports it
        return
    name = set_of(environment)
    if name is None or name in processor.named():
        hold_to_kernels_of(environment)
    else:
        warn(
            f"{folder} was trained with the instruction set {name}, which this "
            f"processor lacks: from here on, results differ{_how_little(name)}."
        )


def evaluate_with(folder: Path) -> None:
    """Round products as the training did, where the processor can and none is chosen.

    So that an evaluation repeats the accuracies of the run; other sets differ from one
    another in the last bits only.
    """
    try:
        name = set_of(environment_of(folder))
    except IntegrityError:  # `verify` reports it
        return
    is_offered = name == processor.BFLOAT16 and name in processor.named()
    if is_offered and processor.is_open():
        processor.hold_to(name)


def _how_little(name: str) -> str:
    return "" if name == processor.BFLOAT16 else " in the last bits"


def compare_with(folder: Path, environment: Mapping[str, Any]) -> tuple[str, ...]:
    """Restrict this process to a run's kernels and return them; RunError on failure."""
    made, needed = family_of(environment), set_of(environment)
    if needed in processor.NAMED and needed not in processor.named():
        others = processor.named()[:1]
        again = f", or train again with --isa {others[0]}" if others else ""
        raise RunError(
            f"{folder} was trained with {', '.join(made)}, and this processor has no "
            f"{needed}. Verify it on a machine with {needed}{again}."
        )
    try:
        hold_to_kernels_of(environment)
        here = family_of(matrix_kernels())
    except ConfigError as error:
        raise RunError(
            f"{folder} was trained with {', '.join(made)}. {error}"
        ) from error
    if made != here:
        raise RunError(
            f"{folder} was trained with {', '.join(made)} kernels, but this process "
            f"uses {', '.join(here)}, whose last bits may differ. Verify it on such a "
            f"processor, or start with OPENBLAS_CORETYPE={made[0]}."
        )
    return here
