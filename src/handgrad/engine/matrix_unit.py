"""Whether this process may use the processor's matrix unit (Intel AMX, bfloat16).

Linux saves a thread's eight matrix registers only after the process has asked for it.
"""

import ctypes
import os
import platform
import sys
from functools import cache

from handgrad.engine import processor

VARIABLE = "HANDGRAD_AMX"  # 0 leaves the unit alone
FEATURES = ("amx-tile", "amx-bf16", "avx512f", "avx512bw")
ARCH_PRCTL, ASK_PERMISSION, MATRIX_REGISTERS = 158, 0x1023, 18  # of Linux on x86-64


@cache
def has_matrix_unit() -> bool:
    """Whether products may go through it; asked for once, for the whole process.

    Source
        Linux, Documentation/arch/x86/xstate.rst
    """
    if os.environ.get(VARIABLE) == "0":
        return False
    if not sys.platform.startswith("linux") or platform.machine() != "x86_64":
        return False
    return processor.features().issuperset(FEATURES) and is_granted()


def is_granted() -> bool:
    """Ask the system to save the matrix registers of this process's threads."""
    arguments = map(ctypes.c_long, (ARCH_PRCTL, ASK_PERMISSION, MATRIX_REGISTERS))
    granted: bool = ctypes.CDLL(None).syscall(*arguments) == 0
    return granted
