"""Run every public call in a process without shape checks, which draw random numbers.

Prints one line of JSON for each call that changed the process, or did not do as its
row says; and the number of calls in the end.
"""

import gc
import json

import sklearn.metrics
import sklearn.utils.estimator_checks  # noqa: F401  (what an import sets is a library's)
import torch.fx  # noqa: F401  (as above)
from threadpoolctl import threadpool_limits

from handgrad.engine.blas_threads import blas_libraries
from process_state import differences, process_state
from public_calls import all_calls


def problem(call, *, raises):
    """What is wrong with a call; nothing if all is as it was."""
    before, error = process_state(), None
    try:
        call()
    except Exception as raised:
        error = raised
    changed = {name: repr(both) for name, both in find(before).items()}
    if (error is not None) != raises:
        return {"raised": repr(error), **changed}
    return changed


def find(before):
    found = differences(before, process_state())
    if found:  # a file of an object in a cycle stays open until it is collected
        gc.collect()
        found = differences(before, process_state())
    return found


if __name__ == "__main__":
    blas_libraries()
    count = 0
    with threadpool_limits(2, user_api="blas"):  # another number than one
        for name, raises, call in all_calls():
            count += 1
            found = problem(call, raises=raises)
            if found:
                print(json.dumps([name, found]))
    print(count)
