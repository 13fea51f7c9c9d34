"""When a program's buffers are needed, and places for those that are not at one time.

Phases follow one another, so a buffer's place is free for another one after the last
phase that touches it. Within a phase tiles are at different operations: there a buffer
takes the place of another only lane for lane, if a tile has done with that one before.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from handgrad.engine.memory import CACHE_LINE, Pointer, Region
from handgrad.engine.operation import Operation
from handgrad.engine.program import Phase

LARGE = 1 << 16  # bytes from which on a buffer begins on a page
PAGE = 1 << 12  # a load waits for a store before it with the same place in a page
PLAIN = "plain"  # how plain work uses what it touches


@dataclass
class Life:
    """From when to when a buffer is needed, counted in phases and in operations.

    `lane` says whether each tile ("tile") or worker stays in its own part of it.
    """

    phases: list[int] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    lane: str = ""
    is_constant: bool = False  # read before anything writes: it stays as it was made

    def note(self, phase: int, times: Sequence[int], lane: str, use: str) -> None:
        """Take in one use, later than those before."""
        if not self.phases:
            self.lane = lane
            self.is_constant = self.is_constant or use in ("reads", "updates")
        elif self.lane != lane:
            self.lane = ""
        self.phases.append(phase)
        self.times += times

    def misses(self, other: "Life") -> bool:
        """Whether no phase needs both."""
        if self.is_constant or other.is_constant:
            return False
        return self.phases[-1] < other.phases[0] or other.phases[-1] < self.phases[0]

    def follows(self, other: "Life") -> bool:
        """Whether in every lane one is done with before the other begins."""
        if self.is_constant or other.is_constant or self.lane != other.lane:
            return False
        ends = (max(self.times), max(other.times))
        starts = (min(self.times), min(other.times))
        return bool(self.lane) and (ends[0] < starts[1] or ends[1] < starts[0])


@dataclass(frozen=True)
class Place:
    """Where a region stands, for its life."""

    region: Region
    life: Life
    first: int
    end: int


def lives(phases: Sequence[Phase]) -> dict[Region, Life]:
    """Of every buffer that a program touches."""
    found: dict[Region, Life] = {}
    clock = 0
    for number, phase in enumerate(phases):
        lists = {id(task.operations): task.operations for task in phase.tasks}
        length = max(map(len, lists.values()), default=1)
        everywhen = [clock, clock + length - 1]
        for operations in lists.values():
            for at, operation in enumerate(operations, clock):
                for pointer, use in _touched(operation):
                    lane = _lane(pointer) if len(lists) == 1 else ""
                    times = [at] if lane else everywhen
                    _life(found, pointer).note(number, times, lane, use)
        for pointer in phase.touched:
            _life(found, pointer).note(number, everywhen, "", PLAIN)
        clock += length
    return found


def _life(found: dict[Region, Life], pointer: Pointer) -> Life:
    return found.setdefault(_region(pointer), Life())


def _touched(operation: Operation) -> Iterator[tuple[Pointer, str]]:
    """The arrays that an operation touches, those that it reads first."""
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
    """Whether tiles or workers stay in their own parts of a region."""
    step = _region(pointer).step
    if step and pointer.tile_stride == step:
        return "tile"
    return "worker" if step and pointer.worker_stride == step else ""


def places(
    regions: Sequence[Region], lived: Mapping[Region, Life]
) -> tuple[dict[Region, int], int]:
    """Where each region begins, in bytes from a common start; and how many in all.

    The largest first, each where one stood that it follows, else in the lowest gap that
    is free while it is needed.
    """
    found: list[Place] = []
    for region in sorted(regions, key=lambda region: -region.bytes):
        life = lived.get(region, Life(is_constant=True))
        others = [place for place in found if not place.life.misses(life)]
        first = _taken_over(region, life, others)
        if first is None:
            first = _lowest_gap(region.bytes, others)
        found.append(Place(region, life, first, first + region.bytes))
    total = max((place.end for place in found), default=0)
    return {place.region: place.first for place in found}, total


def _taken_over(region: Region, life: Life, others: Sequence[Place]) -> int | None:
    """Where a region of the same lanes stood that this one follows."""
    for heir in others:
        if _may_inherit(region, life, heir, heir.first):
            here = (o for o in others if o.first < heir.end and heir.first < o.end)
            if all(_may_inherit(region, life, o, heir.first) for o in here):
                return heir.first
    return None


def _may_inherit(region: Region, life: Life, other: Place, first: int) -> bool:
    """Whether another of the same lanes stands there, and not at the same time."""
    is_like = (other.region.step, other.region.bytes) == (region.step, region.bytes)
    return is_like and other.first == first and other.life.follows(life)


def _lowest_gap(size: int, others: Sequence[Place]) -> int:
    """The first place between others where so many bytes fit, or behind them."""
    lowest, line = 0, CACHE_LINE if size < LARGE else PAGE
    for other in sorted(others, key=lambda place: place.first):
        if lowest + size <= other.first:
            break
        lowest = max(lowest, -(-other.end // line) * line)
    return lowest
