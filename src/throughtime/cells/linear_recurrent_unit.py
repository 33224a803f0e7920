"""The linear recurrent unit: complex modes that decay and turn, each at its own rate."""

import math
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from throughtime.core.elementwise import LinearCell
from throughtime.core.errors import OptionError, check_sizes
from throughtime.core.linear_recurrence import ComplexState


class LRU(LinearCell):
    r"""Linear modes in the complex plane, each multiplied by a number of its own at every step.

    **Equations**

        lambda = exp(-exp(nu) + i exp(theta))                          (1)
        s_t = lambda * s_{t-1} + exp(gamma) * (B x_t)                  (2)
        y_t = Re(C s_t) + D x_t                                        (3)

    At the start, for u_1, u_2 ~ U(0, 1):

        |lambda|^2 = u_1 (r_max^2 - r_min^2) + r_min^2                 (4)
        arg lambda = max_phase u_2                                     (5)
        exp(gamma) = sqrt(1 - |lambda|^2)                              (6)

    **Shapes**

        x `[I]`; s complex `[N]`, as `real` and `imaginary` `[N]`; nu, theta, gamma `[N]`; B `[N, I]` as
        (real, imaginary) `[2N, I]`; C `[H, N]` as (real, imaginary) `[H, 2N]`; D `[H, I]`; y `[H]`

    Every lambda of Eq. 4 is as likely as any other of the same ring of the plane. Eq. 1 holds |lambda| < 1
    whatever is learned, so that no state grows without bound. By Eq. 6 every mode has the variance of its
    input at the start, however slow it is.

    Arguments:
        input_size: number of features of an element, at least 1.
        hidden_size: H, number of features of the output, at least 1.
        state_size: N, number of modes, at least 1; as `hidden_size` when left out.
        memory_steps: the longest dependency to expect, in steps, at least 2: r_max is then exp(-1 /
            memory_steps), the modulus that falls to 1/e in so many steps.
        r_min, r_max: the ring, 0 <= r_min < r_max <= 1.
        max_phase: the largest angle, in radians, above 0 and at most 2 pi. Small ones suit long sequences:
            the paper takes pi/10 for the longest.
        key: source of the initial weights.

    **Cost**

        a step: 2 N I + 2 H N + H I multiply-adds, of which 4 N wait for the step before; state 2 N;
        parameters 2 N I + 2 H N + H I + 3 N

    **Differs from**

        The paper's D has one number for each feature, with as many outputs as inputs; here it is a matrix, so
        that the sizes are free. Between layers the paper puts normalisation, a nonlinearity and a residual
        connection; this is the recurrent part alone, and linear from its input to its output.

    **Source**

        Orvieto et al. 2023, "Resurrecting recurrent neural networks for long sequences", ICML, arXiv
        2303.06349, section 3: ring initialisation (Lemma 3.2), exponential parametrisation, normalisation.
    """

    kind: ClassVar[str] = "lru"

    nu: Float[Array, " N"]
    theta: Float[Array, " N"]
    gamma: Float[Array, " N"]
    input_weight: Float[Array, "two_N I"]
    output_weight: Float[Array, "H two_N"]
    skip_weight: Float[Array, "H I"]
    input_size: int = eqx.field(static=True)
    output_size: int = eqx.field(static=True)

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        state_size: int | None = None,
        memory_steps: int | None = None,
        r_min: float = 0.0,
        r_max: float = 1.0,
        max_phase: float = 2 * math.pi,
        key: PRNGKeyArray,
    ):
        modes = hidden_size if state_size is None else state_size
        check_sizes(input_size=input_size, hidden_size=hidden_size, state_size=modes)
        if memory_steps is not None:
            if memory_steps < 2:
                raise OptionError(f"memory_steps is {memory_steps}; choose a number of steps of at least 2")
            r_max = math.exp(-1 / memory_steps)
        if not 0 <= r_min < r_max <= 1:
            raise OptionError(f"the ring is from {r_min} to {r_max}; choose 0 <= r_min < r_max <= 1")
        if not 0 < max_phase <= 2 * math.pi:
            raise OptionError(f"max_phase is {max_phase}; choose an angle above 0 and at most 2 pi")
        keys = jax.random.split(key, 5)
        # Neither 0 nor 1: all logarithms below are finite.
        least = float(np.finfo(jnp.zeros(()).dtype).eps)
        u_1, u_2 = jax.random.uniform(keys[0], (2, modes), minval=least, maxval=1 - least)
        nu = -0.5 * jnp.log(u_1 * (r_max**2 - r_min**2) + r_min**2)  # Eq. 4
        self.nu = jnp.log(nu)
        self.theta = jnp.log(max_phase * u_2)  # Eq. 5
        self.gamma = 0.5 * jnp.log(-jnp.expm1(-2 * nu))  # Eq. 6
        # Real and imaginary parts have half of the variance each; so does the real part of C s.
        self.input_weight = jax.random.normal(keys[1], (2 * modes, input_size)) * (2 * input_size) ** -0.5
        self.output_weight = jax.random.normal(keys[2], (hidden_size, 2 * modes)) * modes**-0.5
        self.skip_weight = jax.random.normal(keys[3], (hidden_size, input_size)) * input_size**-0.5
        self.input_size = input_size
        self.output_size = hidden_size

    def initial_state(self) -> ComplexState:
        """Return modes at rest."""
        return ComplexState(jnp.zeros_like(self.nu), jnp.zeros_like(self.nu))

    def project(self, x: Float[Array, " I"]) -> tuple[Float[Array, " two_N"], Float[Array, " H"]]:
        """Return `B x_t`, its real and then its imaginary part, and `D x_t`."""
        return x @ self.input_weight.T, x @ self.skip_weight.T

    def coefficients(
        self, projected: tuple[Float[Array, " two_N"], Float[Array, " H"]]
    ) -> tuple[ComplexState, ComplexState]:
        """Return `lambda` and `exp(gamma) * (B x_t)`."""
        modulus, phase, scale = jnp.exp(-jnp.exp(self.nu)), jnp.exp(self.theta), jnp.exp(self.gamma)
        real, imaginary = jnp.split(projected[0], 2)
        eigenvalue = ComplexState(modulus * jnp.cos(phase), modulus * jnp.sin(phase))  # Eq. 1
        return eigenvalue, ComplexState(scale * real, scale * imaginary)  # Eq. 2

    def read_out(
        self, state: ComplexState, projected: tuple[Float[Array, " two_N"], Float[Array, " H"]]
    ) -> Float[Array, " H"]:
        """Return `Re(C s_t) + D x_t`."""
        parts = jnp.concatenate([state.real, -state.imaginary])
        return parts @ self.output_weight.T + projected[1]  # Eq. 3
