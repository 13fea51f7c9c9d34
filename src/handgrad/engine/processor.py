"""The instruction sets of this processor, and the one that the engine uses.

One set is chosen once in a process: by name, by the variable HANDGRAD_ISA, or else the
largest available. Kernels are compiled for the set and not for the processor, so the
same set gives the same bits on every processor that has it.
"""

import ctypes
import os
import platform
import sys
from dataclasses import dataclass
from functools import cache

from handgrad.engine.blas_family import hold_family
from handgrad.errors import ConfigError, unknown_name

VARIABLE = "HANDGRAD_ISA"
ARCH_PRCTL, ASK_PERMISSION, MATRIX_REGISTERS = 158, 0x1023, 18  # of Linux on x86-64
AVX2 = (
    *("sse", "sse2", "sse3", "ssse3", "sse4.1", "sse4.2", "avx", "avx2", "fma"),
    *("f16c", "bmi", "bmi2", "lzcnt", "movbe", "popcnt", "cx16", "sahf", "xsave"),
)
AVX512 = (*AVX2, "avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl")
WHOLE_REGISTERS = "-prefer-256-bit"


@dataclass(frozen=True)
class InstructionSet:
    """The compile target of a set in LLVM, and the matrix library's kernel family."""

    processor: str
    features: tuple[str, ...]
    family: str
    tuning: tuple[str, ...] = ()

    @property
    def target(self) -> tuple[str, str]:
        """LLVM's name of a processor, and the features."""
        return self.processor, ",".join(
            (*(f"+{name}" for name in self.features), *self.tuning)
        )


SETS = {  # each includes those before it
    "avx2": InstructionSet("haswell", AVX2, "Haswell"),
    "avx512": InstructionSet("skylake-avx512", AVX512, "SkylakeX", (WHOLE_REGISTERS,)),
    "amx": InstructionSet(
        "skylake-avx512",
        (*AVX512, "amx-tile", "amx-bf16"),
        "SkylakeX",
        (WHOLE_REGISTERS,),
    ),
}
BFLOAT16 = "amx-bf16"  # by name only: the matrix unit multiplies rounded numbers
NAMED = {**SETS, BFLOAT16: SETS["amx"]}
MATRIX = ("amx", BFLOAT16)
WIDE = ("avx512", *MATRIX)  # with 32 registers of 16 floats


@dataclass
class _Choice:
    """The set of this process, once chosen; None without a set by name."""

    name: str | None = None
    is_made: bool = False


_choice = _Choice()


@cache
def features() -> frozenset[str]:
    """The features of this processor by LLVM's names: `avx2`, `avx512f`, ...

    A query takes 0.2 ms, and lowering a network needs tens of thousands.
    """
    from llvmlite import binding  # takes a while to import

    return frozenset(n for n, has in binding.get_host_cpu_features().items() if has)


@cache
def offered() -> tuple[str, ...]:
    """The sets of this processor, the largest last."""
    has = features()
    found = [name for name, each in SETS.items() if has.issuperset(each.features)]
    return tuple(name for name in found if name != "amx" or is_granted())


def named() -> tuple[str, ...]:
    """The sets of this processor that may be chosen by name."""
    found = offered()
    return (*found, BFLOAT16) if "amx" in found else found


@cache
def is_granted() -> bool:
    """Ask the system to save the matrix unit's registers of this process's threads.

    Source
        Linux, Documentation/arch/x86/xstate.rst
    """
    if not sys.platform.startswith("linux") or platform.machine() != "x86_64":
        return False
    arguments = map(ctypes.c_long, (ARCH_PRCTL, ASK_PERMISSION, MATRIX_REGISTERS))
    granted: bool = ctypes.CDLL(None).syscall(*arguments) == 0
    return granted


def hold_to(name: str | None = None) -> None:
    """Choose the set of this process by its name, or by HANDGRAD_ISA.

    The matrix library uses it too. ConfigError for an unknown name, for a set that the
    processor lacks, and for another set than the one chosen before.
    """
    if name is None:
        name = None if _choice.is_made else os.environ.get(VARIABLE)
    if name is None or name == "":
        return
    if name not in tuple(NAMED):
        raise unknown_name("instruction set", name, NAMED)
    if name not in named():
        raise ConfigError(
            f"This processor has no {name}: it supports "
            f"{', '.join(named()) or 'none of the named sets'}. Choose one of "
            f"these with --isa, isa= or {VARIABLE}, or leave it out."
        )
    if _choice.is_made and _choice.name != name:
        raise ConfigError(
            f"This process already uses {_choice.name}, got {name}: a process has one "
            f"instruction set. Restart Python to use {name}."
        )
    hold_family(NAMED[name].family)
    _choice.name, _choice.is_made = name, True


def is_open() -> bool:
    """Whether no set was chosen yet, here or by HANDGRAD_ISA."""
    return not _choice.is_made and not os.environ.get(VARIABLE)


def instruction_set() -> str | None:
    """The set that kernels are compiled for, chosen now if it was not before.

    None for a processor without any of the sets.
    """
    if not _choice.is_made:
        hold_to()
    if not _choice.is_made:
        _choice.name, _choice.is_made = offered()[-1] if offered() else None, True
    return _choice.name


def target() -> tuple[str, str] | None:
    """The compile target of kernels in LLVM; None: this processor."""
    name = instruction_set()
    return None if name is None else NAMED[name].target


def has_wide_registers() -> bool:
    """Whether there are 32 registers of 16 floats (AVX-512)."""
    return instruction_set() in WIDE


def has_matrix_unit() -> bool:
    """Whether products may go through the processor's matrix unit (Intel AMX)."""
    return instruction_set() in MATRIX


def rounds_to_bfloat16() -> bool:
    """Whether the matrix unit multiplies numbers rounded to bfloat16 (8 digits of 24).

    Sums, and all that does not go through the unit, keep float32.
    """
    return instruction_set() == BFLOAT16
