"""What of a state is units, and by which names they go."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import pytest

from throughtime import GRU, LSTM, AttentionPooling, Dropout, MeanPooling, Stack, Zoneout
from throughtime.core.errors import OptionError
from throughtime.networks.units import check_fields, field_names, map_units, output_after

KEY = jax.random.key(0)


class Pair(NamedTuple):
    """Two arrays."""

    hidden: jax.Array
    cell: jax.Array


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        (LSTM(3, 5, key=KEY), ("hidden", "cell")),
        (Stack([Dropout(3, 0.5), LSTM(3, 5, key=KEY), GRU(5, 4, key=KEY)]), ("hidden", "cell")),
        (MeanPooling(3), ("mean",)),
        (AttentionPooling(3, key=KEY), ("mean",)),
        (Dropout(3, 0.5), ()),
        (Zoneout(GRU(3, 5, key=KEY), 0.5), ("hidden",)),
    ],
)
def test_names(cell, names: tuple[str, ...]) -> None:  # type: ignore[no-untyped-def]
    assert field_names(cell) == names
    assert check_fields(cell, None) == names


def test_unknown_field() -> None:
    with pytest.raises(
        OptionError,
        match=r"a field of the state of LSTM is 'hiden' \(did you mean 'hidden'\?\); .* hidden, cell",
    ):
        check_fields(LSTM(3, 5, key=KEY), ["hiden"])


def test_only_the_units_named_change() -> None:
    cell = Stack([Dropout(3, 0.5), LSTM(3, 5, key=KEY), MeanPooling(5)])
    state = cell.initial_state()
    changed = map_units(lambda number, field, units: units + number, ("hidden", "mean"), state)
    numbers = [float(leaf.max()) for leaf in jax.tree.leaves(changed)[1:]]
    # The leaves: key, position, hidden, cell, mean, steps.
    assert numbers == [0, 2, 0, 4, 0]
    assert jax.tree.leaves(changed)[0] is jax.tree.leaves(state)[0]


def test_an_output_that_is_a_part_of_the_state_goes_with_it() -> None:
    before = Pair(jnp.zeros(2), jnp.zeros(2))
    after = Pair(jnp.ones(2), jnp.ones(2))
    assert output_after(before.hidden, before, after) is after.hidden
    assert output_after(before.cell, before, after) is after.cell
    other = jnp.zeros(2)
    assert output_after(other, before, after) is other
