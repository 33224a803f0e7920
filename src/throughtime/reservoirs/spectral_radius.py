"""The largest absolute eigenvalue of recurrent weights, and matrices scaled to one."""

import contextlib

import numpy as np
from jaxtyping import Float
from scipy.sparse import csr_array, sparray
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import ArpackNoConvergence, eigs

from throughtime.core.errors import OptionError

SMALL = 300
"""Up to this size all eigenvalues are computed, which is then as fast as the largest one alone."""

SUBSPACES = (64, 256)
"""How many vectors the iteration keeps: more, if it does not converge with few, where the matrix is large."""

LARGE = 2000
"""Below this size, all eigenvalues are the second resort; from it on, they are the last."""

MOST_RESTARTS = 100


def spectral_radius(matrix: csr_array | sparray | Float[np.ndarray, "H H"]) -> float:
    """Return the largest absolute eigenvalue of a square matrix.

    **Cost**

        up to 300 rows all eigenvalues, O(H^3); above, Arnoldi iterations, O(entries) a round, memory O(H)

    **Exactness**

        to 1e-5 of itself; exactly 0 for a matrix whose connections have no cycle

    **Source**

        Lehoucq, Sorensen & Yang 1998, "ARPACK users' guide" (implicitly restarted Arnoldi iterations).
    """
    sparse = csr_array(matrix)
    size = sparse.shape[0]
    if not _has_cycle(sparse):
        return 0.0
    if size <= SMALL:
        return float(np.abs(np.linalg.eigvals(sparse.toarray())).max())
    # Always from the same vector, so that one matrix has one radius; a random one, which no symmetry annuls.
    start = np.random.default_rng(0).normal(size=size)
    for vectors in SUBSPACES if size >= LARGE else SUBSPACES[:1]:
        with contextlib.suppress(ArpackNoConvergence):
            found = eigs(
                sparse, 6, which="LM", v0=start, ncv=vectors, tol=1e-5, maxiter=MOST_RESTARTS,
                return_eigenvectors=False,
            )  # fmt: skip
            return float(np.abs(found).max())
    return float(np.abs(np.linalg.eigvals(sparse.toarray())).max())


def scaled_to_radius(matrix: csr_array | sparray | Float[np.ndarray, "H H"], radius: float) -> csr_array:
    """Return the matrix, as sparse rows of SciPy, times the number that gives it this spectral radius.

    **Raises**

        OptionError: its spectral radius is 0.
    """
    found = spectral_radius(matrix)
    if found == 0:
        raise OptionError(
            f"the matrix has a spectral radius of 0 (its connections have no cycle), so it cannot be scaled "
            f"to {radius:g}; draw more connections, or give it scaled by other means"
        )
    return csr_array(matrix) * (radius / found)


def _has_cycle(matrix: csr_array) -> bool:
    """Tell whether the connections have a cycle; without one, the matrix is nilpotent.

    Its computed eigenvalues would be far from zero all the same: of a nilpotent matrix they are off by the
    H-th root of the precision.
    """
    matrix = matrix.copy()
    matrix.eliminate_zeros()
    if matrix.diagonal().any():
        return True
    components, _ = connected_components(matrix, directed=True, connection="strong")
    return bool(components < matrix.shape[0])
