"""What stands between the products of a perceptron, an example a row."""

from typing import Any

from handgrad.engine.kernels import activations
from handgrad.engine.kernels.rows import turn
from handgrad.engine.lowering.elementwise import IN_PLACE, kind_of
from handgrad.engine.lowering.lowering import Lowering
from handgrad.engine.memory import Tensor, pointer_to


def activate_rows(
    lowering: Lowering, name: str, following: tuple[str, Any] | None, inputs: Tensor
) -> Tensor:
    """outputs = activation(inputs + bias); only the bias where nothing follows."""
    memory = lowering.memory
    shown, layer = following or (f"{name} bias", None)
    kind = activations.IDENTITY if layer is None else kind_of(layer)
    assert kind is not None
    in_place = kind in IN_PLACE
    assert not memory.is_kept(inputs), "a linear layer keeps its inputs only"
    outputs = inputs
    if not in_place:
        outputs = memory.rows_matrix(shown, "activations", inputs.shape)
    kept = outputs if in_place else inputs
    slope = memory.array(f"{shown} slope", "settings", 1)
    slope[0] = getattr(layer, "negative_slope", 0.0)
    lowering.add(
        activations.rows_kernel(kind, in_place=in_place),
        f"{shown} forward",
        inputs=inputs.pointer,
        bias=lowering.store.pointer(f"{name}.bias"),
        outputs=outputs.pointer,
        slope=pointer_to(slope),
        rows=memory.tile,
        columns=inputs.rows,
        stride=inputs.stride,
        out_stride=outputs.stride,
    )

    def backward(d_outputs: Tensor) -> Tensor:
        if kind == activations.IDENTITY:
            return d_outputs
        lowering.add(
            activations.backward_kernel(kind),
            f"{shown} d_inputs",
            d_outputs=d_outputs.pointer,
            kept=kept.pointer,
            slope=pointer_to(slope),
            rows=memory.tile,
            columns=inputs.rows,
            stride=d_outputs.stride,
            out_stride=kept.stride,
        )
        return d_outputs

    lowering.add_backward(backward, *([] if layer is None else [kept]))
    return outputs


def turned(lowering: Lowering, logits: Tensor) -> Tensor:
    """Logits batch last, as losses want them; their gradient goes back by rows."""
    memory, tile = lowering.memory, lowering.memory.tile
    outputs = memory.matrix("logits", "activations", logits.shape)
    lowering.add(
        turn,
        "logits, batch last",
        source=logits.pointer,
        target=outputs.pointer,
        rows=tile,
        columns=logits.rows,
        stride=logits.stride,
        out_stride=outputs.stride,
    )

    def backward(d_outputs: Tensor) -> Tensor:
        d_rows = memory.rows_matrix("d_logits", "gradients", logits.shape)
        lowering.add(
            turn,
            "d_logits, an example a row",
            source=d_outputs.pointer,
            target=d_rows.pointer,
            rows=logits.rows,
            columns=tile,
            stride=d_outputs.stride,
            out_stride=d_rows.stride,
        )
        return d_rows

    lowering.add_backward(backward)
    return outputs
