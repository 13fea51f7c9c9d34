"""Eight lessons: notebooks with exercises that `handgrad.testing.grade` checks."""

from handgrad.lessons.notebook import write

__all__ = ["write"]
