"""The state of the process that no call may leave changed, as a table to compare."""

import gc
import locale
import logging
import os
import random
import signal
import sys
import threading
import warnings
from pathlib import Path

import matplotlib as mpl
import numba
import numpy as np
from matplotlib import pyplot
from threadpoolctl import ThreadpoolController


def process_state():
    """Each part by its name; values that can be compared with ==."""
    return {
        "threads of libraries": {
            each["filepath"]: each["num_threads"]
            for each in ThreadpoolController().info()
        },
        "NumPy's errors": (np.geterr(), np.geterrcall(), np.getbufsize()),
        "NumPy's printing": repr(np.get_printoptions()),
        "NumPy's random numbers": repr(np.random.get_state()),  # noqa: NPY002 (the old one)
        "Python's random numbers": random.getstate(),
        "matplotlib's settings": {k: repr(mpl.rcParams._get(k)) for k in mpl.rcParams},
        "matplotlib's figures": (pyplot.get_fignums(), pyplot.isinteractive()),
        "warnings": (list(warnings.filters), warnings.showwarning),
        "signals": {each: signal.getsignal(each) for each in signal.valid_signals()},
        "signals that are blocked": blocked_signals(),
        "environment": dict(os.environ),
        "folder": os.getcwd(),
        "umask": umask(),
        "locale": locale.setlocale(locale.LC_ALL),
        "open files": open_files(),
        "loggers": loggers(),
        "streams": (sys.stdin, sys.stdout, sys.stderr, sys.excepthook),
        "path": list(sys.path),
        "limits": (sys.getrecursionlimit(), sys.getswitchinterval(), gc.isenabled()),
        "small numbers are kept": (np.float32(1e-30) * np.float32(1e-10) > 0),
        "threads": [each for each in threading.enumerate() if not each.daemon],
        "Numba's cache": numba.config.CACHE_DIR,
        "trace": (sys.gettrace(), sys.getprofile(), threading.excepthook),
    }


def differences(before, after):
    """The names of what has changed, with both values."""
    return {k: (before[k], after[k]) for k in before if before[k] != after[k]}


def umask():
    now = os.umask(0o22)
    os.umask(now)
    return now


def blocked_signals():
    has_masks = hasattr(signal, "pthread_sigmask")
    return signal.pthread_sigmask(signal.SIG_BLOCK, []) if has_masks else None


def open_files():
    """What each descriptor refers to; of pipes and the like only how many there are."""
    place, found = Path("/proc/self/fd"), []
    for entry in place.iterdir() if place.exists() else ():
        try:
            found.append(os.readlink(entry))
        except OSError:  # the one that lists the folder
            continue
    kept = ("/proc/", str(mpl.get_data_path()))  # matplotlib keeps its fonts open
    return sorted(each for each in found if not each.startswith(kept))


def loggers():
    names = [None, "matplotlib", "numba", "handgrad", "PIL"]
    every = [logging.getLogger(name) for name in names]
    return [(each.level, list(each.handlers), each.disabled) for each in every]
