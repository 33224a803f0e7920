"""Means, the best peer, and who is left out."""

import pytest

from benchmarks.kernels.choosing import FarBehind, best_peer, geometric_mean
from benchmarks.kernels.grid import Point


def test_twice_and_half_as_fast_is_level() -> None:
    assert geometric_mean([2.0, 0.5]) == pytest.approx(1.0)
    assert geometric_mean([1.0, 2.0, 4.0]) == pytest.approx(2.0)
    assert geometric_mean([3.0]) == pytest.approx(3.0)
    with pytest.raises(ValueError, match="no ratios"):
        geometric_mean([])


def test_the_best_peer_is_the_least_behind() -> None:
    ratios = {"scan": 3.0, "torch": 1.2, "keras_torch": 40.0}
    assert best_peer(ratios) == ("torch", 1.2)
    assert best_peer(ratios, among=("scan", "keras_torch")) == ("scan", 3.0)
    assert best_peer(ratios, among=("onnxruntime",)) is None
    assert best_peer({}) is None


def test_a_peer_is_left_out_once_it_was_far_behind_at_three_points() -> None:
    seen = FarBehind()
    large = Point("lstm", 784, 128, 64, 64)
    for steps, batch in ((32, 1), (100, 1)):
        seen.saw("flax", Point("lstm", steps, batch, 64, 64), "train", 6.0)
    seen.saw("flax", Point("lstm", 32, 8, 64, 64), "train", 4.9)
    assert seen.verdict("flax", large, "train") is None
    seen.saw("flax", Point("lstm", 100, 8, 64, 64), "train", 5.1)
    verdict = seen.verdict("flax", large, "train")
    assert verdict == "dropped: over 5x slower at T=32 B=1, T=100 B=1, T=100 B=8"
    assert seen.verdict("scan", large, "train") is None
    assert seen.verdict("flax", large, "infer") is None
    assert seen.verdict("flax", Point("lstm", 784, 128, 128, 128), "train") is None
    assert seen.verdict("flax", Point("gru", 784, 128, 64, 64), "train") is None
