"""A command whose options are given at most once."""

from collections import Counter
from typing import Any

from typer.core import TyperCommand

__all__ = ["Command"]


class Command(TyperCommand):
    """A command that refuses a repeated option, instead of using the last value."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments; typer's usage error for a repeated option."""
        _, _, given = self.make_parser(ctx).parse_args(args=list(args))
        for parameter, count in Counter(given).items():
            if count > 1 and not getattr(parameter, "multiple", True):
                ctx.fail(f"{max(parameter.opts, key=len)} is repeated. Give it once")
        return super().parse_args(ctx, args)
