"""The cells that are measured: a row each."""

from collections.abc import Callable
from dataclasses import dataclass

import throughtime


@dataclass(frozen=True)
class CellRow:
    """A cell of ours as the benchmark sees it.

    Arguments:
        class_name: its name in `throughtime`.
        gates: the order of the blocks of H rows in its weights, a letter each.
        training_bar: what the geometric mean of best peer / ours has to reach for training steps.
        peepholes: the order of the rows of `peephole_weight`.
    """

    class_name: str
    gates: str
    training_bar: float
    peepholes: str = ""

    @property
    def build(self) -> Callable[..., throughtime.Cell]:
        """The class itself."""
        return getattr(throughtime, self.class_name)

    @property
    def exists(self) -> bool:
        """Whether the installed package has it."""
        return hasattr(throughtime, self.class_name)


CELLS = {
    "elman": CellRow("Elman", "h", 2.0),
    "lstm": CellRow("LSTM", "ifgo", 1.4),
    "gru": CellRow("GRU", "rzn", 2.0),
    "peephole_lstm": CellRow("PeepholeLSTM", "ifgo", 2.0, peepholes="ifo"),
    "coupled_lstm": CellRow("CoupledLSTM", "igo", 2.0),
    "coupled_peephole_lstm": CellRow("CoupledPeepholeLSTM", "igo", 2.0, peepholes="io"),
    "reset_before_gru": CellRow("ResetBeforeGRU", "rzn", 2.0),
    "minimal_gated_unit": CellRow("MinimalGatedUnit", "fn", 2.0),
}
"""Every cell with a kernel; those that the installed package lacks are left out of a run."""

INFERENCE_BAR = 1.3
"""What the geometric mean of the better of PyTorch and ONNX Runtime / ours has to reach for inference."""

GEMM_BAR = 0.65
"""The part of the rate of a large matrix product that training steps reach at H >= 128 and B >= 32."""

LENGTHS_BAR = 0.6
"""The time for sequences of half the length on average, padded to the longest, by that of full ones."""
