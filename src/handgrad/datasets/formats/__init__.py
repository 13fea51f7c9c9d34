"""The formats in which people have images with labels on their disk."""
