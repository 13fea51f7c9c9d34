"""Lifetimes of a program's buffers, and a memory plan that reuses their addresses.

Phases follow one another, so the memory of a buffer is free after the last phase that
uses it. Within a phase tiles run different operations: there a buffer reuses another's
memory only lane by lane, if each tile has finished with that one before.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from handgrad.engine.memory_plan import CACHE_LINE, Pointer, Region
from handgrad.engine.operation import Operation
from handgrad.engine.program import Phase

LARGE = 1 << 16  # bytes; buffers from this size on are aligned to pages
PAGE = 1 << 12  # a load waits for an earlier store at the same offset in a page
PLAIN = "plain"  # the use by a Python function


@dataclass
class Lifetime:
    """The phases and operations that use a buffer.

    `lane` says whether each tile ("tile") or worker uses its own part only.
    """

    phases: list[int] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    lane: str = ""
    is_constant: bool = False  # read before any write

    def note(self, phase: int, times: Sequence[int], lane: str, use: str) -> None:
        """Add one use, later than those before."""
        if not self.phases:
            self.lane = lane
            self.is_constant = self.is_constant or use in ("reads", "updates")
        elif self.lane != lane:
            self.lane = ""
        self.phases.append(phase)
        self.times += times

    def is_disjoint(self, other: "Lifetime") -> bool:
        """Whether no phase uses both."""
        if self.is_constant or other.is_constant:
            return False
        return self.phases[-1] < other.phases[0] or other.phases[-1] < self.phases[0]

    def follows(self, other: "Lifetime") -> bool:
        """Whether in every lane the uses of one end before those of the other begin."""
        if self.is_constant or other.is_constant or self.lane != other.lane:
            return False
        ends = (max(self.times), max(other.times))
        starts = (min(self.times), min(other.times))
        return bool(self.lane) and (ends[0] < starts[1] or ends[1] < starts[0])


@dataclass(frozen=True)
class Place:
    """A region at its place, with its lifetime."""

    region: Region
    life: Lifetime
    first: int
    end: int


def lifetimes(phases: Sequence[Phase]) -> dict[Region, Lifetime]:
    """The lifetime of every buffer that a program uses."""
    found: dict[Region, Lifetime] = {}
    clock = 0
    for number, phase in enumerate(phases):
        lists = {id(task.operations): task.operations for task in phase.tasks}
        length = max(map(len, lists.values()), default=1)
        whole_phase = [clock, clock + length - 1]
        for operations in lists.values():
            for at, operation in enumerate(operations, clock):
                for pointer, use in _uses(operation):
                    lane = _lane(pointer) if len(lists) == 1 else ""
                    times = [at] if lane else whole_phase
                    _life(found, pointer).note(number, times, lane, use)
        for pointer in phase.touched:
            _life(found, pointer).note(number, whole_phase, "", PLAIN)
        clock += length
    return found


def _life(found: dict[Region, Lifetime], pointer: Pointer) -> Lifetime:
    return found.setdefault(_region(pointer), Lifetime())


def _uses(operation: Operation) -> Iterator[tuple[Pointer, str]]:
    """The arrays that an operation uses, those that it reads first."""
    uses = []
    for name, span in operation.spans.items():
        pointer = operation.arguments[name]
        if span.end > span.first and isinstance(pointer, Pointer) and pointer.region:
            uses.append((pointer, operation.entry.arguments[name].use))
    return iter(sorted(uses, key=lambda item: item[1] not in ("reads", "updates")))


def _region(pointer: Pointer) -> Region:
    assert pointer.region is not None
    return pointer.region


def _lane(pointer: Pointer) -> str:
    """Whether tiles or workers use their own parts of a region."""
    step = _region(pointer).step
    if step and pointer.tile_stride == step:
        return "tile"
    return "worker" if step and pointer.worker_stride == step else ""


def plan_offsets(
    regions: Sequence[Region], known: Mapping[Region, Lifetime]
) -> tuple[dict[Region, int], int]:
    """The offset of each region in bytes, and the size of all together.

    The largest first, each in the memory of one that it follows, else in the lowest gap
    that is free during its lifetime.
    """
    found: list[Place] = []
    for region in sorted(regions, key=lambda region: -region.bytes):
        life = known.get(region, Lifetime(is_constant=True))
        others = [place for place in found if not place.life.is_disjoint(life)]
        first = _reused(region, life, others)
        if first is None:
            first = _lowest_gap(region.bytes, others)
        found.append(Place(region, life, first, first + region.bytes))
    total = max((place.end for place in found), default=0)
    return {place.region: place.first for place in found}, total


def _reused(region: Region, life: Lifetime, others: Sequence[Place]) -> int | None:
    """The offset of a region with the same lanes that this one follows."""
    for before in others:
        if _may_reuse(region, life, before, before.first):
            here = (o for o in others if o.first < before.end and before.first < o.end)
            if all(_may_reuse(region, life, o, before.first) for o in here):
                return before.first
    return None


def _may_reuse(region: Region, life: Lifetime, other: Place, first: int) -> bool:
    """Whether the other has the same lanes and offset, and another lifetime."""
    is_like = (other.region.step, other.region.bytes) == (region.step, region.bytes)
    return is_like and other.first == first and other.life.follows(life)


def _lowest_gap(size: int, others: Sequence[Place]) -> int:
    """The lowest offset between or after others with so many free bytes."""
    lowest, line = 0, CACHE_LINE if size < LARGE else PAGE
    for other in sorted(others, key=lambda place: place.first):
        if lowest + size <= other.first:
            break
        lowest = max(lowest, -(-other.end // line) * line)
    return lowest
