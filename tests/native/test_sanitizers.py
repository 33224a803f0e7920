"""The kernels under the compiler's sanitizers: nothing reads or writes beside its arrays or is undefined.

`exercise.cc` runs every family without Python, so that a fault is the kernels' own. The sanitizer of threads
takes longer; `python -m tests.native.sanitize thread` runs it.
"""

from pathlib import Path

import pytest

from tests.native.sanitize import build, run


@pytest.mark.slow
def test_addresses_and_undefined_behaviour(tmp_path: Path) -> None:
    program = build("address,undefined", "float", tmp_path)
    if program is None:
        pytest.skip("this compiler has no sanitizers: gcc and clang do")
    done = run(program)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 failures" in done.stdout
