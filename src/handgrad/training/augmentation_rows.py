"""How the rows of `[dataset] augmentation` are read."""

from pydantic import BeforeValidator, Field

from handgrad.augmentation.presets import expanded

# TOML has lists, no tuples; a preset stands for its rows
AS_ROWS = (Field(strict=False), BeforeValidator(expanded))
