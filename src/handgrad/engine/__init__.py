"""Engines that run a network: plain (reference implementation), and CPU (compiled)."""
