"""Operations on one image at a time, as nested loops of float32 numbers."""

import math

import numpy as np

f32 = np.float32
LUMINANCE = (0.213, 0.715, 0.072)


def rounded(value, dtype):
    """A float32 as a pixel: bytes are clipped and rounded, half up."""
    if dtype != np.uint8:
        return value
    return int(min(max(value, f32(0)), f32(255)) + f32(0.5))


def reflected(place, length):
    """Step by step back into the image; a border pixel is its own neighbour."""
    while not 0 <= place < length:
        place = -1 - place if place < 0 else 2 * length - 1 - place
    return place


def resample(image, affine):
    """Bilinear interpolation between the four pixels around each position."""
    channels, height, width = image.shape
    outputs = np.zeros_like(image)
    for y, x in np.ndindex(height, width):
        v, u = ((a * f32(y) + b * f32(x)) + c for a, b, c in affine)
        i, j = math.floor(v), math.floor(u)
        b, a = v - f32(i), u - f32(j)
        up, down = (reflected(place, height) for place in (i, i + 1))
        left, right = (reflected(place, width) for place in (j, j + 1))
        for c in range(channels):
            pixel = image[c].astype(np.float32)
            upper = (f32(1) - a) * pixel[up, left] + a * pixel[up, right]
            lower = (f32(1) - a) * pixel[down, left] + a * pixel[down, right]
            value = (f32(1) - b) * upper + b * lower
            outputs[c, y, x] = rounded(value, image.dtype)
    return outputs


def mean_grey(image):
    """The mean luminance; of images without 3 channels, of equal parts."""
    channels, height, width = image.shape
    shares = LUMINANCE if channels == 3 else [1 / channels] * channels
    grey = 0.0
    for c in range(channels):
        total = 0.0
        for pixel in image[c].reshape(-1):
            total += float(pixel)
        grey += shares[c] * total
    return grey / (height * width)


def recolour(image, mixing, pull):
    """A linear map of the channels of each pixel, and a share of the mean grey."""
    channels, height, width = image.shape
    offset = f32(float(pull) * mean_grey(image))
    outputs = np.zeros_like(image)
    for c, y, x in np.ndindex(channels, height, width):
        if len(mixing) == 3:
            red, green, blue = (f32(image[k, y, x]) for k in range(3))
            total = (mixing[c, 0] * red + mixing[c, 1] * green) + mixing[c, 2] * blue
        else:
            total = mixing[0, 0] * f32(image[c, y, x])
        outputs[c, y, x] = rounded(total + offset, image.dtype)
    return outputs


def add_noise(image, draws, levels, deviation):
    """Noise from draws of 16 bits, value after value."""
    outputs = image.copy().reshape(-1)
    for n, value in enumerate(image.reshape(-1)):
        noise = deviation * levels[draws[n] // 16]
        outputs[n] = rounded(f32(value) + noise, image.dtype)
    return outputs.reshape(image.shape)
