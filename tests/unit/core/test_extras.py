"""Optional dependencies: there, or an error that says how to install them."""

import json

import pytest

from throughtime.core.errors import MissingExtraError
from throughtime.core.extras import extra


def test_a_module_that_is_there_is_imported() -> None:
    assert extra("json", "whatever") is json


def test_a_missing_one_is_an_error_with_the_command_that_installs_it() -> None:
    message = r"^nobody_has_this is not installed, .* with: pip install 'throughtime\[music\]'$"
    with pytest.raises(MissingExtraError, match=message):
        extra("nobody_has_this.part", "music")
