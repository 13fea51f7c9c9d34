"""The tasks that turn gradients into moved parameters."""

from collections.abc import Mapping, Sequence

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.engine.gradient_blocks import Piece
from handgrad.engine.kernels import updates
from handgrad.engine.memory import FLOAT_BYTES, NOWHERE, Memory, Pointer, pointer_to
from handgrad.engine.network_layers import exact
from handgrad.engine.operation import Operation
from handgrad.engine.optimizer_states import rule_of
from handgrad.engine.parameter_store import ParameterStore
from handgrad.engine.program import Phase, Task
from handgrad.engine.returned import l2_gradients, penalty_of, returned
from handgrad.losses import L2
from handgrad.losses.l2 import penalized
from handgrad.optimizers import Optimizer
from handgrad.optimizers.optimizer import State


class ParameterUpdate:
    """The phases that turn pieces of gradients into moved parameters."""

    def __init__(  # noqa: PLR0913 (all that moves a parameter)
        self,
        store: ParameterStore,
        memory: Memory,
        optimizer: Optimizer,
        *,
        l2: L2 | None,
        clip_norm: float | None,
        keep_gradients: bool,
        guard: NumpyArray,
        states: Mapping[str, NumpyArray],
        plain_states: Mapping[str, State],
    ) -> None:
        self.store, self.memory, self.optimizer = store, memory, optimizer
        self.clip_norm = clip_norm
        self.guard = guard  # its last entry is for the norm and an own L2 term
        is_own = l2 is not None and exact(l2, (L2,)) is None
        self.own_l2 = l2 if is_own else None
        self.known_l2 = None if is_own else l2
        self.own_penalty = 0.0
        self.rule = rule_of(optimizer)
        self.is_apart = is_own or clip_norm is not None or self.rule is None
        self.keeps = keep_gradients or self.is_apart
        self.step = 0
        self.rates = memory.array("rates", "settings", updates.RATES)
        self.l2 = memory.array("l2", "settings", 2)
        if self.known_l2 is not None:
            self.l2[0] = self.known_l2.scale
        size = store.size
        self.gradients = memory.array(
            "gradients", "gradients", size if self.keeps else 0
        )
        self.states, self.plain_states = states, plain_states
        self.squares = np.zeros((0, 2))
        self.gradient_norm: float | None = None

    def phases(self, pieces: Sequence[Piece]) -> list[Phase]:
        """One phase, or three where all gradients are needed before the first move."""
        ordered = sorted(pieces, key=lambda piece: -piece.cost)
        flat = self.memory.array("squares", "settings", 2 * len(pieces), np.float64)
        self.squares = flat.reshape(-1, 2)
        largest = max((piece.rows * piece.columns for piece in pieces), default=1)
        scratch = NOWHERE
        if not self.keeps:
            scratch = self.memory.each_worker("gradient block", "gradients", largest)
        makes, moves = [], []
        for index, piece in enumerate(ordered):
            place, stride = self._place(piece, scratch)
            makes.append(self._make(piece, place, stride, index))
            if self.rule is not None:
                moves.append(self._move(self.rule, piece, place, stride))
        if not self.is_apart:
            both = [
                Task([*make, move]) for make, move in zip(makes, moves, strict=True)
            ]
            return [Phase("parameters", both)]
        last = Phase("parameters", [Task([move]) for move in moves])
        if self.rule is None:
            last = Phase("parameters, plain", plain=self._move_plainly)
        return [
            Phase("gradients", [Task(make) for make in makes]),
            Phase("L2, plain", plain=self._add_own_l2 if self.own_l2 else None),
            Phase("norm", plain=self._clip),
            last,
        ]

    def penalty(self) -> float:
        """The L2 term of the loss, of the weights before the step."""
        if self.known_l2 is None:
            return self.own_penalty
        squares = float(self.squares[:, 1].sum())
        strength: float = self.known_l2.factor * self.known_l2.strength
        return strength * squares

    def _place(self, piece: Piece, scratch: Pointer) -> tuple[Pointer, int]:
        if not self.keeps:
            return scratch, piece.columns
        start = self.store.pointer(piece.name, self.gradients)
        return start.plus(piece.offset * FLOAT_BYTES), piece.stride

    def _make(
        self, piece: Piece, place: Pointer, stride: int, index: int
    ) -> list[Operation]:
        operations = [] if piece.make is None else list(piece.make(place, stride))
        has_l2 = self.l2[0] != 0 and bool(
            penalized({piece.name: self.store.parameters[piece.name]})
        )
        lanes = (piece.lane_count or self.memory.tiles) if piece.make is None else 0
        if lanes or has_l2 or self.clip_norm is not None:
            operations.append(
                Operation(
                    updates.finish_gradient,
                    f"gradient of {piece.name}",
                    lanes=piece.lanes,
                    gradient=place,
                    parameter=self._value(piece),
                    l2=pointer_to(self.l2[0 if has_l2 else 1 :], "l2"),
                    squares=pointer_to(self.squares[index], "squares"),
                    lane_count=lanes,
                    lane_stride=piece.lane_stride,
                    rows=piece.rows,
                    columns=piece.columns,
                    stride=piece.stride,
                    gradient_stride=stride,
                    wants=has_l2 or self.clip_norm is not None,
                )
            )
        return operations

    def _move(self, rule: int, piece: Piece, place: Pointer, stride: int) -> Operation:
        states = [
            self.store.pointer(piece.name, flat).plus(piece.offset * FLOAT_BYTES)
            for flat in self.states.values()
        ]
        first, second = [*states, NOWHERE, NOWHERE][:2]
        return Operation(
            updates.update_kernel(rule),
            f"{type(self.optimizer).__name__} of {piece.name}",
            parameter=self._value(piece),
            gradient=place,
            state_1=first,
            state_2=second,
            rates=pointer_to(self.rates, "rates"),
            losses=pointer_to(self.guard, "losses and norm"),
            rows=piece.rows,
            columns=piece.columns,
            stride=piece.stride,
            gradient_stride=stride,
            count=len(self.guard),
        )

    def _value(self, piece: Piece) -> Pointer:
        return self.store.pointer(piece.name).plus(piece.offset * FLOAT_BYTES)

    def _add_own_l2(self) -> None:
        """A user's own L2 term adds to whole gradients."""
        assert self.own_l2 is not None
        parameters = self.store.parameters
        self.own_penalty = penalty_of(self.own_l2, parameters)
        for name, extra in l2_gradients(self.own_l2, parameters).items():
            gradient = self.store.view(self.gradients, name)
            gradient += extra

    def _move_plainly(self) -> None:
        """An optimizer that the engine does not know moves whole parameters."""
        if not np.isfinite(self.guard.sum()):
            return
        for name, parameter in self.store.parameters.items():
            gradient = self.store.view(self.gradients, name) * self.rates[1]
            place = parameter.value
            self.optimizer.update(
                parameter, gradient, self.plain_states[name], self.step
            )
            moved, parameter.value = parameter.value, place
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
            self.rates[1] = self.clip_norm / self.gradient_norm
