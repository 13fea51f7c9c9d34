"""Modules with hooks, or with weights that cannot be read as they are."""

import pytest
from torch import nn

from handgrad.errors import ConfigError
from handgrad.interop.torch import from_torch
from handgrad.interop.torch_checks import check_hooks, check_numbers, check_tensors


@pytest.mark.parametrize(
    ("register", "kind"),
    [
        ("register_forward_hook", "forward"),
        ("register_forward_pre_hook", "forward-pre"),
        ("register_full_backward_hook", "backward"),
    ],
)
def test_hooks_are_refused_by_name(register, kind):
    module = nn.Sequential(nn.Flatten(), nn.Linear(2, 2))
    check_hooks(module)
    getattr(module[1], register)(print)
    with pytest.raises(ConfigError, match=rf"Linear \(1\) has a {kind} hook"):
        check_hooks(module)


def test_one_tensor_may_have_two_names_but_one_use():
    module = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    module[1].weight = module[0].weight
    check_tensors(module, ["0.weight", "0.bias", "1.bias"])
    with pytest.raises(ConfigError, match=r"used twice \(0.weight, 1.weight\)"):
        check_tensors(module, ["0.weight", "1.weight"])


def test_weights_without_numbers_are_refused():
    module = nn.Sequential(nn.Flatten(), nn.Linear(2, 2))
    check_numbers(module)
    with pytest.raises(ConfigError, match=r"the device meta.*\(1.weight, 1.bias\)"):
        from_torch(module.to("meta"), input_shape=(1, 1, 2))
