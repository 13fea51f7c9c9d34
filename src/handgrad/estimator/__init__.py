"""Implementation of `handgrad.Classifier`: input checks, training, history."""
