"""LeNet with sigmoids and average pooling in pure Python loops, as in a textbook.

No arrays: images are lists of maps, maps are lists of rows, rows are lists of numbers.
It is slow on purpose: it is the definition that the layers are tested against, and the
baseline of their speed.

Source
    LeCun, Bottou, Bengio, Haffner (1998), Gradient-based learning applied to document
    recognition, section II.B.
"""

from math import exp, log
from typing import Any, TypeAlias

Vector: TypeAlias = list[float]
Map: TypeAlias = list[Vector]
Image: TypeAlias = list[Map]
Numbers: TypeAlias = dict[str, Any]  # nested lists by the names of the parameters

BORDER = 2  # zero padding of a 28 x 28 image


class LoopedLeNet:
    """Forward, backward and plain gradient descent on nested lists of numbers.

    Shapes
        parameters  conv2d_1.weight (6, 1, 5, 5), conv2d_2.weight (16, 6, 5, 5),
                    linear_1.weight (120, 400), linear_2.weight (84, 120),
                    linear_3.weight (10, 84), and a bias for each
        images      (batch, 1, 28, 28), normalised
    """

    def __init__(self, parameters: Numbers) -> None:
        self.parameters = parameters

    def train_step(
        self, images: list[Image], targets: list[int], learning_rate: float
    ) -> float:
        """Take one gradient descent step; return the mean loss before it."""
        total, sums = 0.0, None
        for image, target in zip(images, targets, strict=True):
            loss, gradients = self.backward(image, target)
            total += loss
            sums = gradients if sums is None else added(sums, gradients)
        step = -learning_rate / len(images)
        self.parameters = moved(self.parameters, sums, step)
        return total / len(images)

    def forward(self, image: Image) -> Numbers:
        """All intermediate results for one image, from the padded image to logits."""
        p = self.parameters
        found: Numbers = {"bordered": bordered(image, BORDER)}
        maps = convolve(found["bordered"], p["conv2d_1.weight"], p["conv2d_1.bias"])
        found["first"] = each_number(sigmoid, maps)
        found["small"] = average_pool(found["first"])
        maps = convolve(found["small"], p["conv2d_2.weight"], p["conv2d_2.bias"])
        found["second"] = each_number(sigmoid, maps)
        found["flat"] = [
            x for rows in average_pool(found["second"]) for row in rows for x in row
        ]
        sums = linear(found["flat"], p["linear_1.weight"], p["linear_1.bias"])
        found["hidden"] = each_number(sigmoid, sums)
        sums = linear(found["hidden"], p["linear_2.weight"], p["linear_2.bias"])
        found["last"] = each_number(sigmoid, sums)
        found["logits"] = linear(
            found["last"], p["linear_3.weight"], p["linear_3.bias"]
        )
        return found

    def backward(self, image: Image, target: int) -> tuple[float, Numbers]:
        """The loss of one image, and its gradient for every parameter."""
        p, found = self.parameters, self.forward(image)
        gradients: Numbers = {}
        loss, d_sums = cross_entropy(found["logits"], target)
        for name, inputs in (("linear_3", "last"), ("linear_2", "hidden")):
            d_inputs, gradients[f"{name}.weight"] = linear_backward(
                d_sums, found[inputs], p[f"{name}.weight"]
            )
            gradients[f"{name}.bias"] = d_sums
            d_sums = through_sigmoid(d_inputs, found[inputs])
        d_flat, gradients["linear_1.weight"] = linear_backward(
            d_sums, found["flat"], p["linear_1.weight"]
        )
        gradients["linear_1.bias"] = d_sums
        d_maps = average_pool_backward(as_maps(d_flat, 16, 5, 5))
        d_maps = through_sigmoid(d_maps, found["second"])
        d_small, gradients["conv2d_2.weight"] = convolve_backward(
            d_maps, found["small"], p["conv2d_2.weight"]
        )
        gradients["conv2d_2.bias"] = sums_of(d_maps)
        d_maps = average_pool_backward(d_small)
        d_maps = through_sigmoid(d_maps, found["first"])
        _, gradients["conv2d_1.weight"] = convolve_backward(
            d_maps, found["bordered"], p["conv2d_1.weight"]
        )
        gradients["conv2d_1.bias"] = sums_of(d_maps)
        return loss, gradients


def bordered(image: Image, border: int) -> Image:
    """The image with a border of zeros."""
    sides = [0.0] * border
    width = len(image[0][0]) + 2 * border
    above = [[0.0] * width for _ in range(border)]
    return [
        [*above, *[[*sides, *row, *sides] for row in rows], *above] for rows in image
    ]


