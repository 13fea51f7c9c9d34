"""A process held to the kernels that made a run, so that it goes on with the same bits.

What a run's folder says of its kernels (environment.json) is the instruction set of the
engine and the families of the matrix libraries.
"""

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from handgrad.engine import processor
from handgrad.engine.blas_family import hold_family
from handgrad.errors import ConfigError, HandgradWarning, IntegrityError, RunError
from handgrad.parsing import parse_json
from handgrad.training.environment import matrix_kernels
from handgrad.training.real_files import read_file

KEY = "instruction_set"
SET_OF_FAMILY = {"Haswell": "avx2", "Zen": "avx2", "SkylakeX": "avx512"}


def environment_of(folder: Path) -> dict[str, Any]:
    """What environment.json says; IntegrityError if it does not name the kernels."""
    path = folder / "environment.json"
    try:
        found: dict[str, Any] = parse_json(read_file(path))
        family_of(found)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise IntegrityError(
            f"{path} does not say on which kernels the run was "
            "made. Train it again from its config.toml."
        ) from error
    return found


def families_of(environment: Mapping[str, Any]) -> list[str]:
    """The families of kernels that the matrix libraries chose."""
    libraries = environment["blas"]
    return sorted({str(each.get("architecture") or "unknown") for each in libraries})


def set_of(environment: Mapping[str, Any]) -> str | None:
    """The instruction set of a run.

    Runs from before it was recorded were compiled for their processor, of which the
    matrix library's family tells enough; with the matrix unit, if they say so.
    """
    if KEY in environment:
        name = environment[KEY]
        return name if name is None else str(name)
    if environment.get("matrix_unit"):
        return "amx"
    sets = [SET_OF_FAMILY.get(family) for family in families_of(environment)]
    return sets[0] if sets else None


def family_of(environment: Mapping[str, Any]) -> tuple[str, ...]:
    """The families of the matrix libraries and the instruction set: what fixes bits."""
    name = set_of(environment)
    return (*families_of(environment), *([name] if name else []))


def hold_to_kernels_of(environment: Mapping[str, Any]) -> None:
    """Hold this process to the instruction set and to the family of a run.

    ConfigError where it cannot be: the processor lacks them, or this process has
    compiled for another set.
    """
    processor.hold_to(set_of(environment))
    families = families_of(environment)
    if len(families) == 1 and families != families_of(matrix_kernels()):
        needed = SET_OF_FAMILY.get(families[0])
        if needed is None or needed in processor.offered():
            hold_family(families[0])


def go_on_with(folder: Path) -> None:
    """The same for a run that goes on; a processor that lacks its set is warned of."""
    try:
        environment = environment_of(folder)
    except IntegrityError:  # `verify` will say so
        return
    name = set_of(environment)
    if name is None or name in processor.offered():
        hold_to_kernels_of(environment)
    elif KEY in environment:
        warnings.warn(
            f"{folder} was made with the instruction set {name}, which this processor "
            "lacks: it goes on, and from here its last bits are others.",
            HandgradWarning,
            stacklevel=2,
        )


def compare_with(folder: Path, environment: Mapping[str, Any]) -> tuple[str, ...]:
    """Hold this process to a run's kernels, and name them; RunError where it cannot."""
    made = family_of(environment)
    try:
        hold_to_kernels_of(environment)
        here = family_of(matrix_kernels())
    except ConfigError as error:
        raise RunError(f"{folder} was made with {', '.join(made)}. {error}") from error
    if made != here:
        raise RunError(
            f"{folder} was made with {', '.join(made)} kernels, here are "
            f"{', '.join(here)}: their last bits differ by right. Verify it on such a "
            f"processor, or start with OPENBLAS_CORETYPE={made[0]}."
        )
    return here
