"""A network described in words and numbers, and built from the description."""

import inspect
import math
from collections.abc import Callable, Iterator
from typing import Annotated, Any, Literal

import jax
from jaxtyping import PRNGKeyArray
from pydantic import Field, field_validator

from throughtime.cells import CELLS as LEARNED_CELLS
from throughtime.cells import ConvolutionalGRU, ConvolutionalLSTM
from throughtime.core.cell import Cell
from throughtime.core.errors import OptionError, choose
from throughtime.core.initializers import INITIALIZERS
from throughtime.core.options import Options
from throughtime.core.sequence_map import Network
from throughtime.networks.bidirectional import Bidirectional, Merge
from throughtime.networks.chain import wire
from throughtime.networks.connections import connect
from throughtime.networks.convolution import Convolution
from throughtime.networks.dilated import dilated, dilations, fusing_convolution
from throughtime.networks.dropout import Dropout
from throughtime.networks.embedding import Embedding
from throughtime.networks.layer_normalisation import layer_normalised
from throughtime.networks.linear import Linear
from throughtime.networks.net_noise import NetNoise
from throughtime.networks.pooling import AttentionPooling, MeanPooling
from throughtime.networks.recurrent_dropout import RecurrentDropout
from throughtime.networks.stack import Stack
from throughtime.networks.tied_stack import tied
from throughtime.networks.token_embedding import TokenEmbedding
from throughtime.networks.window import FixedWindow
from throughtime.networks.word_dropout import WordDropout
from throughtime.networks.zoneout import Zoneout
from throughtime.reservoirs import EchoState, Liquid, SpikeFilter
from throughtime.reservoirs.echo_state import Activation
from throughtime.reservoirs.structures import Structure

CELLS: dict[str, type[Cell]] = {**LEARNED_CELLS, EchoState.kind: EchoState, Liquid.kind: Liquid}
"""Every cell that reads vectors: those whose weights are learned, and reservoirs."""

SPATIAL: dict[str, type[Cell]] = {cell.kind: cell for cell in (ConvolutionalLSTM, ConvolutionalGRU)}
"""Every cell that reads images; its constructor takes their shape, `hidden_channels` and `key`."""

CELL_NAMES = (*CELLS, *SPATIAL, FixedWindow.kind, SpikeFilter.kind)
"""Every cell that an `Architecture` can be made of."""

OF_RESERVOIRS = (
    "spectral_radius", "leak", "input_scaling", "bias_scaling", "structure", "fan_in", "recurrent_scaling",
    "wiring_length", "step_ms", "filter_ms",
)  # fmt: skip
"""The settings that are of no use to any other cell."""

LONGEST_DILATION = 2**16
"""A layer keeps as many states as its dilation is long; more than these are a slip of the pen."""

Rate = Annotated[float, Field(ge=0, lt=1)]
Size = Annotated[int, Field(ge=1)]


