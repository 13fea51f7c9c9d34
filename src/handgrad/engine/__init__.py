"""Engines that run a network: the plain voice, and its fast twin for CPUs."""
