"""What all tests share: one compilation cache a run, double precision on request, seeded randomness."""

import gc
import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import jax
import numpy as np
import pytest

# A compilation that takes less than this is not worth a file.
_WORTH_CACHING_S = 0.1
_OWNED_CACHE = pytest.StashKey[str]()

# Each compiled program takes a few of the 65,530 memory maps that Linux grants a process; without any left, a
# process dies. They are counted every so many tests, since a file of tests may need more than there are.
_MANY_MAPS = 20_000
_TESTS_A_COUNT = 40
_tests = itertools.count(1)

hypothesis.settings.register_profile("throughtime", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("throughtime")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option with which tests over many cells leave none out."""
    parser.addoption("--every-row", action="store_true", help="examine every cell where a run samples them")


def pytest_configure(config: pytest.Config) -> None:
    """Give the run, and every process that it starts, one compilation cache that is empty at first."""
    if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
        config.stash[_OWNED_CACHE] = tempfile.mkdtemp(prefix="throughtime-tests-")
        os.environ["JAX_COMPILATION_CACHE_DIR"] = config.stash[_OWNED_CACHE]
        os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = str(_WORTH_CACHING_S)
    # JAX reads the variables when it is first imported, which some plugin may have done by now.
    jax.config.update("jax_compilation_cache_dir", os.environ["JAX_COMPILATION_CACHE_DIR"])
    jax.config.update("jax_persistent_cache_min_compile_time_secs", _WORTH_CACHING_S)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the compilation cache, if this process made it."""
    if (cache := config.stash.get(_OWNED_CACHE, None)) is not None:
        shutil.rmtree(cache, ignore_errors=True)


@pytest.fixture(autouse=True)
def _drop_programs() -> Iterator[None]:
    """Forget what was compiled, once it takes too many memory maps; the files of the cache stay."""
    yield
    maps = Path("/proc/self/maps")
    if next(_tests) % _TESTS_A_COUNT == 0 and maps.exists() and maps.read_text().count("\n") > _MANY_MAPS:
        jax.clear_caches()
        gc.collect()


@pytest.fixture
def float64() -> Iterator[None]:
    """Compute in double precision for as long as the test lasts."""
    with jax.enable_x64(True):
        yield


@pytest.fixture
def key() -> jax.Array:
    """A fixed key of JAX."""
    return jax.random.key(20240)


@pytest.fixture
def rng() -> np.random.Generator:
    """A generator of NumPy, seeded anew for each test."""
    return np.random.default_rng(20240)
