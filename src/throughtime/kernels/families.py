"""The recurrences that the native code knows, and which arrays each of them takes and leaves.

The other end of this table is `native/families/`.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Family:
    """What distinguishes a recurrence from the others, seen from outside.

    Arguments:
        name: as in the names of the native targets.
        gates: vectors `[H]` that `project` gives for a step.
        states: vectors `[H]` in the state, the hidden layer first.
        vector_gate: the gate to whose recurrent product a weight `[H]` is added; None without such a weight.
        saves_gates: training keeps the gates, in the place of the projected input; otherwise the outputs do.
        saves_more: training keeps one more array `[T, B, H]`.
        needs_hidden: the pointwise part of the backward pass reads the hidden layer before the step.
        recurrent_differs: the gradient by the recurrent product is not the one by the projected input.
    """

    name: str
    gates: int
    states: int
    vector_gate: int | None = None
    saves_gates: bool = True
    saves_more: bool = True
    needs_hidden: bool = False
    recurrent_differs: bool = False


FAMILIES = {
    family.name: family
    for family in (
        Family("elman_tanh", gates=1, states=1, saves_gates=False, saves_more=False),
        Family("elman_relu", gates=1, states=1, saves_gates=False, saves_more=False),
        Family("lstm", gates=4, states=2),
        Family("gru", gates=3, states=1, vector_gate=2, needs_hidden=True, recurrent_differs=True),
    )
}
"""Every family, by its name."""
