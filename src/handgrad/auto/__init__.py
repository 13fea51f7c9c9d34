"""Planning of a training: the best classifier that this machine can train in time."""
