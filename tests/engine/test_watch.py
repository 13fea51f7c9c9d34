import numpy as np

from handgrad.engine.watch import Chosen, LayerWatch, Watch, all_layers, attributes_of
from handgrad.layers import Dropout, Linear, ReLU, Residual, Sequential
from handgrad.parameter import Parameter


class Thing:
    def __init__(self):
        self.number, self.array = 1.5, np.zeros(3)


class Own(Linear):
    """A layer of the user's own that counts its calls."""

    def __init__(self):
        super().__init__(3, 3)
        self.calls = 0


def changes(watched, change):
    watch = Watch(*attributes_of(watched))
    assert not watch.is_changed()
    change(watched)
    return watch.is_changed()


def test_what_is_assigned_added_or_removed_is_noticed():
    assert changes(Thing(), lambda thing: setattr(thing, "number", 2.5))
    assert changes(Thing(), lambda thing: setattr(thing, "array", np.zeros(3)))
    assert changes(Thing(), lambda thing: setattr(thing, "more", None))
    assert changes(Thing(), lambda thing: delattr(thing, "array"))


def test_an_array_changed_in_place_is_not():
    assert not changes(Thing(), lambda thing: thing.array.fill(3))


def test_chosen_attributes_alone_count():
    thing = Thing()
    watch = Watch(Chosen(thing, "number", "array"))
    thing.more = 3
    assert not watch.is_changed()
    thing.number = 3
    assert watch.is_changed()


def nested():
    body = Sequential([Linear(3, 3), Dropout(0.5)])
    return Sequential([Linear(3, 3), Residual(body), ReLU(), Own()])


def test_all_layers_of_containers_are_found():
    kinds = [type(layer).__name__ for layer in all_layers(nested())]
    inner = ["Sequential", "Linear", "Dropout"]
    assert kinds == ["Sequential", "Linear", "Residual", *inner, "ReLU", "Own"]


def layer_changes(change):
    model = nested()
    watch = LayerWatch(model)
    assert not watch.is_changed()
    change(model.layers)
    return watch.is_changed()


def test_layers_settings_and_parameters_count():
    def dropout(layers):
        layers["residual_1"].body.layers["dropout_1"].rate = 0.1

    def other_parameter(layers):
        layers["own_1"].weight = Parameter(np.ones((3, 3)))

    assert layer_changes(dropout)
    assert layer_changes(other_parameter)
    assert layer_changes(lambda layers: layers.pop("relu_1"))
    assert layer_changes(lambda layers: layers.update(relu_1=ReLU()))


def test_what_a_layer_of_the_users_own_keeps_does_not_count():
    assert not layer_changes(lambda layers: setattr(layers["own_1"], "calls", 5))
