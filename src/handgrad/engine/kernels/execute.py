"""The loop that runs a program without the interpreter: phases, tasks, operations.

A step is a list of phases with a barrier after each. Within a phase, workers take tasks
from a shared counter. Which worker runs a task does not change its result.

Tables (int64, row-major)
    phases      (phase, 2)      first task, number of tasks
    tasks       (task, 3)       first operation, number of operations, tile
    operations  (operation, 2)  address of the entry, address of its arguments

Control (int64, one cache line each, to avoid false sharing)
    GENERATION  number of the step that workers may run
    PARKED      how many workers sleep between steps
    STOP        1 ends the workers
    LIMIT       tasks of this tile and later ones are skipped
    ASLEEP      how many workers sleep at a barrier
    TIMEOUT     the longest such sleep: seconds, nanoseconds
    FIRST + 2p      tasks of phase p taken in all steps
    FIRST + 2p + 1  arrivals at the barrier of phase p in all steps
"""

from handgrad.engine.kernels.entry import kernel
from handgrad.engine.kernels.machine import (
    atomic_add,
    atomic_load,
    atomic_store,
    call_entry,
    call_futex,
    call_plain,
    flush_small_numbers,
    load_long,
    set_control_word,
)

LINE = 8  # int64 numbers in a cache line
GENERATION, PARKED, STOP, LIMIT, ASLEEP, TIMEOUT, FIRST = 0, 1, 2, 3, 4, 5, 6
NO_LIMIT = 1 << 62
SPINS_BEFORE_YIELD = 2000
SPINS_BEFORE_SLEEP = SPINS_BEFORE_YIELD + 400  # yields, each about half a microsecond
FUTEX_WAIT, FUTEX_WAKE = 128, 129  # of threads of one process
ALL, LOW = (1 << 31) - 1, (1 << 32) - 1


@kernel
def cell(control: int, index: int) -> int:
    """The address of one number of the control block."""
    return control + index * LINE * 8


@kernel
def run_phase(phase, count, tables, control, generation, worker, workers):
    """Take tasks of one phase until none is left."""
    phases, tasks, operations = tables
    counter = cell(control, FIRST + 2 * phase)
    taken_before = (generation - 1) * (count + workers)
    limit = load_long(cell(control, LIMIT))
    while True:
        task = atomic_add(counter, 1) - taken_before
        if task >= count:
            return
        first, length, tile = tasks[phases[phase, 0] + task]
        if tile >= limit:
            continue
        for operation in range(first, first + length):
            call_entry(operations[operation, 0], operations[operation, 1], tile, worker)


@kernel
def arrive(control, phase, last, system):
    """Arrive at the barrier of a phase; the last worker wakes those that sleep.

    `last` is the number of arrivals after which the barrier opens.
    """
    arrivals = cell(control, FIRST + 2 * phase + 1)
    is_last = atomic_add(arrivals, 1) + 1 == last
    futex, number = system[1], system[2]
    if is_last and futex != 0 and atomic_load(cell(control, ASLEEP)) > 0:
        call_futex(futex, number, arrivals, FUTEX_WAKE, ALL, 0)


@kernel
def wait_for_all(control, phase, last, system):
    """Wait at the barrier of a phase: spin, yield, then sleep.

    A sleeping worker frees its core for a worker that has none.
    """
    arrivals = cell(control, FIRST + 2 * phase + 1)
    yield_core, futex, number = system
    spins = 0
    while True:
        found = atomic_load(arrivals)
        if found >= last:
            return
        spins += 1
        if spins > SPINS_BEFORE_SLEEP and futex != 0:
            atomic_add(cell(control, ASLEEP), 1)
            timeout = cell(control, TIMEOUT)
            call_futex(futex, number, arrivals, FUTEX_WAIT, found & LOW, timeout)
            atomic_add(cell(control, ASLEEP), -1)
        elif spins > SPINS_BEFORE_YIELD and yield_core != 0:
            call_plain(yield_core)


@kernel
def run_step(tables, control, generation, worker, workers, system):
    """All phases of one step, as one of the workers."""
    before = flush_small_numbers()
    phases = tables[0]
    for phase in range(phases.shape[0]):
        run_phase(phase, phases[phase, 1], tables, control, generation, worker, workers)
        if workers > 1:
            arrive(control, phase, generation * workers, system)
            wait_for_all(control, phase, generation * workers, system)
    set_control_word(before)


@kernel
def serve(tables, control, generation, worker, workers, idle_spins, system):
    """Run announced steps until idle for long, or stopped; returns the last step."""
    spins = 0
    while atomic_load(cell(control, STOP)) == 0:
        if atomic_load(cell(control, GENERATION)) > generation:
            generation += 1
            run_step(tables, control, generation, worker, workers, system)
            spins = 0
        else:
            spins += 1
            if spins > idle_spins:
                return generation
            if spins > SPINS_BEFORE_YIELD and system[0] != 0:
                call_plain(system[0])
    return generation


@kernel
def announce(control, generation):
    """Allow the workers to run a step; returns how many of them are parked."""
    atomic_store(cell(control, GENERATION), generation)
    return atomic_load(cell(control, PARKED))


@kernel
def park(control, change):
    """Count a worker that parks (+1) or wakes (-1); returns the last step."""
    atomic_add(cell(control, PARKED), change)
    return atomic_load(cell(control, GENERATION))
