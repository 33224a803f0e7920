"""The recurrences that the native code knows, and which arrays each of them takes and leaves.

The other end of this table is `native/families/`.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Family:
    """What distinguishes a recurrence from the others, seen from outside.

    Arguments:
        name: as in the names of the native targets.
        gates: vectors `[H]` that `W x + b` gives for a step.
        states: vectors `[H]` in the state, the hidden layer first.
        has_vectors: there are weights besides W, b and U, one or more vectors `[H]` in one array.
        saves_gates: training keeps the gates; otherwise the outputs are enough.
        saves_more: training keeps one more array `[T, B, H]`.
        recurrent_differs: the gradient by U h of the last gate is not the one by W x; it takes the place of
            what was saved more.
        two_phases: a second product, for the last gate, reads what the first one gave, which was saved more.
    """

    name: str
    gates: int
    states: int
    has_vectors: bool = False
    saves_gates: bool = True
    saves_more: bool = True
    recurrent_differs: bool = False
    two_phases: bool = False


FAMILIES = {
    family.name: family
    for family in (
        Family("elman_tanh", gates=1, states=1, saves_gates=False, saves_more=False),
        Family("elman_relu", gates=1, states=1, saves_gates=False, saves_more=False),
        Family("lstm", gates=4, states=2),
        Family("lstm_peephole", gates=4, states=2, has_vectors=True),
        Family("lstm_coupled", gates=3, states=2),
        Family("lstm_coupled_peephole", gates=3, states=2, has_vectors=True),
        Family("gru", gates=3, states=1, has_vectors=True, recurrent_differs=True),
        Family("gru_reset_before", gates=3, states=1, two_phases=True),
        Family("minimal_gated", gates=2, states=1, two_phases=True),
    )
}
"""Every family, by its name."""
