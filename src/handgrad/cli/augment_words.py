"""How the words of `--augment` are read: presets, names, options after a colon."""

from typing import Any

from handgrad.cli.options import parse_value


def augmentations_of(words: list[str]) -> list[dict[str, Any]]:
    """`random_crop:2` sets the first option; `random_crop:padding=2` names it."""
    from handgrad.augmentation.presets import PRESETS, expanded
    from handgrad.catalog import AUGMENTATIONS, check_options, find, options_of
    from handgrad.options import name_of

    tables: list[dict[str, Any]] = []
    for word in words:
        name, colon, text = word.partition(":")
        known = name_of("augmentation", {**AUGMENTATIONS, **PRESETS}, name)
        if known in PRESETS:
            tables.append({"name": known, **({text: text} if colon else {})})
            continue
        first, *_ = (*options_of(find("augmentation", name)), "value")
        options = {}
        for part in text.split(",") if colon else ():
            option, equals, value = part.partition("=")
            if not equals:
                option, value = first, part
            options[option.strip()] = parse_value(value)
        tables.append({"name": name, **check_options("augmentation", name, options)})
    return list(expanded(tables))
