"""What a stream starts from: a fresh network, or a model that was trained before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from throughtime.core.errors import OptionError
from throughtime.core.noise import without_noise
from throughtime.core.options import Options
from throughtime.core.randomness import key_for
from throughtime.core.sequence_map import Network
from throughtime.data.encoders import NumberEncoder
from throughtime.data.encoders.targets import NumberTargetEncoder
from throughtime.estimators.classifier import SequenceClassifier
from throughtime.estimators.online_settings import NETWORK
from throughtime.networks.architecture import Architecture
from throughtime.tasks import Classify, Regress
from throughtime.training.model_folder import load_model


class Start(Options):
    """What the network of a stream is made of, and the units it works in.

    Arguments:
        architecture: of the network.
        inputs: mean and scale of each feature.
        targets: mean and scale of a number that is to be answered.
        outputs: which output of the network stands for each class, in the order of the classes.
        output_size: how many numbers the network answers with, at least 1.
    """

    architecture: Architecture
    inputs: NumberEncoder
    targets: NumberTargetEncoder = NumberTargetEncoder(mean=0.0, scale=1.0)
    outputs: tuple[int, ...] = ()
    output_size: int

    def network(self, seed: int) -> Network:
        """Return the network with fresh weights."""
        return without_noise(
            self.architecture.build(
                feature_count=self.inputs.feature_count,
                output_size=self.output_size,
                key=key_for(seed, "weights"),
            )
        )


def fresh_start(architecture: dict[str, Any], features: int, classes: int) -> Start:
    """Return the start of a network that learned nothing yet; without classes, it answers with a number."""
    return Start(
        architecture=Architecture.parse(architecture),
        inputs=NumberEncoder(mean=(0.0,) * features, scale=(1.0,) * features),
        outputs=tuple(range(classes)),
        output_size=max(classes, 1),
    )


def start_from_model(
    folder: str | Path, parameters: dict[str, Any], defaults: dict[str, Any], task: str
) -> tuple[Start, Network, np.ndarray]:
    """Return what a saved model starts a stream with: its start, its network and its classes.

    Arguments:
        parameters, defaults: of the estimator, among them `NETWORK`.
        task: which task the model has to have, `"classify"` or `"regress"`.

    **Raises**

        ModelFolderError: the folder is missing, damaged or foreign.
        OptionError: the model has another task, reads something else than numbers, or is made of something
            else than the parameters say.
    """
    model = load_model(folder)
    if model.settings.task != task:
        raise OptionError(
            f"start_from is {folder}, a model that was trained to {model.settings.task}, and this is there "
            f"to {task}; start from another model, or use the estimator of that task"
        )
    if not isinstance(model.encoder, NumberEncoder):
        raise OptionError(
            f"start_from is {folder}, a model that reads {model.encoder.kind}, and the elements of this "
            "stream are numbers; start from a model of numbers"
        )
    architecture = model.settings.network
    for name in NETWORK:
        given, own = parameters[name], getattr(architecture, name)
        if given not in (defaults[name], own):
            raise OptionError(
                f"{name} is {given!r} and start_from is {folder}, a model of {name}={own!r}; leave {name} "
                "out, or start from another model"
            )
    classes, outputs, targets = np.array([]), (), NumberTargetEncoder(mean=0.0, scale=1.0)
    if isinstance(model.task, Classify):
        estimator = SequenceClassifier.load(folder)
        classes, outputs = estimator.classes_, tuple(estimator.outputs_of_classes())
    elif isinstance(model.task, Regress):
        targets = model.task.scale
    start = Start(
        architecture=architecture,
        inputs=model.encoder,
        targets=targets,
        outputs=outputs,
        output_size=model.task.output_size,
    )
    return start, without_noise(model.network), classes
