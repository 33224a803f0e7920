"""The rows of cells over images, tiny and with no two axes alike."""

from tests.laws.row import Row
from throughtime import Convolution, ConvolutionalGRU, ConvolutionalLSTM

ROWS = (
    Row(
        "convolutional_lstm",
        lambda key: ConvolutionalLSTM((2, 3, 2), 2, kernel_size=(3, 2), input_kernel_size=(2, 1), key=key),
        output_size=2 * 3 * 2,
        input_size=2 * 3 * 2,
    ),
    Row(
        "convolutional_gru",
        lambda key: ConvolutionalGRU((1, 5), 2, kernel_size=3, key=key),
        output_size=2 * 5,
        input_size=1 * 5,
    ),
    Row(
        "convolution",
        lambda key: Convolution((2, 3, 2), 3, kernel_size=(3, 1), key=key),
        output_size=3 * 3 * 2,
        input_size=2 * 3 * 2,
    ),
)
