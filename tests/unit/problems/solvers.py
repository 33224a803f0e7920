"""Answers to each problem, worked out from the input alone and in another way than the problem draws them."""

import re
from typing import Any

import numpy as np

from throughtime.problems import (
    Adding,
    AnBn,
    AnBnCn,
    ContinualReber,
    CopyMemory,
    DigitAddition,
    DistantBrackets,
    EmbeddedReber,
    InfluenceBalancing,
    Multiplication,
    NoiseFreeLag,
    NoiselessMemorisation,
    Parity,
    Problem,
    RandomPermutation,
    SpikeTemplates,
    TemporalOrder,
    TimedSpikes,
    TwoSequence,
    Xor,
)

SURE = 40.0
"""A log-odds that leaves no doubt."""


def adding(problem: Adding, inputs: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    outputs = np.zeros((*inputs.shape[:2], 1))
    for row, length in enumerate(lengths):
        sequence = inputs[:length, row]
        marked = [step for step in range(length) if sequence[step, 1] == 1]
        assert len(marked) == 2
        total = sum(
            0.0 if step == 0 and problem.version == "hochreiter" else float(sequence[step, 0])
            for step in marked
        )
        answer = {"hochreiter": 0.5 + total / 4, "le": total, "martens": total / 2}[problem.version]
        outputs[length - 1, row] = answer
    return outputs


def multiplication(problem: Multiplication, inputs: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    outputs = np.zeros((*inputs.shape[:2], 1))
    for row, length in enumerate(lengths):
        numbers, marks = inputs[:length, row].T
        [one, other] = np.flatnonzero(marks == 1)
        first = 1.0 if one == 0 and problem.version == "hochreiter" else numbers[one]
        outputs[length - 1, row] = first * numbers[other]
    return outputs


def xor(problem: Xor, inputs: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    outputs = np.zeros((*inputs.shape[:2], 2))
    for row, length in enumerate(lengths):
        [one, other] = inputs[inputs[:, row, 1] == 1, row, 0]
        outputs[length - 1, row, int(one != other)] = SURE
    return outputs


def temporal_order(problem: TemporalOrder, inputs: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    outputs = np.zeros((*inputs.shape[:2], problem.output_size))
    for row, length in enumerate(lengths):
        text = "".join("XYabcdEB"[symbol] for symbol in inputs[:length, row].argmax(axis=-1))
        if problem.version == "hochreiter":
            assert (text[0], text[-1]) == ("E", "B")
            text = text[1:-1]
        bits = [letter for letter in text if letter in "XY"]
        assert set(text) <= set("XYabcd")
        classes = ["XX", "XY", "YX", "YY"]
        if problem.bits == 3:
            classes = [first + rest for first in "XY" for rest in classes]
        outputs[length - 1, row, classes.index("".join(bits))] = SURE
    return outputs


def noise_free_lag(problem: NoiseFreeLag, inputs: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    outputs = np.zeros((*inputs.shape[:2], problem.output_size))
    for row, length in enumerate(lengths):
        given = inputs[:length, row].argmax(axis=-1)
        if problem.version == "2a":
            for step, symbol in enumerate(range(problem.symbols - 1)):
                outputs[step, row, symbol] = SURE
        outputs[length - 1, row, given[1 if problem.version == "2c" else 0]] = SURE
    return outputs


def two_sequence(problem: TwoSequence, inputs: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    signal = inputs[: problem.informative, :, 0]
    likelihoods = [np.prod(np.exp(-((signal - mean) ** 2) / 2 / 0.2), axis=0) for mean in (1, -1)]
    likely = likelihoods[0] / sum(likelihoods)
    if problem.version == "3a":
        likely = np.round(likely)
    answers = 0.8 - 0.6 * likely if problem.version == "3c" else likely
    return np.broadcast_to(answers[None, :, None], (*inputs.shape[:2], 1)).copy()


def random_permutation(problem: RandomPermutation, inputs: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    outputs = np.zeros((*inputs.shape[:2], problem.symbols))
    outputs[..., :2] = -SURE
    outputs[-1] = SURE * inputs[0]
    return outputs


def noiseless_memorisation(
    problem: NoiselessMemorisation, inputs: np.ndarray, lengths: np.ndarray
) -> np.ndarray:
    outputs = np.zeros((*inputs.shape[:2], problem.values + 1))
    outputs[..., -1] = SURE / 2
    [sign] = set(np.flatnonzero(inputs[..., -1].all(axis=1)))
    for place in range(problem.length):
        outputs[sign + 1 + place, :, : problem.values] = SURE * inputs[place, :, : problem.values]
    return outputs


def reber(problem: Problem, inputs: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """What can come next follows from the last symbols, and from the second one where Reber's string ends."""
    outputs = np.zeros((*inputs.shape[:2], 7))
    for row, length in enumerate(lengths):
        text = "".join("BTPSXVE"[symbol] for symbol in inputs[:length, row].argmax(axis=-1))
        start = 0
        for step in range(length):
            so_far = text[start : step + 1]
            following = after_embedded(so_far)
            if not following:  # the string is over, and another one begins
                start, following = step + 1, "B"
            for symbol in following:
                outputs[step, row, "BTPSXVE".index(symbol)] = SURE
    return outputs


def after_embedded(so_far: str) -> str:
    """Return what can follow the beginning of an embedded Reber string; nothing if it is whole."""
    if so_far == "B":
        return "TP"
    inner, end = so_far[2:], so_far[2:].find("E")
    if not inner:
        return "B"
    if end < 0:
        return after_reber(inner)
    return {0: so_far[1], 1: "E", 2: ""}[len(inner) - end - 1]


def after_reber(so_far: str) -> str:
    """Return what can follow the beginning of a Reber string that is not whole."""
    if so_far == "B":
        return "TP"
    if re.fullmatch(r"BTS*", so_far):
        return "SX"
    # Behind B T S* X, and behind P on the way back from V, X and S are possible; behind another X it is the
    # loop of T; behind one V there are P and V, and behind P S, X S, V V there is only the end.
    if re.fullmatch(r"BTS*X", so_far) or re.fullmatch(r".*VP", so_far):
        return "XS"
    if re.fullmatch(r".*(XX|VPX|BP|T)T*", so_far):
        return "TV"
    if re.fullmatch(r".*[TXP]V", so_far):
        return "PV"
    assert re.fullmatch(r".*(VV|XS|VPS)", so_far), so_far
    return "E"


def counted_language(problem: AnBn | AnBnCn, inputs: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    letters = "ab" if isinstance(problem, AnBn) else "abc"
    units = letters + "T"
    outputs = np.full((*inputs.shape[:2], len(units)), -SURE)
    for row, length in enumerate(lengths):
        text = "".join(("S" + letters)[symbol] for symbol in inputs[:length, row].argmax(axis=-1))
        for step in range(length):
            so_far = text[1 : step + 1]
            whole = "".join(letter * so_far.count("a") for letter in letters) + "T"
            following = {whole[len(so_far)]} | ({"a"} if set(so_far) <= {"a"} else set())
            if not so_far:
                following = {"a"}
            for symbol in following:
                outputs[step, row, units.index(symbol)] = SURE
    return outputs


def distant_brackets(problem: DistantBrackets, inputs: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    outputs = np.zeros((*inputs.shape[:2], problem.output_size))
    alphabet = "".join(chr(ord("a") + place) for place in range(problem.letters)) + "[]\n"
    for row in range(inputs.shape[1]):
        text = "".join(alphabet[symbol] for symbol in inputs[:, row].argmax(axis=-1))
        for step in range(len(text)):
            line = text[: step + 1].rsplit("\n", 1)[1]
            s, k = problem.inside, problem.between
            second = line[s + k + 2 :]
            if len(line) == 0 or len(line) == s + k + 2:
                following = "["
            elif len(line) == s + 1 or len(second) == s + 1:
                following = "]"
            elif len(second) == s + 2:
                following = "\n"
            elif second:
                following = line[len(second)]
            else:
                following = alphabet[:-3]
            for symbol in following:
                outputs[step, row, alphabet.index(symbol)] = SURE
    return outputs


def influence_balancing(problem: InfluenceBalancing, inputs: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    return np.ones((*inputs.shape[:2], 1))


def copy_memory(problem: CopyMemory, inputs: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    outputs = np.zeros((*inputs.shape[:2], problem.symbols + 1))
    for row in range(inputs.shape[1]):
        heard: list[int] = []
        saying = False
        for step, element in enumerate(inputs[:, row].argmax(axis=-1)):
            said = problem.symbols
            if saying and heard:
                said = heard.pop(0)
            elif element < problem.symbols:
                heard.append(element)
            saying |= element == problem.symbols + 1
            outputs[step, row, said] = SURE
    return outputs


def parity(problem: Parity, inputs: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    signs = np.prod(inputs, axis=(0, 2))
    odd = signs * (-1) ** problem.bits < 0
    outputs = np.zeros((*inputs.shape[:2], 2))
    outputs[-1] = np.where(odd[:, None], [0, SURE], [SURE, 0])
    return outputs


def digit_addition(problem: DigitAddition, inputs: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    outputs = np.zeros((*inputs.shape[:2], 11))
    for row in range(inputs.shape[1]):
        text = "".join("0123456789-"[symbol] for symbol in inputs[:, row].argmax(axis=-1))
        first, second = text.strip("-").split("-")
        answer = str(int(first) + int(second)).rjust(problem.digits + 1, "-")
        for step, digit in zip(range(len(text) - len(answer), len(text)), answer, strict=True):
            outputs[step, row, "0123456789-".index(digit)] = SURE
    return outputs


def timed_spikes(problem: TimedSpikes, inputs: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    outputs = np.zeros((*inputs.shape[:2], 2))
    outputs[..., 0] = SURE
    outputs[problem.interval - 1 :: problem.interval] = [0, SURE]
    return outputs


def spike_templates(problem: SpikeTemplates, inputs: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    outputs = np.zeros((*inputs.shape[:2], problem.templates))
    known = problem.template_times()
    assert not np.diff(known[..., -1], axis=0).any(), "they have no common end"
    for row in range(inputs.shape[1]):
        counted = inputs[:, row].astype(int)
        heard = [np.repeat(np.arange(len(counted)), channel) * problem.step_ms for channel in counted.T]
        misfit = [sum(np.sum((own - one) ** 2) for own, one in zip(t, heard, strict=True)) for t in known]
        outputs[-1, row, int(np.argmin(misfit))] = SURE
    return outputs


SOLVERS: dict[type[Problem], Any] = {
    Adding: adding,
    Multiplication: multiplication,
    Xor: xor,
    TemporalOrder: temporal_order,
    NoiseFreeLag: noise_free_lag,
    TwoSequence: two_sequence,
    RandomPermutation: random_permutation,
    NoiselessMemorisation: noiseless_memorisation,
    CopyMemory: copy_memory,
    EmbeddedReber: reber,
    ContinualReber: reber,
    AnBn: counted_language,
    AnBnCn: counted_language,
    DistantBrackets: distant_brackets,
    InfluenceBalancing: influence_balancing,
    Parity: parity,
    DigitAddition: digit_addition,
    TimedSpikes: timed_spikes,
    SpikeTemplates: spike_templates,
}
