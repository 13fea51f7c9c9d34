from handgrad.training import config_from
from handgrad.training.choices import choices


def test_every_choice_is_accepted():
    found = choices()
    assert config_from(found["quick_start"]).model.name in found["models"]
    assert "from_layers" not in found["models"]
    assert found["datasets"]["digits"] == {"shape": (1, 28, 28), "classes": 10}
    assert found["layers"]["linear"]["out_features"] is None
    for name, options in found["optimizers"].items():
        config_from({"optimizer": {"name": name, **options}})
