import json


def test_filters_are_the_units_of_the_first_layer(handgrad, trained, tmp_path):
    out = handgrad(f"inspect filters {trained} --figure f.png").out
    assert "Weights of linear_1, shape (10, 784)." in out
    assert (tmp_path / "f.png").exists()
    found = json.loads(handgrad(f"inspect filters {trained} --json").out)
    assert len(found["norms"]) == 10


def test_feature_maps_of_a_chosen_image(handgrad, trained, tmp_path):
    words = f"inspect feature-maps {trained} --image 3"
    out = handgrad(f"{words} --figure maps.png").out
    assert "True class: " in out
    assert (tmp_path / "maps.png").exists()
    found = json.loads(handgrad(f"{words} --json").out)
    assert [layer["layer"] for layer in found["layers"]] == ["flatten_1", "linear_1"]
    assert len(found["layers"][-1]["outputs"]) == 10


def test_mistakes_are_sentences(refused, trained):
    assert "from 0 up" in refused(f"inspect feature-maps {trained} --image -1")
    assert "There are 360 images" in refused(
        f"inspect feature-maps {trained} --image 5000"
    )
    assert "Did you mean 'test'" in refused(
        f"inspect feature-maps {trained} --split tset"
    )
