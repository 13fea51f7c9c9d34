"""The page `handgrad ui`: a server on this machine, and its front end in static/.

It contains no mathematics and no training loop: requests are answered with what the
Python API returns, and training is a process of its own.
"""
