"""Layers of which at least one must see the whole sequence."""

from collections.abc import Sequence

import equinox as eqx
import jax
from jaxtyping import Array, Float, Integer, PRNGKeyArray, Shaped

from throughtime.core.cell import Cell, State
from throughtime.core.sequence_map import Network, SequenceMap, run
from throughtime.networks.stack import Stack, check_layers_fit


class Chain(SequenceMap):
    r"""Cells and sequence maps one after another, each run over the whole output of the one before.

    **Shapes**

        inputs as the first layer reads them; outputs as the last one gives them

    Arguments:
        layers: first to last, at least one; each `output_size` is the next `input_size`.

    **Raises**

        ShapeError: two neighbours do not fit, or there are none.
    """

    layers: tuple[Network, ...]
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(self, layers: Sequence[Network]):
        check_layers_fit(layers)
        self.layers = tuple(layers)
        self.input_size = layers[0].input_size
        self.output_size = layers[-1].output_size

    def run(
        self,
        inputs: Shaped[Array, "T B *I"],
        *,
        lengths: Integer[Array, " B"] | None = None,
        key: PRNGKeyArray | None = None,
    ) -> tuple[tuple[State, ...], Float[Array, "T B O"]]:
        """Return the final states of all layers, first to last, and the outputs of the last layer."""
        keys = [None] * len(self.layers) if key is None else jax.random.split(key, len(self.layers))
        states: tuple[State, ...] = ()
        for layer, layer_key in zip(self.layers, keys, strict=True):
            final, inputs = run(layer, inputs, lengths=lengths, key=layer_key)
            states += final
        return states, inputs


def topped(network: Network, layer: Network) -> Network:
    """Return a network with one more layer on top, beside its other layers."""
    return wire([*_layers(network), layer])


def founded(layer: Network, network: Network) -> Network:
    """Return a network with one more layer below all others."""
    return wire([layer, *_layers(network)])


def _layers(network: Network) -> Sequence[Network]:
    layers: Sequence[Network] = (
        network.cells if isinstance(network, Stack) else getattr(network, "layers", (network,))
    )
    return layers


def wire(layers: Sequence[Network]) -> Network:
    """Return the layers as one network: a `Stack`, a cell again, if all are cells; else a `Chain`."""
    cells = [layer for layer in layers if isinstance(layer, Cell)]
    return Stack(cells) if len(cells) == len(layers) else Chain(layers)
