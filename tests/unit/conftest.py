"""What unit tests share."""

import jaxtyping
import pytest


@pytest.fixture
def as_users_run_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Switch the checks of annotations off, which would refuse wrong arguments before the library does."""
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)
