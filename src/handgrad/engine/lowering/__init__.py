"""From layers to operations: a file for each kind of layer, and their table."""
