"""What stands behind `handgrad.Classifier`: its input, its training, its history."""
