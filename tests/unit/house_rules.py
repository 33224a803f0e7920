"""The rules of the house, read from the sources: who imports whom, sizes, names, docstrings, addresses.

Each rule is a function from a folder to a list of violations, one line each.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# A folder imports only from itself and from folders before it.
HOUSE = (
    "kernels",
    "core",
    "cells",
    "reservoirs",
    "networks",
    "learning",
    "data",
    "problems",
    "tasks",
    "training",
    "estimators",
    "analysis",
    "serving",
    "cli",
)
# They check or time the library and are no part of it.
NEVER_IMPORTED = {"flax", "keras", "torch", "torchrecurrent", "reservoirpy"}
LONGEST_FILE = 500
VAGUE_NAMES = {"utils", "util", "misc", "common", "helpers", "helper"}

Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Headings:
    """The headings that the docstrings of the public classes in a folder carry, and who is exempt."""

    folder: str
    headings: tuple[str, ...]
    exempt_bases: frozenset[str] = frozenset()
    exempt_classes: frozenset[str] = frozenset()


HEADINGS = (
    Headings(
        "cells",
        ("Equations", "Shapes", "Differs from", "Source"),
        frozenset({"NamedTuple"}),
        # What variants share, and blocks on top of one another; the equations are theirs.
        frozenset(
            {
                "EndlessMemory",
                "GatedUnit",
                "GridColumn",
                "InputGatedUnit",
                "LSTMVariant",
                "MemoryBlock",
                "SpatialCell",
            }
        ),
    ),
    Headings(
        "learning",
        ("Exactness", "Cost", "Source"),
        frozenset({"NamedTuple"}),
        frozenset({"LearningRule", "StepwiseRule", "Walk"}),
    ),
    Headings(
        "reservoirs",
        ("Equations", "Shapes"),
        frozenset({"NamedTuple"}),
    ),
    Headings(
        "networks",
        ("Equations", "Shapes", "Source"),
        frozenset({"NamedTuple", "Options"}),
        # They wire, or go along, what has equations and sources of its own.
        frozenset({"Chain", "Stream"}),
    ),
)


def modules(package: Path) -> Iterator[tuple[Path, ast.Module]]:
    """Yield every Python file below `package`, as a path from there, and its syntax tree."""
    for file in sorted(package.rglob("*.py")):
        yield file.relative_to(package), ast.parse(file.read_text(encoding="utf-8"))


def imported(module: Path, node: ast.AST) -> list[str]:
    """Return the full dotted names that a statement or call imports, relative ones made absolute."""
    match node:
        case ast.Import(names=names):
            return [alias.name for alias in names]
        case ast.ImportFrom(module=name, names=names, level=level):
            base = list(("throughtime", *module.parts)[:-level]) if level else []
            base += name.split(".") if name else []
            return [".".join([*base, alias.name]) for alias in names]
        case ast.Call(func=ast.Name("import_module") | ast.Attribute(attr="import_module"), args=[first, *_]):
            return [first.value] if isinstance(first, ast.Constant) and isinstance(first.value, str) else []
    return []


def imports_against_the_order(package: Path) -> list[str]:
    """Every import from a folder further down the house, or from outside of its folders."""
    found = []
    for module, tree in modules(package):
        if module.name in {"__init__.py", "__main__.py", "public_names.py"} and len(module.parts) == 1:
            continue  # the front door opens to every room, and beside it stands who lives where
        if module.parts[0] not in HOUSE:
            found.append(f"{module}: stands in none of the folders of the house")
            continue
        for node in ast.walk(tree):
            for name in imported(module, node):
                top, *rest = name.split(".")
                where = f"{module}:{getattr(node, 'lineno', 0)}: imports {name}"
                if top in NEVER_IMPORTED:
                    found.append(f"{where}, which the package never needs")
                elif top != "throughtime":
                    continue
                elif not rest or rest[0] not in HOUSE:
                    found.append(f"{where}, which is in none of the folders of the house")
                elif HOUSE.index(rest[0]) > HOUSE.index(module.parts[0]):
                    found.append(f"{where}, further down than {module.parts[0]}")
    return found


def source_files(repository: Path) -> Iterator[Path]:
    """Yield every file of the repository that people write, as a path from there."""
    made = {"__pycache__", "build", "dist", "runs"}
    for top in sorted(repository.iterdir()):
        if top.name.startswith(".") and top.name not in {".ci", ".gitignore", ".pre-commit-config.yaml"}:
            continue
        for file in sorted(top.rglob("*")) if top.is_dir() else [top]:
            parts = file.relative_to(repository).parts
            if file.is_file() and not any(part in made or part.endswith(".egg-info") for part in parts):
                yield file.relative_to(repository)


def long_files(repository: Path) -> list[str]:
    """Every source file past the longest length that a reader follows."""
    found = []
    for file in source_files(repository):
        if file.suffix in {".py", ".cc", ".h", ".sh"}:
            lines = len((repository / file).read_text(encoding="utf-8").splitlines())
            if lines > LONGEST_FILE:
                found.append(f"{file}: {lines} lines; split it by idea, {LONGEST_FILE} are the most")
    return found


def vague_names(repository: Path) -> list[str]:
    """Every file and folder whose name says nothing about what is in it."""
    found = []
    for file in source_files(repository):
        stems = [Path(part).stem.strip("_").removeprefix("test_") for part in file.parts]
        if VAGUE_NAMES & set(stems):
            found.append(f"{file}: name it after what is in it")
    return found


def missing_docstrings(package: Path) -> list[str]:
    """Every module, public class, and public function or method of one, without a docstring.

    A method that overrides one of a class of the package needs none: the docstring is inherited.
    """
    trees = list(modules(package))
    classes = {node.name: node for _, tree in trees for node in tree.body if isinstance(node, ast.ClassDef)}
    found = []
    for module, tree in trees:
        if tree.body and ast.get_docstring(tree) is None:
            found.append(f"{module}: no docstring")
        for node in public(tree.body):
            if ast.get_docstring(node) is None:
                found.append(f"{module}:{node.lineno}: {node.name} has no docstring")
            for method in public(node.body) if isinstance(node, ast.ClassDef) else []:
                if ast.get_docstring(method) is None and not is_inherited(method.name, node, classes):
                    found.append(f"{module}:{method.lineno}: {node.name}.{method.name} has no docstring")
    return found


def public(body: list[ast.stmt]) -> Iterator[Definition]:
    """Yield the public definitions of a module or class, without overloads and the setters of properties."""
    for node in body:
        if isinstance(node, Definition) and not node.name.startswith("_"):
            decorators = {ast.unparse(decorator).rpartition(".")[2] for decorator in node.decorator_list}
            if not decorators & {"overload", "setter", "deleter"}:
                yield node


def is_inherited(method: str, node: ast.ClassDef, classes: dict[str, ast.ClassDef]) -> bool:
    """Tell whether a base of `node`, however far up, documents `method`."""
    bases = [classes[name] for name in base_names(node) if name in classes and classes[name] is not node]
    documented = (
        inner.name == method and ast.get_docstring(inner) is not None
        for base in bases
        for inner in public(base.body)
    )
    return any(documented) or any(is_inherited(method, base, classes) for base in bases)


def base_names(node: ast.ClassDef) -> set[str]:
    """Return the names of the classes that `node` derives from, without their modules and parameters."""
    return {ast.unparse(base).partition("[")[0].rpartition(".")[2] for base in node.bases}


def missing_headings(package: Path, table: tuple[Headings, ...] = HEADINGS) -> list[str]:
    """Every public class whose docstring lacks a heading that `table` asks of its folder."""
    found = []
    for row in table:
        for module, tree in modules(package / row.folder):
            for node in public(tree.body):
                if not isinstance(node, ast.ClassDef):
                    continue
                if base_names(node) & row.exempt_bases or node.name in row.exempt_classes:
                    continue
                lines = {line.strip() for line in (ast.get_docstring(node) or "").splitlines()}
                found += [
                    f"{row.folder}/{module}:{node.lineno}: {node.name} has no **{heading}**"
                    for heading in row.headings
                    if f"**{heading}**" not in lines
                ]
    return found


# Put together here, so that this file does not contain what it looks for.
MACHINE_PATH = re.compile(
    r"(?<![\w.~>})/-])/(?:" + "|".join(["work", "root", "home", "Users"]) + r")(?:/|\b(?!\w))"
)
REGISTRY = re.compile(
    "|".join(
        re.escape(".".join(parts))
        for parts in [
            ("pypi", "org"),
            ("pythonhosted", "org"),
            ("npmjs", "org"),
            ("debian", "org"),
            ("conda", "anaconda"),
        ]
    )
)


def addresses(repository: Path) -> list[str]:
    """Every mention of a place on somebody's machine, beside the repository, or of a package registry."""
    found = []
    for file in source_files(repository):
        try:
            text = (repository / file).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        beside = "../" + "shared"
        for number, line in enumerate(text.splitlines(), 1):
            if MACHINE_PATH.search(line) or REGISTRY.search(line) or beside in line:
                found.append(f"{file}:{number}: {line.strip()[:80]}")
    return found