class Architecture(Options):
    """From symbols or numbers to one vector per sequence or per element.

    The layers, from below: an embedding, when the input is symbols; dropout; recurrent layers with dropout
    between them, dilated and connected as asked; a pooling; dropout; a linear readout.

    Arguments:
        cell: name of the recurrent cell; `"window"` is the standard network on a fixed window. Several names,
            joined by commas, name the cell of each layer, lowest first: `"window,gru"`.
        hidden_size: units of each recurrent layer and direction, at least 1.
        layers: number of recurrent layers, at least 1; with several cells, as many as there are names.
        direction: `"forward"`, or `"both"` for a bidirectional network, which must see whole sequences.
        merge: how the two directions become one.
        dilation: by how much the dilation grows from layer to layer, at least 1. Layer l, from 1, goes on
            from its state of start_dilation * dilation ** (l - 1) steps ago.
        start_dilation: dilation of the lowest layer, at least 1. Above 1, a convolution over so many steps on
            top of the highest layer brings together the subsequences that the layers see.
        connections: ways around the recurrent layers. `"residual"` adds the input of each layer from the
            second on to its output; `"shortcut"` hands the input of each layer on beside its output, so that
            every layer and the readout see all that is below them.
        memory_steps: the longest dependency to expect, in steps, at least 2: cells with gates then start with
            memories that last up to so long (chrono initialisation); as the cell has it when left out.
        input_initializer: what the weights of a recurrent layer's input start from, as the name of an
            initialiser; as the cell has it when left out.
        recurrent_initializer: what the recurrent weights start from, as the name of an initialiser; as the
            cell has it when left out.
        depth: blocks on top of one another within a cell of the grid family, at least 1; as the cell has it
            when left out.
        tied: whether these blocks share their weights.
        image_size: height and width (or length alone, or more axes) of the image that an element is, as
            `32,32`, for convolutional cells; an element is then the pixels of one channel after another.
        kernel_size: places that a convolutional cell sees of itself along each axis, at least 1.
        readout: what makes the answer of the highest layer: a `"linear"` layer, or, where the answer is an
            image of that size too, a `"convolution"` of one place.
        activation: of the units, for cells that let it be chosen; as the cell has it when left out.
        spectral_radius: largest absolute eigenvalue of a reservoir's recurrent weights, above 0. This one and
            the next five are for the cell `"echo_state"`, and as the cell has them when left out;
            `input_scaling` and the four after them are for `"liquid"`.
        leak: how much of itself a unit of a reservoir loses at a step, above 0 and at most 1.
        input_scaling: how strongly the input drives a reservoir, above 0.
        bias_scaling: how strongly a constant drives it, at least 0.
        structure: how the units of a reservoir are connected.
        fan_in: units that each unit of a random reservoir sees, at least 1.
        recurrent_scaling: what the synapses between the neurons of a liquid are multiplied by, at least 0.
        wiring_length: how far they reach, in distances of neighbours, above 0.
        step_ms: how long an element is, to a liquid and to the cell `"spike_filter"` on top of it, above 0.
        filter_ms: in how many milliseconds a spike falls to 1/e in a `"spike_filter"`, above 0; it has as
            many units as it reads.
        pooling: what a sequence's answer is read from: the `"last"` step, the `"mean"` over all steps, or a
            mean weighted by `"attention"`.
        embedding_size: features of an embedded symbol, at least 1; unused when the input is numbers.
        tied_readout: whether the readout has the matrix of the embedding, for a network that answers with the
            symbols it reads.
        letter_size: features of a letter, of words that are read letter by letter too, and units in each
            direction of the network that reads them, at least 1; unused otherwise.
        dropout: rate between recurrent layers and before the readout, 0 <= rate < 1.
        input_dropout: rate on the (embedded) input, 0 <= rate < 1.
        word_dropout: rate at which the vector of a word, or of another symbol, is left out as a whole, 0 <=
            rate < 1; what is read of its letters stays. Unused when the input is numbers.
        window: elements that the cell `"window"` sees, at least 1; unused by other cells.
        recurrent_dropout: rate at which hidden units are not seen by the next steps of a sequence, 0 <= rate
            < 1. This one and the next three are for cells that recur, and not for `"window"`.
        zoneout: probability that a unit keeps its last value at a step, 0 <= rate < 1.
        net_noise: standard deviation of noise on the sums that drive the units while weights are found, at
            least 0.
        layer_normalisation: whether the sums over input and past are normalised or, in a cell with other
            steps than an Elman network or an LSTM, the sums over the input and the past itself.
    """

    cell: str = "lstm"
    hidden_size: Size = 64
    layers: Size = 1
    direction: Literal["forward", "both"] = "forward"
    merge: Merge = "concatenate"
    dilation: Size = 1
    start_dilation: Size = 1
    connections: Literal["none", "residual", "shortcut"] = "none"
    memory_steps: Annotated[int, Field(ge=2)] | None = None
    input_initializer: str | None = None
    recurrent_initializer: str | None = None
    depth: Size | None = None
    tied: bool = True
    image_size: tuple[Size, ...] | None = None
    kernel_size: Size = 3
    activation: Activation | None = None
    spectral_radius: Annotated[float, Field(gt=0)] | None = None
    leak: Annotated[float, Field(gt=0, le=1)] | None = None
    input_scaling: Annotated[float, Field(gt=0)] | None = None
    bias_scaling: Annotated[float, Field(ge=0)] | None = None
    structure: Structure | None = None
    fan_in: Size | None = None
    recurrent_scaling: Annotated[float, Field(ge=0)] | None = None
    wiring_length: Annotated[float, Field(gt=0)] | None = None
    step_ms: Annotated[float, Field(gt=0)] | None = None
    filter_ms: Annotated[float, Field(gt=0)] | None = None
    readout: Literal["linear", "convolution"] = "linear"
    pooling: Literal["last", "mean", "attention"] = "last"
    embedding_size: Size = 64
    tied_readout: bool = False
    letter_size: Size = 25
    dropout: Rate = 0.0
    input_dropout: Rate = 0.0
    word_dropout: Rate = 0.0
    window: Size = 7
    recurrent_dropout: Rate = 0.0
    zoneout: Rate = 0.0
    net_noise: Annotated[float, Field(ge=0)] = 0.0
    layer_normalisation: bool = False

    @field_validator("cell")
    @classmethod
    def _known_cells(cls, names: str) -> str:
        return known_cells("cell", names)

    @field_validator("image_size", mode="before")
    @classmethod
    def _numbers_in_words(cls, sizes: object) -> object:
        return sizes.split(",") if isinstance(sizes, str) else sizes

    @field_validator("input_initializer", "recurrent_initializer")
    @classmethod
    def _known_initializer(cls, name: str | None, info: Any) -> str | None:
        return None if name is None else choose(info.field_name, name, INITIALIZERS)

    def check_together(self) -> None:
        """Raise `ValueError` on the first settings that do not go with one another."""
        self._check_layers()
        self._check_memory()
        self._check_dilations()
        self._check_connections()
        self._check_wrappers()
        self._check_initializer()
        self._check_reservoir()
        self._check_images()
        self._check_tied_readout()

    def _check_tied_readout(self) -> None:
        if self.tied_readout and (self.direction, self.readout) != ("forward", "linear"):
            raise ValueError(
                f"tied_readout is True, direction is {self.direction!r} and readout is {self.readout!r}; it "
                "goes with direction='forward' and readout='linear' alone; leave it out, or those"
            )

    def _check_layers(self) -> None:
        names = self.cell.split(",")
        if len(names) > 1 and self.layers not in (1, len(names)):
            raise ValueError(
                f"layers is {self.layers} and cell names {len(names)} cells ({self.cell}); leave layers out, "
                "or name one cell for each layer"
            )

    def _check_memory(self) -> None:
        if self.memory_steps is not None and not any(_takes(name, "memory_steps") for name in self.cells):
            lasting = [name for name in CELLS if _takes(name, "memory_steps")]
            raise ValueError(
                f"memory_steps is {self.memory_steps} and cell is {self.cell}, which cannot be told how long "
                f"to remember; leave memory_steps out, or choose one of {', '.join(lasting)}"
            )

    def _check_dilations(self) -> None:
        if self.dilation > 1 and len(self.cells) == 1:
            raise ValueError(
                f"dilation is {self.dilation} and there is one layer, whose dilation is start_dilation; use "
                "more layers, or set start_dilation"
            )
        if self.dilations[-1] > LONGEST_DILATION:
            raise ValueError(
                f"the dilation of the highest layer would be {self.start_dilation} * {self.dilation} ** "
                f"{len(self.cells) - 1}, and it keeps as many states; choose start_dilation, dilation and "
                f"layers so that it is at most {LONGEST_DILATION}"
            )

    def _check_connections(self) -> None:
        if self.connections == "residual" and len(self.cells) == 1:
            raise ValueError(
                "connections is 'residual', which goes around each layer from the second on, and there is "
                "one layer; use more layers, or connections='shortcut'"
            )

    def _check_wrappers(self) -> None:
        if set(self.cells) == {FixedWindow.kind}:
            for name in ("recurrent_dropout", "zoneout", "net_noise", "layer_normalisation"):
                if value := getattr(self, name):
                    raise ValueError(
                        f"{name} is {value} and cell is {self.cell}, which does not recur; leave {name} out, "
                        f"or choose one of {', '.join(CELLS)}"
                    )

    def _check_initializer(self) -> None:
        for name, weights in (("input_initializer", "input"), ("recurrent_initializer", "recurrent")):
            given = getattr(self, name)
            if given is not None and not any(_takes(cell, name) for cell in self.cells):
                choices = [cell for cell in CELLS if _takes(cell, name)]
                raise ValueError(
                    f"{name} is {given} and cell is {self.cell}, which has no matrix of {weights} weights to "
                    f"choose it for; leave {name} out, or choose one of {', '.join(choices)}"
                )

    def _check_reservoir(self) -> None:
        if self.activation is not None and not any(_takes(cell, "activation") for cell in self.cells):
            choices = [cell for cell in CELLS if _takes(cell, "activation")]
            raise ValueError(
                f"activation is {self.activation} and cell is {self.cell}, whose units have their own; leave "
                f"activation out, or choose one of {', '.join(choices)}"
            )
        for name in OF_RESERVOIRS:
            given = getattr(self, name)
            if given is not None and not any(_takes(cell, name) for cell in self.cells):
                choices = [cell for cell in CELL_NAMES if _takes(cell, name)]
                raise ValueError(
                    f"{name} is {given} and cell is {self.cell}, which has no use for it; leave {name} out, "
                    f"or choose {' or '.join(choices)}"
                )

    def _check_images(self) -> None:
        spatial = [name for name in self.cells if name in SPATIAL]
        if spatial and self.image_size is None:
            raise ValueError(
                f"cell is {self.cell}, which reads images, and image_size is None; give it, such as 32,32"
            )
        if self.readout == "convolution" and self.cells[-1] not in SPATIAL:
            raise ValueError(
                f"readout is 'convolution', and the highest cell, {self.cells[-1]}, gives no image; use "
                f"readout='linear', or one of {', '.join(SPATIAL)}"
            )

    @property
    def dilations(self) -> tuple[int, ...]:
        """The dilation of each layer, lowest first."""
        return dilations(len(self.cells), base=self.dilation, start=self.start_dilation)

    @property
    def cells(self) -> tuple[str, ...]:
        """The name of each layer's cell, lowest first."""
        names = tuple(self.cell.split(","))
        return names if len(names) > 1 else names * self.layers

    def build(
        self,
        *,
        vocabulary_size: int | None = None,
        feature_count: int | None = None,
        letters: tuple[int, int] | None = None,
        output_size: int | None = None,
        answers_once: bool = True,
        key: PRNGKeyArray,
    ) -> Network:
        """Return the network with fresh weights: a cell if everything in it reads forward, else a sequence
        map.

        Arguments:
            vocabulary_size: number of symbols, when the input is symbols.
            feature_count: numbers in an element, when the input is numbers. Exactly one of the two is given.
            letters: number of letters, and letters of a word that are read, when the symbols are words with
                their letters.
            output_size: size of the answer, at least 1; when left out, there is no pooling and no readout,
                and the network gives what its highest layer gives.
            answers_once: whether the answer is read at the end, and not at each step.
            key: source of the weights.
        """
        keys = iter(jax.random.split(key, 2 * len(self.cells) + 3))
        network: list[Network] = []
        if vocabulary_size is not None:
            network.append(self._embedding(vocabulary_size, letters, next(keys)))
            size = network[0].output_size
            if self.word_dropout > 0:
                network.append(WordDropout(size, self.word_dropout, word_size=self.embedding_size))
        elif feature_count is not None:
            size = feature_count
        else:
            raise TypeError("build needs vocabulary_size or feature_count")
        network += self.reading_layers(size, keys, to_the_end=answers_once and self.pooling == "last")
        size = network[-1].output_size
        if output_size is None:
            return wire(network)
        if self.pooling == "mean":
            network.append(MeanPooling(size))
        elif self.pooling == "attention":
            network.append(AttentionPooling(size, key=next(keys)))
        network += self._thin(size, self.dropout)
        if self.tied_readout:
            self._check_same_symbols(vocabulary_size, output_size)
            return tied([layer for layer in network if isinstance(layer, Cell)], key=next(keys))
        network.append(self._readout(size, output_size, next(keys)))
        return wire(network)

    def reading_layers(
        self, size: int, keys: Iterator[PRNGKeyArray], *, to_the_end: bool = False
    ) -> list[Network]:
        """Return the recurrent layers with the dropout below each, lowest first, with fresh weights.

        Arguments:
            size: features that the lowest of them reads.
            keys: sources of the weights, two for each layer.
            to_the_end: whether the highest layer, if it reads both ways, gives what it knows at the end.
        """
        layers = self._thin(size, self.input_dropout)
        for number in range(len(self.cells)):
            layer = [*self._thin(size, self.dropout)] if number else []
            layer.append(self._layer(number, size, next(keys), next(keys), to_the_end))
            layers += self._connected(number, layer)
            size = layers[-1].output_size
        return layers

    @staticmethod
    def _check_same_symbols(vocabulary_size: int | None, output_size: int) -> None:
        if vocabulary_size != output_size:
            reads = "numbers" if vocabulary_size is None else f"{vocabulary_size} symbols"
            raise OptionError(
                f"tied_readout is True, and the network reads {reads} and answers with {output_size} "
                "numbers; leave it out, but for a network that answers with the symbols it reads, as in the "
                "task generate"
            )

    def _embedding(self, vocabulary_size: int, letters: tuple[int, int] | None, key: PRNGKeyArray) -> Network:
        if letters is None:
            return Embedding(vocabulary_size, self.embedding_size, key=key)
        return TokenEmbedding(
            vocabulary_size,
            self.embedding_size,
            letter_count=letters[0],
            word_length=letters[1],
            letter_size=self.letter_size,
            key=key,
        )

    def _readout(self, size: int, output_size: int, key: PRNGKeyArray) -> Network:
        if self.readout == "linear":
            return Linear(size, output_size, key=key)
        return Convolution(self._image(size), self._image(output_size)[0], key=key)

    def _image(self, size: int) -> tuple[int, ...]:
        """Return channels and extent of the image that a vector of this size is."""
        assert self.image_size is not None
        channels, rest = divmod(size, math.prod(self.image_size))
        if rest or not channels:
            raise OptionError(
                f"image_size is {','.join(map(str, self.image_size))}, which is {math.prod(self.image_size)} "
                f"places, and there are {size} numbers to an image; choose a size that goes into them"
            )
        return channels, *self.image_size

    def _connected(self, number: int, layer: list[Network]) -> list[Network]:
        """Go around a layer and the dropout below it, so that what is handed on has no noise."""
        if self.connections == "none" or (self.connections == "residual" and number == 0):
            return layer
        return [connect(wire(layer) if len(layer) > 1 else layer[0], self.connections)]

    def _layer(
        self, number: int, size: int, key: PRNGKeyArray, backward_key: PRNGKeyArray, to_the_end: bool
    ) -> Network:
        forward = self._direction(number, size, key)
        if self.direction == "forward":
            return forward
        backward = self._direction(number, size, backward_key)
        is_highest = number == len(self.cells) - 1
        return Bidirectional(forward, backward, merge=self.merge, to_the_end=to_the_end and is_highest)

    def _direction(self, number: int, size: int, key: PRNGKeyArray) -> Cell:
        name, dilation = self.cells[number], self.dilations[number]
        if self.start_dilation == 1 or number < len(self.cells) - 1:
            return dilated(self._cell(name, size, key), dilation)
        key, fusing_key = jax.random.split(key)
        top = dilated(self._cell(name, size, key), dilation)
        fusing = fusing_convolution(top.output_size, self.hidden_size, self.start_dilation, key=fusing_key)
        return Stack([top, fusing])

    def _cell(self, name: str, size: int, key: PRNGKeyArray) -> Cell:
        if name == FixedWindow.kind:
            return FixedWindow(size, self.hidden_size, window=self.window, key=key)
        if name == SpikeFilter.kind:
            times = {one: getattr(self, one) for one in ("filter_ms", "step_ms")}
            return SpikeFilter(size, **{one: value for one, value in times.items() if value is not None})
        own = (
            "memory_steps",
            "input_initializer",
            "recurrent_initializer",
            "depth",
            "tied",
            "kernel_size",
            "activation",
            *OF_RESERVOIRS,
        )
        settings = {one: getattr(self, one) for one in own if _takes(name, one)}
        given = {one: value for one, value in settings.items() if value is not None}
        kind: Callable[..., Cell] = {**CELLS, **SPATIAL}[name]
        reads = self._image(size) if name in SPATIAL else size
        return self._wrapped(kind(reads, self.hidden_size, key=key, **given))

    def _wrapped(self, cell: Cell) -> Cell:
        if self.layer_normalisation:
            cell = layer_normalised(cell)
        if self.net_noise > 0:
            cell = NetNoise(cell, self.net_noise)
        if self.recurrent_dropout > 0:
            cell = RecurrentDropout(cell, self.recurrent_dropout)
        return Zoneout(cell, self.zoneout) if self.zoneout > 0 else cell

    @staticmethod
    def _thin(size: int, rate: float) -> list[Network]:
        return [Dropout(size, rate)] if rate > 0 else []


def known_cells(option: str, names: str) -> str:
    """Return names of cells joined by commas, if all are known; raise `OptionError` naming the nearest."""
    return ",".join(choose(option, name.strip(), CELL_NAMES) for name in names.split(","))


def _takes(cell: str, parameter: str) -> bool:
    kinds: dict[str, type[Cell]] = {**CELLS, **SPATIAL, SpikeFilter.kind: SpikeFilter}
    kind = kinds.get(cell)
    return kind is not None and parameter in inspect.signature(kind).parameters
