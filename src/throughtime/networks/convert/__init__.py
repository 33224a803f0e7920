"""Weights from and to other libraries: which gate stands where, and which of two biases is which.

No other file knows the order of anybody else's gates, and none imports the libraries: their weights come and
go as arrays under the names that they have there.
"""

from throughtime.networks.convert.flax_weights import from_flax, to_flax
from throughtime.networks.convert.keras_weights import from_keras, to_keras
from throughtime.networks.convert.torch_weights import from_torch, to_torch

__all__ = ["from_flax", "from_keras", "from_torch", "to_flax", "to_keras", "to_torch"]
