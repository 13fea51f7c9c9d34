"""Dropout, one unit at a time, with Philox in Python integers."""

import numpy as np


def philox4x32(counter, key):
    """Four 32-bit words: Salmon, Moraes, Dror, Shaw (2011), figure 2, ten rounds."""
    (a, b, c, d), (k, m) = counter, key
    for _ in range(10):
        first, second = a * 0xD2511F53, c * 0xCD9E8D57
        a, b = (second >> 32) ^ b ^ k, second % 2**32
        c, d = (first >> 32) ^ d ^ m, first % 2**32
        k, m = (k + 0x9E3779B9) % 2**32, (m + 0xBB67AE85) % 2**32
    return a, b, c, d


def draw(words, step, example, position):
    """The random word of one unit: word (position mod 4) of block (position // 4)."""
    return philox4x32((position // 4, example, step, 0), words)[position % 4]


def dropout(inputs, rate, words, step, examples):
    """The outputs, and which units are kept."""
    outputs, kept = np.zeros(inputs.shape), np.zeros(inputs.shape, dtype=bool)
    for b, example in enumerate(examples):
        for position, unit in enumerate(np.ndindex(*inputs.shape[1:])):
            if draw(words, step, int(example), position) >= rate * 2**32:
                kept[(b, *unit)] = True
                outputs[(b, *unit)] = inputs[(b, *unit)] / (1 - rate)
    return outputs, kept
