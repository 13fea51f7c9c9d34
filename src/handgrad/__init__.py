"""Handgrad: image classifiers whose every gradient is written by hand and checked."""

__version__ = "0.1.0"
