"""Build and run `exercise.cc` with sanitizers: `address,undefined`, as the tests do, or `thread`."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SOURCE = Path(__file__).with_name("exercise.cc")
KERNELS = SOURCE.parents[2] / "src" / "throughtime" / "kernels" / "native"
NUMBERS = ("float", "double")


def build(sanitizers: str, number: str, folder: Path) -> Path | None:
    """Return the program, for the widest vectors of this processor, or None if there is no such compiler."""
    compiler = shutil.which(os.environ.get("CXX", "c++"))
    if compiler is None or not _has(compiler, sanitizers, folder):
        return None
    program = folder / f"exercise-{number}"
    # Without optimisation, which the sanitizers do not need, it compiles in half the time.
    options = ["-std=c++20", "-O0", "-g1", "-march=native", "-pthread", f"-DNUMBER={number}", f"-I{KERNELS}"]
    subprocess.run([compiler, *options, *_flags(sanitizers), str(SOURCE), "-o", str(program)], check=True)
    return program


def run(program: Path) -> subprocess.CompletedProcess[str]:
    """Run the program and return what it said."""
    return subprocess.run([program], capture_output=True, text=True)


def _flags(sanitizers: str) -> list[str]:
    return [f"-fsanitize={sanitizers}", "-fno-sanitize-recover=all"]


def _has(compiler: str, sanitizers: str, folder: Path) -> bool:
    nothing = folder / "nothing.cc"
    nothing.write_text("int main() {}")
    command = [compiler, *_flags(sanitizers), str(nothing), "-o", str(folder / "nothing")]
    return subprocess.run(command, capture_output=True).returncode == 0


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        for each in NUMBERS:
            built = build(sys.argv[1], each, Path(scratch))
            if built is None:
                sys.exit(f"this compiler has no sanitizer {sys.argv[1]}")
            done = run(built)
            print(each, sys.argv[1], done.stdout.strip(), done.stderr[-4000:])
            if done.returncode:
                sys.exit(1)
