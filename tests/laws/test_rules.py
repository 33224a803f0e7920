"""Every learning rule under every law of rules."""

import jax
import jax.numpy as jnp
import pytest

from tests.laws import laws_of_rules as laws
from tests.laws.compilation import quick_jit
from tests.laws.registry import BATCH, INPUT, MAP_ROWS, TIME, draw_inputs, fresh
from throughtime import BPTT, Gradient, LearningRule, SequenceMap, gradient_over_chunks
from throughtime.core.errors import NotACellError, OptionError, ShapeError
from throughtime.learning import RULES, TruncatedBPTT

ROWS: dict[str, tuple[laws.Law, ...]] = {
    "bptt": (*laws.IN_ONE_CHUNK, *laws.TRUNCATED),
    # Its reach is longer than the sequences of the laws.
    "truncated_bptt": (*laws.IN_ONE_CHUNK, *laws.CARRIED),
    "forward_gradient": laws.PROJECTED,
    "rtrl": (*laws.IN_ONE_CHUNK, *laws.CARRIED),
    "snap": (),
    "uoro": (),
    "kf_rtrl": (),
    "eprop": (),
    "rflo": (),
}
"""Every rule, and the laws it keeps beyond those that all keep."""


def test_every_rule_has_a_row() -> None:
    assert set(RULES) == set(ROWS)


@pytest.mark.parametrize(
    ("rule", "law"),
    [(rule, law) for rule, own in ROWS.items() for law in (*laws.LAWS, *own)],
    ids=lambda part: getattr(part, "__name__", part),
)
@pytest.mark.usefixtures("float64")
def test_law(rule: str, law: laws.Law) -> None:
    law(RULES[rule]())


VARIANTS: tuple[tuple[LearningRule, tuple[laws.Law, ...]], ...] = (
    (BPTT(checkpointed=True), (*laws.LAWS, *laws.IN_ONE_CHUNK, laws.chunks_truncate)),
    (TruncatedBPTT(stride=2, reach=3), laws.LAWS),
)
"""Rules with options, and all the laws that they keep."""


@pytest.mark.parametrize(
    ("rule", "law"),
    [(rule, law) for rule, own in VARIANTS for law in own],
    ids=lambda part: getattr(part, "__name__", str(part)),
)
@pytest.mark.usefixtures("float64")
def test_law_with_options(rule: LearningRule, law: laws.Law) -> None:
    law(rule)


@pytest.mark.parametrize("rule", ROWS)
def test_rule_declares_what_it_is(rule: str) -> None:
    made = RULES[rule]()
    assert made.kind == rule
    assert made.exactness in ("exact", "unbiased", "biased")
    assert isinstance(made.is_online, bool)


ROW = MAP_ROWS[1]
ARGUMENTS = (
    jnp.zeros((TIME, BATCH, INPUT)),
    jnp.zeros((TIME, BATCH, ROW.output_size)),
    jnp.ones((TIME, BATCH)),
)


def test_sequence_map_is_not_cut_into_chunks() -> None:
    with pytest.raises(NotACellError, match=r"Bidirectional must see .* in chunks of 3; leave"):
        gradient_over_chunks(BPTT(), fresh(ROW), laws.loss, *ARGUMENTS, chunk_size=3)


def test_sequence_map_carries_no_state() -> None:
    with pytest.raises(NotACellError, match=r"Bidirectional .* has no state to carry.* pass whole sequences"):
        BPTT().gradient(fresh(ROW), laws.loss, (), (jnp.zeros(3),), *ARGUMENTS)


def test_sequence_map_has_no_checkpoints() -> None:
    with pytest.raises(NotACellError, match=r"Bidirectional must see .* from a checkpoint; use BPTT\(check"):
        gradient_over_chunks(BPTT(checkpointed=True), fresh(ROW), laws.loss, *ARGUMENTS)


@pytest.mark.usefixtures("float64")
def test_sequence_map_learns_from_whole_sequences() -> None:
    network = fresh(ROW)

    @quick_jit
    def learn(network: SequenceMap) -> Gradient:
        return gradient_over_chunks(BPTT(), network, laws.loss, draw_inputs(ROW), *ARGUMENTS[1:])

    given = learn(network)
    nudged = jax.tree.map(lambda weight, slope: weight - 1e-6 * slope, network, given.gradient)
    after = learn(nudged)
    squared = sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(given.gradient))
    assert squared > 1e-2
    assert float(given.loss - after.loss) == pytest.approx(1e-6 * float(squared), rel=1e-3)


@pytest.mark.parametrize("chunk_size", [0, -2])
def test_chunk_size_is_at_least_one(chunk_size: int) -> None:
    with pytest.raises(OptionError, match=rf"chunk_size is {chunk_size}; choose a whole number"):
        gradient_over_chunks(BPTT(), fresh(laws.ROW), laws.loss, *ARGUMENTS, chunk_size=chunk_size)


@pytest.mark.parametrize("chunk_size", [None, 3])
def test_lengths_beyond_the_end_are_refused_in_chunks_too(chunk_size: int | None) -> None:
    targets = jnp.zeros((TIME, BATCH, laws.ROW.output_size))
    with pytest.raises(ShapeError, match=r"lengths\[1\] is 9 but the batch has 7 time steps"):
        gradient_over_chunks(
            BPTT(), fresh(laws.ROW), laws.loss, ARGUMENTS[0], targets, ARGUMENTS[2],
            chunk_size=chunk_size, lengths=jnp.array([4, 9]),
        )  # fmt: skip
