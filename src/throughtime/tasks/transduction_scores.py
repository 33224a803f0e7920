"""How good the answers of a transduction are: whole targets, edits, and what counts for translations."""

from collections.abc import Sequence
from typing import NamedTuple

from throughtime.core.extras import extra

EXTRA = "transduce"
"""The extra that brings the libraries that count."""


class Judged(NamedTuple):
    """The answer to one source, as ids and as text, beside every target that is right for it."""

    answer: tuple[int, ...]
    right: tuple[tuple[int, ...], ...]
    text: str
    right_texts: tuple[str, ...]


def check_installed(*, is_text: bool) -> None:
    """Raise `MissingExtraError` if a library is missing that these scores need."""
    extra("jiwer", EXTRA)
    if is_text:
        extra("sacrebleu", EXTRA)


def scores_of(judged: Sequence[Judged], *, is_text: bool) -> dict[str, float]:
    """Return the share of answers that are right, the edits needed for each symbol of the targets and, of
    texts, BLEU and chrF, from 0 to 100.

    Of several targets, the one nearest to the answer counts.

    **Source**

        Levenshtein 1966 (edits: insertions, deletions and replacements); Papineni et al. 2002, ACL (BLEU);
        Popović 2015, WMT (chrF); as jiwer and sacrebleu compute them.
    """
    exact = sum(one.answer in one.right for one in judged) / len(judged)
    scores = {"exact_match": exact, "symbol_error": symbol_error(judged)}
    return scores | translation_scores(judged) if is_text else scores


def symbol_error(judged: Sequence[Judged]) -> float:
    """Return the edits between answers and nearest targets, as a share of the targets' symbols."""
    jiwer = extra("jiwer", EXTRA)
    nearest = [_nearest(one) if len(one.right) > 1 else one.right[0] for one in judged]
    return float(jiwer.wer([_spaced(target) for target in nearest], [_spaced(one.answer) for one in judged]))


def translation_scores(judged: Sequence[Judged]) -> dict[str, float]:
    """Return BLEU and chrF of texts, with all right ones as references."""
    sacrebleu = extra("sacrebleu", EXTRA)
    most = max(len(one.right_texts) for one in judged)
    # Of a source with fewer targets than others, the first one again adds nothing.
    references = [
        [one.right_texts[number if number < len(one.right_texts) else 0] for one in judged]
        for number in range(most)
    ]
    answers = [one.text for one in judged]
    return {
        "bleu": float(sacrebleu.corpus_bleu(answers, references).score),
        "chrf": float(sacrebleu.corpus_chrf(answers, references).score),
    }


def _nearest(one: Judged) -> tuple[int, ...]:
    jiwer = extra("jiwer", EXTRA)
    return min(one.right, key=lambda target: float(jiwer.wer(_spaced(target), _spaced(one.answer))))


def _spaced(ids: Sequence[int]) -> str:
    """Return ids as words, which is what edits are counted in."""
    return " ".join(map(str, ids))
