"""A run in progress on disk: everything that is needed to go on as if it had never stopped."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jax
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from throughtime.core.errors import ModelFolderError
from throughtime.core.sequence_map import Network
from throughtime.training.arrays import named_arrays, with_arrays
from throughtime.training.carried import Carried


@dataclass(frozen=True)
class Position:
    """Where a run stands, besides its arrays.

    `epoch` counts finished epochs and `batch` finished batches of the next one; `step` counts all batches.
    `loss_sum` and `weight_sum` belong to the epoch in progress. `history` has a row for each finished epoch.
    """

    epoch: int = 0
    batch: int = 0
    step: int = 0
    loss_sum: float = 0.0
    weight_sum: float = 0.0
    best_epoch: int = 0
    best_score: float | None = None
    history: tuple[dict[str, int | float], ...] = ()


@dataclass(frozen=True)
class Run:
    """A run in progress: the weights, the optimiser's state, the best weights so far, the position, and what
    goes on from one batch to the next, if anything does."""

    network: Network
    optimizer_state: Any
    best: Network
    position: Position = field(default_factory=Position)
    carried: Carried | None = None


def checkpoint_content(run: Run, fingerprint: str) -> bytes:
    """Return what a checkpoint of the run holds, as it is at this moment.

    Arguments:
        fingerprint: of the settings and the data; only a run with the same one can go on from here.
    """
    position = json.dumps({"fingerprint": fingerprint, **vars(run.position)})
    return save(named_arrays(_arrays(run)), {"throughtime_run": position})


def load_checkpoint(path: Path, like: Run, fingerprint: str) -> Run:
    """Return the run that a checkpoint holds.

    Arguments:
        like: a fresh run of the same settings, for the shapes.

    **Raises**

        ModelFolderError: there is no checkpoint, it is damaged, or it belongs to other settings or data.
    """
    try:
        with safe_open(path, framework="np") as file:
            stored = json.loads((file.metadata() or {})["throughtime_run"])
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except FileNotFoundError:
        raise ModelFolderError(
            f"{path}: there is no checkpoint to resume from; start again without --resume"
        ) from None
    except (SafetensorError, KeyError, ValueError, OSError) as error:
        raise ModelFolderError(
            f"{path}: the checkpoint is damaged ({error}); delete it and start again without --resume"
        ) from None
    if stored.pop("fingerprint", None) != fingerprint:
        raise ModelFolderError(
            f"{path}: the checkpoint belongs to other settings or other training data; resume with the same "
            "ones, or start again without --resume"
        )
    stored["history"] = tuple(stored["history"])
    shapes = jax.eval_shape(lambda: _arrays(like))
    restored = with_arrays(shapes, arrays, str(path))
    return Run(
        restored["network"],
        restored["optimizer"],
        restored["best"],
        Position(**stored),
        restored["carried"],
    )


def _arrays(run: Run) -> dict[str, Any]:
    return {
        "network": run.network,
        "optimizer": run.optimizer_state,
        "best": run.best,
        "carried": run.carried,
    }
