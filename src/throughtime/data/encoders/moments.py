"""Mean and standard deviation of a stream, in one pass and without cancellation."""

from __future__ import annotations

import numpy as np


class Moments:
    """Count, mean, sum of squared deviations and range of each feature, merged block by block.

    **Equations** with `n, m, s` the count, mean and sum of squared deviations of a block and `d = m_b - m_a`:
    `m = m_a + d n_b / n`, `s = s_a + s_b + d² n_a n_b / n`.

    **Source** Chan, Golub and LeVeque 1983, "Algorithms for computing the sample variance", Eq. 2.1.
    """

    def __init__(self, feature_count: int):
        self.feature_count = feature_count
        self.count = 0
        self.mean = np.zeros(feature_count)
        self.squares = np.zeros(feature_count)
        self.least = np.full(feature_count, np.inf)
        self.most = np.full(feature_count, -np.inf)

    def add(self, block: np.ndarray) -> None:
        """Take in a block `[n, F]` with n >= 1."""
        block = block.astype(np.float64, copy=False)
        mean = block.mean(axis=0)
        squares = np.square(block - mean).sum(axis=0)
        before, added = self.count, len(block)
        self.count = before + added
        difference = mean - self.mean
        self.mean = self.mean + difference * (added / self.count)
        self.squares = self.squares + squares + np.square(difference) * (before * added / self.count)
        self.least = np.minimum(self.least, block.min(axis=0))
        self.most = np.maximum(self.most, block.max(axis=0))

    def scale(self) -> np.ndarray:
        """Return the standard deviation `[F]`, and 1 where a feature never changes."""
        # Rounding can leave a constant feature a tiny deviation, so the range decides, which is exact.
        constant = self.least == self.most
        deviation = np.sqrt(self.squares / self.count)
        return np.where(constant | (deviation == 0), 1.0, deviation)
