"""Heads that label elements, and words by their spelling, transcribed from their papers in float64."""

from collections.abc import Callable

import numpy as np

Numbers = np.ndarray


def log_softmax(x: Numbers) -> Numbers:
    """Bridle 1990, Eq. 8, in logarithms, for each row by itself."""
    return x - np.log(np.exp(x).sum(-1, keepdims=True))


def random_field(x: Numbers, transition: Numbers, forward: Numbers) -> tuple[Numbers, Numbers]:
    """Rabiner 1989, Eqs. 19-20 with scaling (Eqs. 91-92), of a model in scores: the share of each pair of
    neighbours' labels in all that the next element adds, and the scaled forward variable at the end."""
    labels = x.shape[1]
    terms = []
    for x_t in x:
        pairs = transition + x_t
        sums = (np.exp(forward)[:, None] * np.exp(pairs)).sum(0)
        terms.append(pairs - np.log(sums.sum()))
        forward = np.concatenate([np.log(sums / sums.sum()), [-np.inf]])
    return np.array(terms).reshape(len(x), (labels + 1) * labels), forward


def token(
    x: Numbers, words: Numbers, letters: Numbers, forth: Callable[..., Numbers], back: Callable[..., Numbers]
) -> Numbers:
    """Lample et al. 2016, section 4.1: a word's vector beside what is read in its letters from both ends."""
    vectors = []
    for word, *spelt in x:
        read = letters[spelt[: max(sum(letter > 0 for letter in spelt), 1)]]
        vectors.append(np.concatenate([words[word], forth(read)[-1], back(read[::-1])[-1]]))
    return np.array(vectors)
