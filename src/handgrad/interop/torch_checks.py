"""Checks of torch modules: hooks, tied weights, weights that are not finite.

Needs torch, the extra `torch`.
"""

from collections import Counter
from operator import attrgetter
from typing import Any

from torch.nn.modules.lazy import LazyModuleMixin

from handgrad.errors import ConfigError
from handgrad.text import some

HOOKS = ("forward", "forward_pre", "backward", "backward_pre")


def check_hooks(module: Any) -> None:
    """ConfigError that names a part of a `module` with a hook, if any.

    Lazy modules, which use hooks themselves, are left out: they have no layer.
    """
    for name, part in module.named_modules():
        found = [kind for kind in HOOKS if getattr(part, f"_{kind}_hooks")]
        if found and not isinstance(part, LazyModuleMixin):
            place = f"{type(part).__name__}{f' ({name})' if name else ''}"
            raise ConfigError(
                f"from_torch reads modules without hooks, but {place} has a "
                f"{found[0].replace('_', '-')} hook. Remove it, or write what it does "
                "in a forward method."
            )


def check_numbers(module: Any) -> None:
    """ConfigError for weights of a `module` that have no numbers yet, if any."""
    empty = [name for name, held in module.named_parameters() if held.is_meta]
    if empty and not any(isinstance(p, LazyModuleMixin) for p in module.modules()):
        raise ConfigError(
            "from_torch reads trained weights, but those of "
            f"{type(module).__name__} are on the device meta, without numbers "
            f"({some(empty, 3)}). Load them with load_state_dict(..., assign=True)."
        )


def check_tensors(module: Any, names: list[str]) -> None:
    """ConfigError if tensors of a `module` are used twice, or not all are finite.

    `names` are those of the tensors, one for each use.
    """
    tensors = {name: attrgetter(name)(module) for name in names}
    uses = Counter(tensors[name].data_ptr() for name in names)
    kind = type(module).__name__
    twice = [name for name, held in tensors.items() if uses[held.data_ptr()] > 1]
    if twice:
        raise ConfigError(
            "from_torch takes modules whose operations share no weights, but in "
            f"{kind} some are used twice ({some(twice, 3)}). Give each operation its "
            "own, for example with copy.deepcopy."
        )
    if wrong := [name for name, held in tensors.items() if not held.isfinite().all()]:
        raise ConfigError(
            f"from_torch takes modules with finite weights, but in {kind} there is NaN "
            f"or infinity in {some(wrong, 3)}. Give finite weights, for example those "
            "of an earlier epoch."
        )