def convolve(image: Image, weight: list[Image], bias: Vector) -> Image:
    """Cross-correlate the image with each kernel and add its bias."""
    size = len(weight[0][0])
    height, width = len(image[0]) - size + 1, len(image[0][0]) - size + 1
    outputs = []
    for pattern, offset in zip(weight, bias, strict=True):
        rows = []
        for y in range(height):
            row = []
            for x in range(width):
                total = offset
                for c in range(len(image)):
                    for i in range(size):
                        for j in range(size):
                            total += pattern[c][i][j] * image[c][y + i][x + j]
                row.append(total)
            rows.append(row)
        outputs.append(rows)
    return outputs


def convolve_backward(
    d_outputs: Image, image: Image, weight: list[Image]
) -> tuple[Image, list[Image]]:
    """Return d_image and d_weight: each product contributes to both of its factors."""
    size = len(weight[0][0])
    d_image = [[[0.0] * len(row) for row in rows] for rows in image]
    d_weight = [[[[0.0] * size for _ in range(size)] for _ in image] for _ in weight]
    for k, rows in enumerate(d_outputs):
        for y, row in enumerate(rows):
            for x, upstream in enumerate(row):
                for c in range(len(image)):
                    for i in range(size):
                        for j in range(size):
                            d_weight[k][c][i][j] += upstream * image[c][y + i][x + j]
                            d_image[c][y + i][x + j] += upstream * weight[k][c][i][j]
    return d_image, d_weight


def average_pool(image: Image) -> Image:
    """The mean of each 2 x 2 window."""
    return [
        [
            [
                (rows[y][x] + rows[y][x + 1] + rows[y + 1][x] + rows[y + 1][x + 1]) / 4
                for x in range(0, len(rows[0]), 2)
            ]
            for y in range(0, len(rows), 2)
        ]
        for rows in image
    ]


def average_pool_backward(d_outputs: Image) -> Image:
    """Give each entry of a window a quarter of the upstream gradient."""
    return [
        [[d / 4 for d in row for _ in range(2)] for row in rows for _ in range(2)]
        for rows in d_outputs
    ]


def linear(inputs: Vector, weight: Map, bias: Vector) -> Vector:
    """Every output is a weighted sum of all inputs, plus a bias."""
    outputs = []
    for row, offset in zip(weight, bias, strict=True):
        total = offset
        for factor, value in zip(row, inputs, strict=True):
            total += factor * value
        outputs.append(total)
    return outputs


def linear_backward(
    d_outputs: Vector, inputs: Vector, weight: Map
) -> tuple[Vector, Map]:
    """Return d_inputs and d_weight."""
    d_inputs = [0.0] * len(inputs)
    d_weight = []
    for upstream, row in zip(d_outputs, weight, strict=True):
        for place, factor in enumerate(row):
            d_inputs[place] += upstream * factor
        d_weight.append([upstream * value for value in inputs])
    return d_inputs, d_weight


def cross_entropy(logits: Vector, target: int) -> tuple[float, Vector]:
    """The negative log-likelihood of the target, and its gradient for the logits."""
    largest = max(logits)
    powers = [exp(logit - largest) for logit in logits]
    total = sum(powers)
    d_logits = [power / total for power in powers]
    d_logits[target] -= 1
    return log(total) - (logits[target] - largest), d_logits


def sigmoid(x: float) -> float:
    """1 / (1 + exp(-x)), without overflow."""
    return 1 / (1 + exp(-x)) if x >= 0 else exp(x) / (1 + exp(x))


def each_number(function: Any, numbers: Any) -> Any:
    """Apply the function to every number in nested lists."""
    if isinstance(numbers, list):
        return [each_number(function, part) for part in numbers]
    return function(numbers)


def through_sigmoid(d_outputs: Any, outputs: Any) -> Any:
    """Upstream gradient * outputs * (1 - outputs), the derivative of the sigmoid."""
    if isinstance(outputs, list):
        return [
            through_sigmoid(upstream, part)
            for upstream, part in zip(d_outputs, outputs, strict=True)
        ]
    return d_outputs * outputs * (1 - outputs)


def as_maps(flat: Vector, maps: int, height: int, width: int) -> Image:
    """A list of numbers as maps of rows."""
    numbers = iter(flat)
    return [
        [[next(numbers) for _ in range(width)] for _ in range(height)]
        for _ in range(maps)
    ]


def sums_of(maps: Image) -> Vector:
    """The sum of each map."""
    return [sum(sum(row) for row in rows) for rows in maps]


def added(left: Any, right: Any) -> Any:
    """The elementwise sum of two nested structures of numbers."""
    if isinstance(left, dict):
        return {name: added(part, right[name]) for name, part in left.items()}
    if isinstance(left, list):
        return [added(a, b) for a, b in zip(left, right, strict=True)]
    return left + right


def moved(numbers: Any, direction: Any, step: float) -> Any:
    """numbers + step * direction, elementwise."""
    if isinstance(numbers, dict):
        return {n: moved(part, direction[n], step) for n, part in numbers.items()}
    if isinstance(numbers, list):
        return [moved(a, d, step) for a, d in zip(numbers, direction, strict=True)]
    return numbers + step * direction
