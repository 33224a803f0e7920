"""Where a run starts: from fresh weights, or from the layers of a model that was trained before."""

import numpy as np

from throughtime.core.errors import OptionError, ShapeError
from throughtime.core.sequence_map import Network
from throughtime.data.encoders import SequenceEncoder, SymbolicEncoder
from throughtime.networks.transplant import transplant
from throughtime.tasks import Task
from throughtime.training.model_folder import build_network, load_model
from throughtime.training.settings import Settings


def starting_network(
    settings: Settings, encoder: SequenceEncoder, task: Task
) -> tuple[Network, tuple[str, ...]]:
    """Return the network that a run starts from, and what to say aloud about where its weights are from.

    With `start_from`, the layers of that model that read the sequence take the place of fresh ones, as
    `transplant` has it; symbols are matched by name, since each vocabulary numbers them in its own order.

    **Raises**

        ModelFolderError: `start_from` names no model folder, or a damaged one.
        OptionError: the model reads other sequences, or none of its layers fits.
    """
    fresh = build_network(settings, encoder, task)
    folder = settings.training.start_from
    if folder is None:
        return fresh, ()
    model = load_model(folder)
    if type(model.encoder) is not type(encoder):
        raise OptionError(
            f"start_from is {folder}, a model that reads {model.encoder.kind}, and these sequences are "
            f"{encoder.kind}; set kind to {model.encoder.kind}, or start from another model"
        )
    symbols = None
    if isinstance(encoder, SymbolicEncoder) and isinstance(model.encoder, SymbolicEncoder):
        symbols = matched_symbols(model.encoder, encoder)
        if not np.any(symbols >= 0):
            raise OptionError(
                f"start_from is {folder}, a model that knows none of the {len(symbols):,} symbols of these "
                "sequences; start from a model of the same language, or leave start_from out"
            )
    try:
        network, taken, left = transplant(model.network, fresh, symbols=symbols)
    except ShapeError as error:
        raise OptionError(f"start_from is {folder}, and {error}, or leave start_from out") from None
    return network, (f"taken from {folder}: {', '.join(taken)}; fresh: {', '.join(left)}",)


def matched_symbols(source: SymbolicEncoder, target: SymbolicEncoder) -> np.ndarray:
    """Return for each symbol of the target its number in the source, -1 if it is not there.

    The unknown symbols are each other's match if another one is.
    """
    numbers = {symbol: number for number, symbol in enumerate(source.symbols)}
    found = np.array([numbers.get(symbol, -1) for symbol in target.symbols], np.int32)
    known = found >= 0
    if target.unknown_id is not None:
        known[target.unknown_id] = False
    return found if known.any() else np.full_like(found, -1)
