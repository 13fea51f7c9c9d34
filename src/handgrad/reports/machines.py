"""The machines and versions that produced the results, in words."""

from collections.abc import Iterable, Mapping
from typing import Any

from handgrad.reports.text_formatting import counted

CODE = 8  # digits of the source checksum that are shown


def machine_words(environment: Mapping[str, Any]) -> str:
    """Processor, cores and versions of an environment."""
    libraries = environment.get("libraries", {})
    numpy = f", NumPy {libraries['numpy']}" if "numpy" in libraries else ""
    cores = counted(environment.get("cores") or 1, "core")
    return (
        f"{environment.get('processor') or 'unknown processor'}, {cores}; "
        f"Handgrad {environment.get('handgrad')}, "
        f"Python {environment.get('python')}{numpy}"
    )


def different(environments: Iterable[Mapping[str, Any]]) -> list[str]:
    """Each distinct machine in words, with the checksums of the source it ran."""
    codes: dict[str, dict[str, None]] = {}
    for environment in environments:
        code = str(environment.get("code_sha256", ""))[:CODE]
        codes.setdefault(machine_words(environment), {})[code] = None
    return [f"{words}; source {', '.join(code)}" for words, code in codes.items()]


def details(environment: Mapping[str, Any]) -> str:
    """All versions, operating system and BLAS library, one per line."""
    libraries = environment.get("libraries", {})
    blas = [
        " ".join(str(part) for part in library.values() if part)
        for library in environment.get("blas", [])
    ]
    lines = [
        machine_words(environment),
        f"system: {environment.get('system')}",
        f"libraries: {', '.join(f'{k} {v}' for k, v in libraries.items())}",
        f"matrix library: {'; '.join(sorted(set(blas))) or 'none seen'}",
        f"source checksum: {environment.get('code_sha256')}",
    ]
    return "\n".join(lines)
