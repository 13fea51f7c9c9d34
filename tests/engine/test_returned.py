"""What a user's own parts return is checked by both engines, with the same words."""

import numpy as np
import pytest

from handgrad.engine.choose import make_engine
from handgrad.engine.returned import gradients_of, l2_gradients
from handgrad.errors import ConfigError, ShapeError
from handgrad.layers import ReLU
from handgrad.losses import L2, SoftmaxCrossEntropy
from handgrad.optimizers import SGD, Adam

from .agreement import MIXED, engines
from .altered import altered_optimizer
from .lowering.test_plain import returning, with_second_linear
from .networks import Settings

WEIGHT, BIAS = np.ones((6, 5), np.float32), np.ones(6, np.float32)
WRONG = {
    "outputs": (
        {"outputs": np.ones((70, 5))},
        r"linear_2: Wrong returned outputs of shape \(70, 5\), expected \(70, 6\)",
    ),
    "d_inputs": (
        {"d_inputs": np.ones((1, 5))},
        r"linear_2: Wrong returned d_inputs of shape \(1, 5\), expected \(70, 5\)",
    ),
    "missing": (
        {"gradients": {"weight": WEIGHT}},
        r"linear_2: backward of Wrong returned no gradient for its parameter bias, got "
        r"\['weight'\]. Return one array for each name",
    ),
    "none": (
        {"gradients": [WEIGHT, BIAS]},
        "linear_2: backward of Wrong returned no gradient for its parameter weight",
    ),
    "gradient": (
        {"gradients": {"weight": WEIGHT.T, "bias": BIAS}},
        r"linear_2: Wrong returned a gradient of weight of shape \(5, 6\), expected "
        r"\(6, 5\)",
    ),
    "complex": (
        {"gradients": {"weight": WEIGHT + 1j, "bias": BIAS}},
        "linear_2: Wrong returned a gradient of weight of complex64, expected float32",
    ),
}


def test_a_layer_without_parameters_has_no_gradients():
    with pytest.raises(ShapeError, match=r"Return \{\}, since it has none"):
        gradients_of("relu_1", ReLU(), {"weight": WEIGHT})
    said = r"not a parameter of the network. Return \{\}"
    with pytest.raises(ShapeError, match=said):
        l2_gradients(type("Own", (L2,), {"gradients": lambda *_: {"w": 1}})(0.1), {})


def refused_alike(error, message, setting=None, made=None):
    """Both engines refuse the step with the same words, and have moved nothing."""
    parts = (setting or Settings(), made) if made else (setting,)
    words = []
    for engine in engines(*parts):
        before = engine.state()
        batch = (made or MIXED).batch(70)
        with pytest.raises(error, match=message) as caught:
            engine.train_step(batch, 1)
        words.append(str(caught.value))
        for name, array in engine.state().items():
            np.testing.assert_array_equal(array, before[name])
    assert words[0] == words[1]


@pytest.mark.parametrize("what", WRONG)
def test_a_layer_that_returns_what_does_not_fit_is_refused_by_name(what):
    results, message = WRONG[what]
    error = ConfigError if what == "complex" else ShapeError
    refused_alike(error, message, made=with_second_linear(returning(**results)))


def test_an_optimizer_that_assigns_another_shape_is_refused():
    class Shrunk(SGD):
        def update(self, parameter, gradient, state, step):
            super().update(parameter, gradient, state, step)
            parameter.value = parameter.value[:1]

    words = []
    for engine in engines(Settings(optimizer=Shrunk(0.1))):
        with pytest.raises(ShapeError, match="Shrunk returned a value of") as caught:
            engine.train_step(MIXED.batch(70), 1)
        words.append(str(caught.value))
    assert words[0] == words[1]


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_gradient_of_a_loss_that_is_not_finite_moves_nothing(bad):
    """Though the loss itself is finite."""
    shape = (70, MIXED.classes)
    setting = loss_returning(value=1.0, d_logits=np.full(shape, bad, np.float32))
    for engine in engines(setting):
        assert_stays(engine, MIXED)


def own(kind, method, results):
    """The class, one method of which returns what it is given."""
    return type("Own", (kind,), {method: lambda *given, **options: results})


