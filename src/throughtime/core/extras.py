"""Optional dependencies: imported where they are used, or an error that says how to install them."""

import importlib
from types import ModuleType

from throughtime.core.errors import MissingExtraError


def extra(module: str, name: str) -> ModuleType:
    """Return a module that comes with one of the package's extras.

    Arguments:
        module: full name, such as `"seqeval.metrics"`.
        name: of the extra that installs it.

    **Raises**

        MissingExtraError: it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        package = module.partition(".")[0]
        if error.name is None or error.name.partition(".")[0] != package:
            raise
        raise MissingExtraError(
            f"{package} is not installed, and this needs it; install it with: pip install "
            f"'throughtime[{name}]'"
        ) from None
