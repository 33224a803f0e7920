"""The rows of grids of LSTMs: each number of dimensions, tied and untied, and each kind of priority."""

from tests.laws.row import INPUT, Row
from throughtime import DepthLSTM, GridLSTM, SpatialGridLSTM

UNITS = 2

ROWS = (
    Row("depth_lstm", lambda key: DepthLSTM(INPUT, UNITS, depth=3, key=key), UNITS),
    Row("grid_lstm", lambda key: GridLSTM(INPUT, UNITS, depth=3, key=key), UNITS),
    Row(
        "grid_lstm_untied",
        lambda key: GridLSTM(INPUT, UNITS, depth=2, tied=False, priority="time", key=key),
        UNITS,
    ),
    Row(
        "spatial_grid_lstm",
        lambda key: SpatialGridLSTM((3, 2), 1, UNITS, depth=2, priority="space", key=key),
        output_size=3 * 2 * UNITS,
        input_size=3 * 2 * 1,
    ),
)
