"""The tasks that complete gradients and update parameters."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.engine.gradient_blocks import GradientBlock
from handgrad.engine.kernels import updates
from handgrad.engine.memory_plan import (
    FLOAT_BYTES,
    NOWHERE,
    Memory,
    Pointer,
    pointer_to,
)
from handgrad.engine.muon_update import MuonParameter, MuonUpdate
from handgrad.engine.network_layers import exact, trained
from handgrad.engine.operation import Operation
from handgrad.engine.optimizer_states import rule_of, write_rates
from handgrad.engine.program import Phase, Task
from handgrad.engine.returned import assigns, l2_gradients, penalty_of, returned
from handgrad.losses import L2
from handgrad.losses.l2 import penalized
from handgrad.optimizers.multiplier import with_multiplier

if TYPE_CHECKING:
    from handgrad.engine.cpu import CpuEngine


class ParameterUpdate:
    """The phases that complete gradients block by block, and update parameters."""

    def __init__(
        self,
        engine: "CpuEngine",
        memory: Memory,
        guard: NumpyArray,
        *,
        keep_gradients: bool,
    ) -> None:
        self.store, self.memory, self.optimizer = engine.store, memory, engine.optimizer
        self.states, self.plain_states = engine.states, engine.plain_states
        self.clip_norm = engine.clip_norm
        self.guard = guard  # its last entry is for the norm and an own L2 term
        is_own = engine.l2 is not None and exact(engine.l2, (L2,)) is None
        self.own_l2 = engine.l2 if is_own else None
        self.known_l2 = None if is_own else engine.l2
        self.own_penalty = 0.0
        self.rule = rule_of(engine.optimizer)
        is_whole = self.rule in (None, updates.MUON)  # updates parameters, not blocks
        self.is_apart = is_own or self.clip_norm is not None or is_whole
        self.keeps = keep_gradients or self.is_apart
        self.step = 0
        self.trained = trained(self.store.parameters)
        multipliers = {p.learning_rate_multiplier for p in self.trained.values()}
        self.rates = {
            value: memory.array(f"rates x {value:g}", "settings", updates.RATES)
            for value in sorted(multipliers)
        }
        self.l2 = memory.array("l2", "settings", 2)
        if self.known_l2 is not None:
            self.l2[0] = self.known_l2.scale
        size = self.store.size if self.keeps else 0
        self.gradients = memory.array("gradients", "gradients", size)
        self.squares = np.zeros((0, 2))
        self.gradient_norm: float | None = None

    def phases(self, blocks: Sequence[GradientBlock]) -> list[Phase]:
        """One phase; more where all gradients are needed before the first update."""
        kept = [block for block in blocks if block.name in self.trained]
        ordered = sorted(kept, key=lambda block: -block.cost)
        flat = self.memory.array("squares", "settings", 2 * len(kept), np.float64)
        self.squares = flat.reshape(-1, 2)
        largest = max((block.rows * block.columns for block in kept), default=1)
        scratch = NOWHERE
        if not self.keeps:
            scratch = self.memory.each_worker("gradient block", "gradients", largest)
        gradients: list[list[Operation]] = []
        last = Phase("parameters")
        for index, block in enumerate(ordered):
            place, stride = self._place(block, scratch)
            operations = self._compute(block, place, stride, index)
            gradients.append(operations)
            if self.rule not in (None, updates.MUON):
                before = [] if self.is_apart else operations
                update = self._update(self.rule, block, place, stride)
                last.tasks.append(Task([*before, update]))
        if not self.is_apart:
            return [last]
        if self.rule is None:
            last = Phase("parameters, plain", plain=self._update_plainly)
        if self.rule == updates.MUON:
            last.tasks += [Task(one) for one in self._muon().tasks()]
        return [
            Phase("gradients", [Task(operations) for operations in gradients]),
            Phase("L2, plain", plain=self._add_own_l2 if self.own_l2 else None),
            Phase("norm", plain=self._clip),
            last,
        ]

    def write_rates(self, step: int) -> None:
        """Write the numbers that the kernels read at this step."""
        self.step = step
        for multiplier, rates in self.rates.items():
            write_rates(rates, self.rule, self.optimizer, step, multiplier)

    def penalty(self) -> float:
        """The L2 term of the loss, for the weights before the step."""
        if self.known_l2 is None:
            return self.own_penalty
        squares = float(self.squares[:, 1].sum())
        strength: float = self.known_l2.factor * self.known_l2.strength
        return strength * squares

    def _place(self, block: GradientBlock, scratch: Pointer) -> tuple[Pointer, int]:
        if not self.keeps:
            return scratch, block.columns
        start = self.store.pointer(block.name, self.gradients)
        return start.plus(block.offset * FLOAT_BYTES), block.stride

    def _compute(
        self, block: GradientBlock, place: Pointer, stride: int, index: int
    ) -> list[Operation]:
        operations = [] if block.compute is None else list(block.compute(place, stride))
        has_l2 = self.l2[0] != 0 and bool(
            penalized({block.name: self.store.parameters[block.name]})
        )
        lanes = (block.lane_count or self.memory.tiles) if block.compute is None else 0
        if lanes or has_l2 or self.clip_norm is not None:
            operations.append(
                Operation(
                    updates.finish_gradient,
                    f"gradient of {block.name}",
                    lanes=block.lanes,
                    gradient=place,
                    parameter=self._value(block),
                    l2=pointer_to(self.l2[0 if has_l2 else 1 :], "l2"),
                    squares=pointer_to(self.squares[index], "squares"),
                    lane_count=lanes,
                    lane_stride=block.lane_stride,
                    rows=block.rows,
                    columns=block.columns,
                    stride=block.stride,
                    gradient_stride=stride,
                    wants=has_l2 or self.clip_norm is not None,
                )
            )
        return operations

    def _update(
        self, rule: int, block: GradientBlock, place: Pointer, stride: int
    ) -> Operation:
        states = [
            self.store.pointer(block.name, flat).plus(block.offset * FLOAT_BYTES)
            for flat in self.states.values()
        ]
        first, second = [*states, NOWHERE, NOWHERE][:2]
        multiplier = self.trained[block.name].learning_rate_multiplier
        return Operation(
            updates.update_kernel(rule),
            f"{type(self.optimizer).__name__} of {block.name}",
            parameter=self._value(block),
            gradient=place,
            state_1=first,
            state_2=second,
            rates=pointer_to(self.rates[multiplier], "rates"),
            losses=pointer_to(self.guard, "losses and norm"),
            rows=block.rows,
            columns=block.columns,
            stride=block.stride,
            gradient_stride=stride,
            count=len(self.guard),
        )

    def _muon(self) -> MuonUpdate:
        """The update of whole parameters by Muon."""
        (velocities,) = self.states.values()
        parameters = [
            MuonParameter(
                name,
                parameter.shape,
                self.store.pointer(name),
                self.store.pointer(name, self.gradients),
                self.store.pointer(name, velocities),
                pointer_to(self.rates[parameter.learning_rate_multiplier], "rates"),
                pointer_to(self.guard, "losses and norm"),
                len(self.guard),
            )
            for name, parameter in self.trained.items()
        ]
        return MuonUpdate(self.memory, parameters)

    def _value(self, block: GradientBlock) -> Pointer:
        return self.store.pointer(block.name).plus(block.offset * FLOAT_BYTES)

    def _add_own_l2(self) -> None:
        """Add the gradients of a user's own L2 term."""
        assert self.own_l2 is not None
        self.own_penalty = penalty_of(self.own_l2, self.trained)
        for name, extra in l2_gradients(self.own_l2, self.trained).items():
            gradient = self.store.view(self.gradients, name)
            gradient += extra

    def _update_plainly(self) -> None:
        """Update whole parameters by an optimizer that has no kernel."""
        if not np.isfinite(self.guard.sum()):
            return
        for name, parameter in self.trained.items():
            multiplier = parameter.learning_rate_multiplier
            gradient = self.store.view(self.gradients, name)
            gradient = gradient * self.rates[multiplier][1]
            place = parameter.value
            optimizer = with_multiplier(self.optimizer, multiplier)
            state = self.plain_states[name]
            found = optimizer.update(parameter, gradient, state, self.step)
            moved, parameter.value = parameter.value, place
            assigns(optimizer, found)
            who = f"a value of {name}"
            place[...] = returned("", self.optimizer, who, moved, place.shape)

    def _clip(self) -> None:
        self.guard[-1] = self.own_penalty
        if self.clip_norm is None:
            return
        squares = float(self.squares[:, 0].sum())
        if self.own_l2 is not None:  # the squares are of gradients without its part
            squares = float(np.square(self.gradients, dtype=np.float64).sum())
        self.gradient_norm = float(np.sqrt(squares))
        self.guard[-1] += self.gradient_norm
        if self.gradient_norm > self.clip_norm:
            for rates in self.rates.values():
                rates[1] = self.clip_norm / self.gradient_norm
