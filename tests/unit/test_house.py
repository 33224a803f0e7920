"""The rules of the house hold for this repository, and each catches a violation planted in a small tree."""

from collections.abc import Callable
from importlib import resources
from pathlib import Path

import pytest

from tests.unit.house_rules import (
    HEADINGS,
    LONGEST_FILE,
    Headings,
    addresses,
    imports_against_the_order,
    long_files,
    missing_docstrings,
    missing_headings,
    modules,
    source_files,
    vague_names,
)

REPOSITORY = Path(__file__).parents[2]
PACKAGE = REPOSITORY / "src" / "throughtime"
RULES_OF_THE_PACKAGE = (imports_against_the_order, missing_docstrings, missing_headings)
RULES_OF_THE_REPOSITORY = (long_files, vague_names, addresses)
Rule = Callable[[Path], list[str]]


@pytest.mark.parametrize("rule", RULES_OF_THE_PACKAGE)
def test_the_package_keeps_the_rule(rule: Rule) -> None:
    assert any(modules(PACKAGE)), "no sources were found, so nothing is shown"
    assert not rule(PACKAGE)


@pytest.mark.parametrize("rule", RULES_OF_THE_REPOSITORY)
def test_the_repository_keeps_the_rule(rule: Rule) -> None:
    assert Path("tests/unit/test_house.py") in set(source_files(REPOSITORY))
    assert not rule(REPOSITORY)


def test_every_row_of_headings_meets_a_class() -> None:
    for row in HEADINGS:
        impossible = Headings(row.folder, ("No such heading",), row.exempt_bases, row.exempt_classes)
        assert missing_headings(PACKAGE, (impossible,)), (
            f"the row of {row.folder}/ holds no class to anything"
        )


def test_the_installed_package_says_that_it_is_typed() -> None:
    assert resources.files("throughtime").joinpath("py.typed").is_file()


def plant(root: Path, file: str, text: str) -> Path:
    """Write one file of a small tree that is otherwise in order."""
    (root / file).parent.mkdir(parents=True, exist_ok=True)
    (root / file).write_text(text, encoding="utf-8")
    return root


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("cells/lstm.py", "from throughtime.networks import Stack", "further down than cells"),
        ("cells/lstm.py", "from throughtime.networks.stack import Stack", "further down than cells"),
        ("cells/lstm.py", "import throughtime.networks.stack as stack", "further down than cells"),
        ("cells/lstm.py", "from throughtime import networks", "further down than cells"),
        ("cells/lstm.py", "from ..networks import Stack", "further down than cells"),
        ("cells/gated/lstm.py", "from ...networks.stack import Stack", "further down than cells"),
        ("cells/__init__.py", "from ..networks import Stack", "further down than cells"),
        ("cells/lstm.py", "def f():\n    from throughtime.cli import main", "further down than cells"),
        ("cells/lstm.py", "import importlib\nimportlib.import_module('throughtime.cli')", "further down"),
        ("cells/lstm.py", "from throughtime import LSTM", "in none of the folders"),
        ("cells/lstm.py", "import throughtime", "in none of the folders"),
        ("cells/lstm.py", "import torch.nn", "never needs"),
        ("attic/old.py", "", "stands in none of the folders"),
        ("loose.py", "", "stands in none of the folders"),
    ],
)
def test_an_import_against_the_order_is_caught(tmp_path: Path, file: str, text: str, message: str) -> None:
    assert [message in found for found in imports_against_the_order(plant(tmp_path, file, text))] == [True]


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("networks/stack.py", "from throughtime.cells.lstm import LSTM"),
        ("networks/stack.py", "from ..cells import LSTM"),
        ("networks/stack.py", "from .linear import Linear"),
        ("networks/stack.py", "from throughtime.networks import linear"),
        ("__init__.py", "from throughtime.cli import main"),
        ("networks/stack.py", "import jax\nfrom numpy import random"),
    ],
)
def test_an_import_in_order_is_let_through(tmp_path: Path, file: str, text: str) -> None:
    assert not imports_against_the_order(plant(tmp_path, file, text))


def test_a_long_file_is_caught(tmp_path: Path) -> None:
    plant(tmp_path, "src/fits.py", "\n" * LONGEST_FILE)
    assert not long_files(tmp_path)
    assert len(long_files(plant(tmp_path, "src/long.py", "\n" * (LONGEST_FILE + 1)))) == 1


@pytest.mark.parametrize("file", ["src/utils.py", "src/_helpers.py", "src/common/a.py", "tests/test_misc.py"])
def test_a_vague_name_is_caught(tmp_path: Path, file: str) -> None:
    assert not vague_names(plant(tmp_path, "src/commonsense.py", ""))
    assert len(vague_names(plant(tmp_path, file, ""))) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1", "no docstring"),
        ('"""M."""\ndef f(): ...', "f has no docstring"),
        ('"""M."""\nasync def f(): ...', "f has no docstring"),
        ('"""M."""\nclass C: ...', "C has no docstring"),
        ('"""M."""\nclass C:\n    """C."""\n    def f(self): ...', "C.f has no docstring"),
    ],
)
def test_a_missing_docstring_is_caught(tmp_path: Path, text: str, message: str) -> None:
    plant(
        tmp_path,
        "cells/fine.py",
        '"""M."""\ndef _f(): ...\nclass C:\n    """C."""\n    def __len__(self): ...',
    )
    assert not missing_docstrings(tmp_path)
    assert [message in found for found in missing_docstrings(plant(tmp_path, "cells/a.py", text))] == [True]


def test_an_inherited_docstring_is_enough_unless_the_base_has_none(tmp_path: Path) -> None:
    base = 'class Base:\n    """B."""\n    def f(self):\n        """F."""\n    def g(self): ...\n'
    plant(tmp_path, "core/base.py", '"""M."""\n' + base + 'class Middle(Base[int]):\n    """M."""\n')
    heir = 'class Heir(base.Middle):\n    """H."""\n    def f(self): ...\n    def g(self): ...\n'
    plant(tmp_path, "core/heir.py", '"""M."""\n' + heir)
    found = missing_docstrings(tmp_path)
    assert [line.partition(": ")[2] for line in found] == [
        "Base.g has no docstring",
        "Heir.g has no docstring",
    ]


def test_a_missing_heading_is_caught(tmp_path: Path) -> None:
    headings = "".join(
        f"    **{heading}**\n" for heading in ("Equations", "Shapes", "Differs from", "Source")
    )
    complete = f'class A(Cell):\n    """A.\n\n{headings}    """\n'
    plant(tmp_path, "cells/a.py", complete + 'class S(NamedTuple):\n    """S."""')
    assert not missing_headings(tmp_path)
    plant(tmp_path, "cells/a.py", complete.replace("    **Shapes**\n", ""))
    plant(
        tmp_path,
        "learning/r.py",
        'class R(LearningRule):\n    """R.\n\n    **Exactness**\n    **Source**\n    """',
    )
    assert missing_headings(tmp_path) == [
        "cells/a.py:1: A has no **Shapes**",
        "learning/r.py:1: R has no **Cost**",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "/" + "work/main",
        "see /" + "root/venv",
        '"/' + 'home/me"',
        ".." + "/shared/x",
        "https://" + "pypi" + ".org/simple",
    ],
)
def test_an_address_is_caught(tmp_path: Path, text: str) -> None:
    assert not addresses(
        plant(tmp_path, "docs/fine.md", "train/test, input/" + "work, https://example.com/" + "home/")
    )
    assert len(addresses(plant(tmp_path, "docs/a.md", f"fine\n{text}\n"))) == 1
