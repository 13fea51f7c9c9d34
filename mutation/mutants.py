"""The mutants of a module: every small change that the configuration asks for."""

import ast
import difflib
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Operator
from operators import all_operators

Place = tuple[int, int]  # line and column
STARS = {"parameters", "param", "argument"}  # their * and ** multiply nothing


@dataclass(frozen=True)
class Mutant:
    """One change of one module; `before` and `after` are the lines that differ."""

    module: str
    operator: str
    occurrence: int
    line: int
    before: str
    after: str
    code: str

    @property
    def name(self) -> str:
        """What tells it from the module's other mutants."""
        return f"{self.operator}#{self.occurrence}"


def mutants_of(path: Path, module: str, wanted: Sequence[str]) -> list[Mutant]:
    """All mutants of a module by the operators wanted (regular expressions)."""
    source = path.read_text()
    left_alone = list(_left_alone(ast.parse(source)))
    nodes = list(ast_nodes(get_ast(source)))
    found: dict[str, Mutant] = {}
    for name, operator in all_operators().items():
        if not any(re.fullmatch(pattern, name) for pattern in wanted):
            continue
        places = [
            (node, at[0]) for node in nodes for at in operator.mutation_positions(node)
        ]
        for occurrence, (node, start) in enumerate(places):
            if any(first <= start < last for first, last in left_alone):
                continue
            if node.parent is not None and node.parent.type in STARS:
                continue
            code = _mutated(source, operator, occurrence)
            if code is None or code in found or not _means_another(source, code):
                continue
            before, after = _difference(source, code)
            found[code] = Mutant(
                module, name, occurrence, start[0], before, after, code
            )
    return sorted(found.values(), key=lambda mutant: (mutant.line, mutant.name))


def sample(mutants: Sequence[Mutant], most: int, seed: int) -> list[Mutant]:
    """At most that many of a module; drawn at random, more of them hold the fewer."""
    order = list(mutants)
    random.Random(f"{seed}:{mutants[0].module}").shuffle(order)
    chosen = {mutant.code for mutant in order[:most]}
    return [mutant for mutant in mutants if mutant.code in chosen]


def _mutated(source: str, operator: Operator, occurrence: int) -> str | None:
    try:
        return mutate_code(source, operator, occurrence)
    except AttributeError:  # its ExceptionReplacer knows no dotted names
        return None


def _left_alone(tree: ast.Module) -> Iterator[tuple[Place, Place]]:
    """Where nothing is changed: annotations, the texts of errors, docstrings."""
    for node in ast.walk(tree):
        if isinstance(node, ast.arg | ast.AnnAssign) and node.annotation:
            yield _extent(node.annotation)
        if isinstance(node, ast.FunctionDef) and node.returns:
            yield _extent(node.returns)
        if isinstance(node, ast.Raise) or _gives_an_error(node):
            yield from (
                _extent(part)
                for part in ast.walk(node)
                if isinstance(part, ast.JoinedStr)
            )


def _gives_an_error(node: ast.AST) -> bool:
    value = node.value if isinstance(node, ast.Return) else None
    return isinstance(value, ast.Call) and ast.unparse(value.func).endswith("Error")


def _extent(node: ast.expr) -> tuple[Place, Place]:
    end = node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
    return (node.lineno, node.col_offset), end


def _means_another(source: str, code: str) -> bool:
    """Whether the code parses, and differs by more than its layout."""
    try:
        return ast.dump(ast.parse(code)) != ast.dump(ast.parse(source))
    except SyntaxError:
        return False


def _difference(source: str, code: str) -> tuple[str, str]:
    old, new = source.splitlines(), code.splitlines()
    matcher = difflib.SequenceMatcher(a=old, b=new, autojunk=False)
    changes = [change for change in matcher.get_opcodes() if change[0] != "equal"]
    first, last = changes[0], changes[-1]
    return _one_line(old[first[1] : last[2]]), _one_line(new[first[3] : last[4]])


def _one_line(lines: Sequence[str]) -> str:
    return " ".join(" ".join(lines).split())