ARRAY = np.ones((2, 5), np.float32)  # two rows are no pair
NO_PAIRS = [(None, "None"), (ARRAY, "one ndarray"), ((ARRAY,) * 3, "3 values")]


@pytest.mark.parametrize(("results", "got"), NO_PAIRS)
def test_a_forward_that_returns_no_pair_is_refused_before_the_first_step(results, got):
    made = with_second_linear(lambda kind: own(kind, "forward", results))
    said = f"linear_2: forward of Own returned {got}, expected a pair. End it with "
    with pytest.raises(ConfigError, match=f"{said}'return outputs, cache'"):
        engines(Settings(), made)


def in_training(results):
    """A layer that returns something else in training."""

    def alter(kind):
        class Own(kind):
            def forward(self, inputs, *, training=False, key=None):
                found = kind.forward(self, inputs, training=training, key=key)
                return results if training else found

        return Own

    return alter


@pytest.mark.parametrize(("results", "got"), NO_PAIRS)
def test_a_layer_that_returns_no_pair_is_refused_alike(results, got):
    said = f"linear_2: forward of Own returned {got}, expected a pair"
    refused_alike(ConfigError, said, made=with_second_linear(in_training(results)))
    said = f"linear_2: backward of Own returned {got}, expected a pair"
    made = with_second_linear(lambda kind: own(kind, "backward", results))
    refused_alike(ConfigError, said, made=made)


def test_none_for_an_array_is_refused_by_its_name():
    said = r"linear_2: Own returned None as outputs, expected an array of shape \(70, 6"
    made = with_second_linear(in_training((None, None)))
    refused_alike(ShapeError, said, made=made)


def test_a_gradient_of_no_parameter_is_refused():
    gradients = {"weight": WEIGHT, "bias": BIAS, "wieght": WEIGHT}
    said = (
        "linear_2: backward of Wrong returned a gradient of 'wieght', which is not one"
    )
    made = with_second_linear(returning(gradients=gradients))
    refused_alike(ShapeError, said, made=made)


@pytest.mark.parametrize(("results", "got"), [*NO_PAIRS, (1.0, "one float")])
def test_a_loss_that_returns_no_pair_is_refused(results, got):
    said = f"forward of Own returned {got}, expected a pair. End it with 'return loss, "
    setting = Settings(loss=own(SoftmaxCrossEntropy, "forward", results)())
    refused_alike(ConfigError, said, setting)


def test_a_loss_without_a_gradient_is_refused():
    said = "The network: Own returned None as d_logits"
    setting = Settings(loss=own(SoftmaxCrossEntropy, "backward", None)())
    refused_alike(ShapeError, said, setting)


@pytest.mark.parametrize("state", [None, [], {"mean": None}, {"mean": 1.0}])
@pytest.mark.parametrize("name", ["plain", "cpu"])
def test_an_optimizer_keeps_arrays_by_name(state, name):
    optimizer = own(SGD, "initial_state", state)(0.1)
    model = MIXED.model()
    with pytest.raises(ConfigError, match=r"initial_state of Own returned .* array"):
        make_engine(
            name,
            model,
            SoftmaxCrossEntropy(),
            optimizer,
            MIXED.normalization,
            input_shape=MIXED.shape,
            batch_size=70,
        )


def optimizer_with(**methods):
    return type("Own", (SGD,), methods)(0.1)


@pytest.mark.parametrize("assigns", [False, True])
def test_an_update_that_returns_a_value_is_refused(assigns):
    def update(self, parameter, gradient, state, step):
        moved = parameter.value - 0.1 * gradient
        if assigns:
            parameter.value = moved
        return moved

    said = "update of Own returned one ndarray, expected None. Assign the new values"
    for engine in engines(Settings(optimizer=optimizer_with(update=update))):
        with pytest.raises(ConfigError, match=said):
            engine.train_step(MIXED.batch(70), 1)


@pytest.mark.parametrize(
    ("method", "function", "wanted"),
    [
        (
            "update",
            lambda self, parameter, gradient, state, *, step: None,
            r"too many positional arguments\). Write it as 'def update\(self, "
            r"parameter, gradient, state, step\)'",
        ),
        ("update", lambda self, parameter, gradient: None, "too many positional"),
        ("initial_state", lambda self: {}, r"'def initial_state\(self, parameter\)'"),
    ],
)
@pytest.mark.parametrize("name", ["plain", "cpu"])
def test_an_optimizer_takes_what_a_step_passes(name, method, function, wanted):
    with pytest.raises(ConfigError, match=f"{method} of Own takes .*{wanted}"):
        make_engine(
            name,
            MIXED.model(),
            SoftmaxCrossEntropy(),
            optimizer_with(**{method: function}),
            MIXED.normalization,
            input_shape=MIXED.shape,
            batch_size=70,
        )


