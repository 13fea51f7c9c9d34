"""The quantile function of the normal distribution, the same bits on any machine.

It uses only correctly rounded floating-point operations, and not the logarithm of a
library, so that weights drawn from it are the same everywhere.

Source
    Wichura (1988), Algorithm AS 241: the percentage points of the normal distribution.
"""

import numpy as np

from handgrad.arrays import NumpyArray


def normal_quantile(probability: NumpyArray) -> NumpyArray:
    """The quantile function of the standard normal distribution, to about 1e-15.

    Probabilities lie strictly between 0 and 1, as drawn by `uniform`. Its smallest,
    2**-33, gives -6.3, so normal draws lie between -6.3 and 6.3.
    """
    centred = np.asarray(probability - 0.5)
    found = np.asarray(centred * _ratio(0.180625 - centred * centred, CENTRE))
    outside = np.abs(centred) > 0.425
    root = np.sqrt(-logarithm(np.minimum(probability, 1.0 - probability)[outside]))
    outer = np.where(root <= 5.0, _ratio(root - 1.6, MIDDLE), _ratio(root - 5.0, FAR))
    found[outside] = np.copysign(outer, centred[outside])
    return found


def logarithm(value: NumpyArray) -> NumpyArray:
    """Natural logarithm from IEEE operations only: the same bits on any machine."""
    mantissa, exponent = np.frexp(value)
    small = mantissa < np.sqrt(0.5)
    mantissa = np.where(small, 2.0 * mantissa, mantissa)
    exponent = np.where(small, exponent - 1, exponent)
    ratio = (mantissa - 1.0) / (mantissa + 1.0)
    square = ratio * ratio
    series = np.zeros_like(ratio)
    for odd in range(25, 0, -2):
        series = series * square + 1.0 / odd
    return 2.0 * ratio * series + exponent * 0.6931471805599453


def _ratio(
    value: NumpyArray, coefficients: tuple[tuple[float, ...], ...]
) -> NumpyArray:
    numerator, denominator = (
        _polynomial(value, np.asarray(side)) for side in coefficients
    )
    return numerator / denominator


def _polynomial(value: NumpyArray, coefficients: NumpyArray) -> NumpyArray:
    result = np.full_like(value, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        result *= value
        result += coefficient
    return result


# Wichura's coefficients, constant term first: numerator, denominator.
CENTRE = (
    (
        3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3,
        1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4,
        3.3430575583588128105e4, 2.5090809287301226727e3,
    ),
    (
        1.0, 4.2313330701600911252e1, 6.8718700749205790830e2,
        5.3941960214247511077e3, 2.1213794301586595867e4, 3.9307895800092710610e4,
        2.8729085735721942674e4, 5.2264952788528545610e3,
    ),
)  # fmt: skip
MIDDLE = (
    (
        1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0,
        3.64784832476320460504e0, 1.27045825245236838258e0, 2.41780725177450611770e-1,
        2.27238449892691845833e-2, 7.74545014278341407640e-4,
    ),
    (
        1.0, 2.05319162663775882187e0, 1.67638483018380384940e0,
        6.89767334985100004550e-1, 1.48103976427480074590e-1, 1.51986665636164571966e-2,
        5.47593808499534494600e-4, 1.05075007164441684324e-9,
    ),
)  # fmt: skip
FAR = (
    (
        6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0,
        2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
        2.71155556874348757815e-5, 2.01033439929228813265e-7,
    ),
    (
        1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1,
        1.48753612908506148525e-2, 7.86869131145613259100e-4, 1.84631831751005468180e-5,
        1.42151175831644588870e-7, 2.04426310338993978564e-15,
    ),
)  # fmt: skip
