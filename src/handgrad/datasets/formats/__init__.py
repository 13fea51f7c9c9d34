"""Readers for the file formats of images with labels."""