def test_l2_gradients_that_are_no_dictionary_are_refused():
    l2 = own(L2, "gradients", None)(0.1)
    said = "gradients of Own returned None, expected a dictionary"
    refused_alike(ShapeError, said, Settings(l2=l2))


def loss_returning(*, value=None, d_logits=None):
    class Wrong(SoftmaxCrossEntropy):
        def forward(self, logits, targets, weights=None):
            found, cache = super().forward(logits, targets, weights)
            return (found if value is None else value), cache

        def backward(self, cache):
            return super().backward(cache) if d_logits is None else d_logits

    return Settings(loss=Wrong())


@pytest.mark.parametrize("shape", [(), (70,), (70, 1), (1, 3), (70, 4), (3, 70)])
def test_a_loss_whose_gradient_does_not_fit_is_refused(shape):
    message = r"The network: Wrong returned d_logits of shape .*expected \(70, 3\)"
    refused_alike(ShapeError, message, loss_returning(d_logits=np.ones(shape)))


@pytest.mark.parametrize("value", [np.ones(70), "1", None, 1j, [1.0]])
def test_a_loss_that_is_no_number_is_refused(value):
    # None stands for what the class returns; an array of it for itself
    value = np.array(None) if value is None else value
    message = "forward of Wrong returned a loss of shape .* expected one number"
    refused_alike(ConfigError, message, loss_returning(value=value))


@pytest.mark.parametrize("value", [np.float32(1.5), np.array(1.5), 2])
def test_a_loss_may_be_any_real_number(value):
    for engine in engines(loss_returning(value=value)):
        result = engine.train_step(MIXED.batch(70), 1)
        assert result.loss == pytest.approx(float(value))
        assert result.is_finite


class WrongL2(L2):
    def __init__(self, *, penalty=0.0, gradients=None):
        super().__init__(0.1)
        self.own_penalty, self.own_gradients = penalty, gradients or {}

    def penalty(self, parameters):
        return self.own_penalty

    def gradients(self, parameters):
        return self.own_gradients


def test_an_l2_term_of_an_unknown_parameter_is_refused():
    l2 = WrongL2(gradients={"linear_9.weight": np.ones(3)})
    message = "gradients of WrongL2 returned one of 'linear_9.weight', which is not a"
    refused_alike(ShapeError, message, Settings(l2=l2))


def test_an_l2_term_that_would_be_stretched_is_refused():
    l2 = WrongL2(gradients={"linear_1.weight": np.ones(1)})
    message = r"linear_1.weight: WrongL2 returned a gradient of shape \(1,\), expected"
    refused_alike(ShapeError, message, Settings(l2=l2))


def test_a_penalty_that_is_no_number_is_refused():
    message = "penalty of WrongL2 returned a part of the loss of shape"
    refused_alike(ConfigError, message, Settings(l2=WrongL2(penalty=np.ones(3))))


@pytest.mark.parametrize("clip_norm", [None, 1.0])
def test_a_penalty_that_is_not_finite_moves_nothing(clip_norm):
    for engine in engines(Settings(l2=WrongL2(penalty=np.inf), clip_norm=clip_norm)):
        assert_stays(engine, MIXED)


def assert_stays(engine, made):
    before = engine.state()
    assert not engine.train_step(made.batch(70), 1).is_finite
    for name, array in engine.state().items():
        np.testing.assert_array_equal(array, before[name])


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("kind", [SGD, Adam, altered_optimizer(SGD)])
def test_a_norm_that_is_not_finite_moves_nothing(kind, bad):
    """The loss is finite, and so are the losses of all examples."""
    gradients = {"weight": WEIGHT, "bias": bad * BIAS}
    made = with_second_linear(returning(gradients=gradients))
    for engine in engines(Settings(optimizer=kind(0.1), clip_norm=1.0), made):
        assert_stays(engine, made)
