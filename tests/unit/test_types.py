"""What a type checker says of code that uses the library: nothing if right, something if wrong."""

import subprocess
import sys
from pathlib import Path

import throughtime

USE = """
import jax
import jax.numpy as jnp
from throughtime import (
    GRU, LSTM, BPTT, Bidirectional, CoupledLSTM, Elman, Linear, MinGRU, NoInputGateLSTM, Stack, Stream, unroll
)

keys = iter(jax.random.split(jax.random.key(0), 9))
cells = [
    LSTM(3, 5, forget_bias=2.0, key=next(keys)), GRU(5, 5, memory_steps=9, key=next(keys)),
    Elman(5, 5, activation="relu", key=next(keys)), CoupledLSTM(5, 5, key=next(keys)),
    MinGRU(5, 5, key=next(keys)), NoInputGateLSTM(5, 5, key=next(keys)), Linear(5, 2, key=next(keys)),
]
state, outputs = unroll(Stack(cells), jnp.zeros((7, 2, 3)), lengths=jnp.array([3, 7]))
stream = Stream(Stack(cells), sessions=2)
both = Bidirectional(LSTM(3, 5, key=next(keys)), LSTM(3, 5, key=next(keys)), merge="sum")
rule = BPTT()
"""
WRONG = """
import jax
import jax.numpy as jnp
from throughtime import Elman, unroll

Elman(3, 5, activation="sine", key=jax.random.key(0))
unroll(3, jnp.zeros((7, 2, 3)))
"""


def test_types_of_the_public_names(tmp_path: Path) -> None:
    (tmp_path / "use.py").write_text(USE)
    (tmp_path / "wrong.py").write_text(WRONG)
    settings = tmp_path / "mypy.ini"
    # What the library itself imports is not what is in question.
    settings.write_text("[mypy]\nstrict = True\nfollow_imports = silent\nignore_missing_imports = True\n")
    source = Path(throughtime.__file__).parents[1]
    # An installed package is found by itself, and must not be named.
    where = {} if source.name == "site-packages" else {"MYPYPATH": str(source)}
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "mypy",
            "--config-file",
            str(settings),
            "--no-incremental",
            "use.py",
            "wrong.py",
        ],
        cwd=tmp_path,
        env={"PATH": "", **where},
        capture_output=True,
        text=True,
        check=False,
    )
    found = [line for line in done.stdout.splitlines() if "error" in line]
    assert [line.split(":")[0] for line in found[:2]] == ["wrong.py", "wrong.py"], done.stdout + done.stderr
    assert 'expected "Literal[' in found[0]
    assert 'expected "Cell"' in found[1]
    assert len(found) == 3  # and the line that counts them
