"""Lines of a stream become elements, or say what is wrong with them; asking to stop ends the waiting."""

import io
import os
import signal
from typing import Any

import pytest

from throughtime.cli.interruption import Interruption
from throughtime.cli.stream_lines import Element, StreamLines
from throughtime.core.errors import DataError


def read(text: str, target: str | None = None) -> list[Element | DataError]:
    return list(StreamLines("-", target=target, stream=io.BytesIO(text.encode())).read(Interruption()))


@pytest.mark.parametrize(
    ("line", "x", "target"),
    [
        ('{"a": 1, "b": 2.5, "target": 3}', {"a": 1, "b": 2.5}, 3),
        ('{"a": 1, "label": "hot"}', {"a": 1}, "hot"),
        ('{"a": 1, "label": null}', {"a": 1}, None),
        ('{"a": 1}', {"a": 1}, None),
        ('{"values": [1, 2], "y": 3}', [1, 2], 3),
        ("[1, 2]", [1, 2], None),
        ("0.5", [0.5], None),
    ],
)
def test_a_line_is_an_element(line: str, x: Any, target: Any) -> None:
    (element,) = read(line)
    assert isinstance(element, Element)
    assert (element.x, element.target, element.place.row) == (x, target, 1)


def test_the_target_may_be_named() -> None:
    first, second = read('{"a": 1, "target": 3}\n{"target": 3}', target="a")
    assert isinstance(first, Element)
    assert isinstance(second, Element)
    assert (first.x, first.target) == ({"target": 3}, 1)
    assert (second.x, second.target) == ({"target": 3}, None)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "standard input, row 2: not valid JSON"),
        ("1.5 2", "row 2: not valid JSON at character 5"),
        ('"text"', "row 2: holds '\"text\"', which is no element of a stream"),
        ("true", "row 2: holds 'true', which is no element"),
        ('{"target": 1}', "row 2: has no features, only a target"),
    ],
)
def test_a_bad_line_is_told_by_its_number(line: str, message: str) -> None:
    first, second, third = read(f"1\n{line}\n3\n")
    assert isinstance(second, DataError)
    assert message in str(second)
    assert isinstance(first, Element)
    assert isinstance(third, Element)


def test_a_missing_file_is_told() -> None:
    with pytest.raises(DataError, match="nowhere: cannot be read: No such file"):
        list(StreamLines("nowhere").read(Interruption()))


def test_a_signal_is_taken_while_waiting_and_not_before() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with Interruption().minded() as interruption:
        with interruption.waiting():
            pass
        os.kill(os.getpid(), signal.SIGTERM)
        worked_on = True
        with pytest.raises(KeyboardInterrupt), interruption.waiting():
            worked_on = False
        assert worked_on

    def asked_while_waiting() -> None:
        with Interruption().minded() as interruption, interruption.waiting():
            os.kill(os.getpid(), signal.SIGINT)
            signal.pause()

    with pytest.raises(KeyboardInterrupt):
        asked_while_waiting()
    assert signal.getsignal(signal.SIGTERM) is before
