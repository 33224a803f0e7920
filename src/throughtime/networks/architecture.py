"""A network described in words and numbers, and built from the description."""

import inspect
from typing import Annotated, Literal

import jax
from jaxtyping import PRNGKeyArray
from pydantic import Field, field_validator, model_validator

from throughtime.cells import CELLS
from throughtime.core.cell import Cell
from throughtime.core.errors import choose
from throughtime.core.initializers import INITIALIZERS
from throughtime.core.options import Options
from throughtime.core.sequence_map import Network
from throughtime.networks.bidirectional import Bidirectional, Merge
from throughtime.networks.chain import wire
from throughtime.networks.dropout import Dropout
from throughtime.networks.embedding import Embedding
from throughtime.networks.linear import Linear
from throughtime.networks.pooling import AttentionPooling, MeanPooling
from throughtime.networks.window import FixedWindow

CELL_NAMES = (*CELLS, FixedWindow.kind)
"""Every cell that an `Architecture` can be made of."""

Rate = Annotated[float, Field(ge=0, lt=1)]
Size = Annotated[int, Field(ge=1)]


class Architecture(Options):
    """From symbols or numbers to one vector per sequence or per element.

    The layers, from below: an embedding, when the input is symbols; dropout; recurrent layers with dropout
    between them; a pooling; dropout; a linear readout.

    Arguments:
        cell: name of the recurrent cell; `"window"` is the standard network on a fixed window. Several names,
            joined by commas, name the cell of each layer, lowest first: `"window,gru"`.
        hidden_size: units of each recurrent layer and direction, at least 1.
        layers: number of recurrent layers, at least 1; with several cells, as many as there are names.
        direction: `"forward"`, or `"both"` for a bidirectional network, which must see whole sequences.
        merge: how the two directions become one.
        memory_steps: the longest dependency to expect, in steps, at least 2: cells with gates then start with
            memories that last up to so long (chrono initialisation); as the cell has it when left out.
        recurrent_initializer: what the recurrent weights start from, as the name of an initialiser; as the
            cell has it when left out.
        pooling: what a sequence's answer is read from: the `"last"` step, the `"mean"` over all steps, or a
            mean weighted by `"attention"`.
        embedding_size: features of an embedded symbol, at least 1; unused when the input is numbers.
        dropout: rate between recurrent layers and before the readout, 0 <= rate < 1.
        input_dropout: rate on the (embedded) input, 0 <= rate < 1.
        window: elements that the cell `"window"` sees, at least 1; unused by other cells.
    """

    cell: str = "lstm"
    hidden_size: Size = 64
    layers: Size = 1
    direction: Literal["forward", "both"] = "forward"
    merge: Merge = "concatenate"
    memory_steps: Annotated[int, Field(ge=2)] | None = None
    recurrent_initializer: str | None = None
    pooling: Literal["last", "mean", "attention"] = "last"
    embedding_size: Size = 64
    dropout: Rate = 0.0
    input_dropout: Rate = 0.0
    window: Size = 7

    @field_validator("cell")
    @classmethod
    def _known_cells(cls, names: str) -> str:
        return ",".join(choose("cell", name.strip(), CELL_NAMES) for name in names.split(","))

    @field_validator("recurrent_initializer")
    @classmethod
    def _known_initializer(cls, name: str | None) -> str | None:
        return None if name is None else choose("recurrent_initializer", name, INITIALIZERS)

    @model_validator(mode="after")
    def _a_cell_for_each_layer(self) -> "Architecture":
        names = self.cell.split(",")
        if len(names) > 1 and self.layers not in (1, len(names)):
            raise ValueError(
                f"layers is {self.layers} and cell names {len(names)} cells ({self.cell}); leave layers out, "
                "or name one cell for each layer"
            )
        return self

    @model_validator(mode="after")
    def _memory_needs_gates(self) -> "Architecture":
        if self.memory_steps is not None and not any(_takes(name, "memory_steps") for name in self.cells):
            gated = [name for name in CELLS if _takes(name, "memory_steps")]
            raise ValueError(
                f"memory_steps is {self.memory_steps} and cell is {self.cell}, which has no gates to keep "
                f"a memory; leave memory_steps out, or choose one of {', '.join(gated)}"
            )
        return self

    @model_validator(mode="after")
    def _initializer_needs_recurrent_weights(self) -> "Architecture":
        name = "recurrent_initializer"
        if self.recurrent_initializer is not None and not any(_takes(cell, name) for cell in self.cells):
            recurrent = [cell for cell in CELLS if _takes(cell, name)]
            raise ValueError(
                f"{name} is {self.recurrent_initializer} and cell is {self.cell}, which has no matrix of "
                f"recurrent weights; leave {name} out, or choose one of {', '.join(recurrent)}"
            )
        return self

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
        output_size: int,
        key: PRNGKeyArray,
    ) -> Network:
        """Return the network with fresh weights: a cell if everything in it reads forward, else a sequence
        map.

        Arguments:
            vocabulary_size: number of symbols, when the input is symbols.
            feature_count: numbers in an element, when the input is numbers. Exactly one of the two is given.
            output_size: size of the answer, at least 1.
            key: source of the weights.
        """
        keys = iter(jax.random.split(key, 2 * len(self.cells) + 3))
        network: list[Network] = []
        if vocabulary_size is not None:
            network.append(Embedding(vocabulary_size, self.embedding_size, key=next(keys)))
            size = self.embedding_size
        elif feature_count is not None:
            size = feature_count
        else:
            raise TypeError("build needs vocabulary_size or feature_count")
        network += self._thin(size, self.input_dropout)
        for number, cell in enumerate(self.cells):
            if number:
                network += self._thin(size, self.dropout)
            network.append(self._layer(cell, size, number == len(self.cells) - 1, next(keys), next(keys)))
            size = network[-1].output_size
        if self.pooling == "mean":
            network.append(MeanPooling(size))
        elif self.pooling == "attention":
            network.append(AttentionPooling(size, key=next(keys)))
        network += self._thin(size, self.dropout)
        network.append(Linear(size, output_size, key=next(keys)))
        return wire(network)

    def _layer(
        self, cell: str, size: int, is_top: bool, key: PRNGKeyArray, backward_key: PRNGKeyArray
    ) -> Network:
        forward = self._cell(cell, size, key)
        if self.direction == "forward":
            return forward
        backward = self._cell(cell, size, backward_key)
        return Bidirectional(
            forward, backward, merge=self.merge, to_the_end=is_top and self.pooling == "last"
        )

    def _cell(self, name: str, size: int, key: PRNGKeyArray) -> Cell:
        if name == FixedWindow.kind:
            return FixedWindow(size, self.hidden_size, window=self.window, key=key)
        settings = {
            "memory_steps": self.memory_steps,
            "recurrent_initializer": self.recurrent_initializer,
        }
        given = {one: value for one, value in settings.items() if value is not None and _takes(name, one)}
        return CELLS[name](size, self.hidden_size, key=key, **given)  # type: ignore[call-arg]

    @staticmethod
    def _thin(size: int, rate: float) -> list[Network]:
        return [Dropout(size, rate)] if rate > 0 else []


def _takes(cell: str, parameter: str) -> bool:
    return cell in CELLS and parameter in inspect.signature(CELLS[cell]).parameters
