"""Answers to each problem, worked out from the input alone and in another way than the problem draws them."""

from typing import Any

import numpy as np

from throughtime.problems import Adding, CopyMemory, DigitAddition, Parity, Problem, TimedSpikes

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


SOLVERS: dict[type[Problem], Any] = {
    Adding: adding,
    CopyMemory: copy_memory,
    Parity: parity,
    DigitAddition: digit_addition,
    TimedSpikes: timed_spikes,
}
