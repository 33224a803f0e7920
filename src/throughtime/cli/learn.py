"""`throughtime learn`: a network that answers each line of a stream, and learns from it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from throughtime.cli.answers import FORMATS, Answered, Flushed, asked_format, format_for
from throughtime.cli.checkpoints import check_writable
from throughtime.cli.compilations import keep_compilations
from throughtime.cli.evaluate import SkipOption
from throughtime.cli.interruption import Interruption
from throughtime.cli.screen import say
from throughtime.cli.setting_options import Group, given_settings, option_name, takes_settings
from throughtime.cli.stream_lines import Element, StreamLines
from throughtime.core.errors import (
    DataError,
    InterruptedFit,
    ModelFolderError,
    OptionError,
    Place,
)
from throughtime.data.encoders import label_name, target_number
from throughtime.data.records import Record
from throughtime.estimators import OnlineClassifier, OnlineRegressor
from throughtime.estimators.online_settings import NETWORK, STEP, StreamArchitecture, StreamStepSettings
from throughtime.training.model_folder import load_model
from throughtime.training.online_folder import read_learner

GROUPS = {
    "network": Group(StreamArchitecture, "Network", NETWORK),
    "training": Group(StreamStepSettings, "Learning", STEP),
}

Learner = OnlineClassifier | OnlineRegressor


@takes_settings(GROUPS)
def learn(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="JSON Lines, or - for standard input.", show_default=False)
    ] = "-",
    online: Annotated[
        Path | None,
        typer.Option(
            show_default=False,
            metavar="FOLDER",
            help="Folder of the learner: it goes on from there, or is made.",
        ),
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(
            show_default=False,
            metavar="FIELD",
            help="Field with the target; by the usual names when left out.",
        ),
    ] = None,
    classes: Annotated[
        str | None,
        typer.Option(
            show_default=False,
            metavar="NAMES",
            help="Labels that will come, joined by commas; targets are numbers if none.",
        ),
    ] = None,
    start_from: Annotated[
        Path | None,
        typer.Option(
            show_default=False, metavar="FOLDER", help="Folder of a trained model of numbers to start from."
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            metavar="INTEGER", min=0, max=2**32 - 1, show_default=False, help="Decides the first weights."
        ),
    ] = None,
    format: Annotated[
        str | None,
        typer.Option(
            show_default=False, metavar="NAME", help="text (an answer a line), csv or jsonl. Default: text."
        ),
    ] = None,
    save_every: Annotated[
        int | None,
        typer.Option(
            metavar="INTEGER",
            min=1,
            show_default=False,
            help="Save after so many elements, too, not only at the end.",
        ),
    ] = None,
    skip_bad_rows: SkipOption = False,
    **settings: Any,
) -> None:
    """Answer each line of a stream, and learn from it.

    Each answer is given before the line is learned from.

    A line is a JSON object with the features and, if it is known, the target; or a list of numbers. Without a
    target, memory goes on and nothing is learned. The learner is saved when the stream ends, at a line that
    cannot be used, and on Ctrl-C; the same command goes on from there.

    Example: sensor | throughtime learn --online runs/sensor - --cell gru --rule snap
    """
    if online is None:
        raise OptionError(
            "--online is missing; name the folder of the learner, which is made if there is none"
        )
    write = FORMATS[format_for(asked_format(format, None))]
    made_of = given_settings(settings, GROUPS)
    given = {name: value for group in made_of.values() for name, value in group.items()}
    extra = {"classes": classes, "start_from": start_from, "random_state": seed}
    given |= {name: value for name, value in extra.items() if value is not None}
    learner = _opened(online, given)
    keep_compilations()
    stream = _Stream(learner, online, save_every, skip_bad_rows)
    try:
        with Interruption().minded() as interruption:
            write(stream.answers(StreamLines(file, target=target).read(interruption)), Flushed())
    except KeyboardInterrupt:
        stream.save()
        raise InterruptedFit(f"interrupted; {stream.how_to_go_on()}") from None
    except BaseException:
        stream.save()
        say(stream.how_to_go_on())
        raise
    if not stream.lines:
        raise DataError("no line arrived; write one element a line to it", Place(file))
    stream.save()
    if stream.skipped:
        say(f"skipped {stream.skipped:,} of {stream.lines:,} lines")


class _Stream:
    """A learner on its way through a stream."""

    def __init__(self, learner: Learner, folder: Path, save_every: int | None, skip_bad_rows: bool):
        self.learner, self.folder = learner, folder
        self.lines = self.skipped = self._unsaved = 0
        self._save_every, self._skip_bad_rows = save_every, skip_bad_rows

    def answers(self, elements: Iterator[Element | DataError]) -> Iterator[Answered]:
        """Yield the answer to each element, which is then learned from."""
        for element in elements:
            self.lines += 1
            try:
                if isinstance(element, DataError):
                    raise element
                answer = self._read(element)
            except DataError as error:
                if not self._skip_bad_rows:
                    raise
                self.skipped += 1
                say(f"skipped: {error}")
                continue
            yield Answered(Record([], None, element.place), answer)
            if self._unsaved == self._save_every:
                self.save()

    def save(self) -> None:
        """Save the learner, if there is anything new to it."""
        if self._unsaved:
            self.learner.save(self.folder, overwrite=True)
            self._unsaved = 0

    def how_to_go_on(self) -> str:
        """Return where the learner stands."""
        if not hasattr(self.learner, "learner_"):
            return "nothing was learned, and nothing is saved"
        return (
            f"{self.folder} holds the learner after {self.learner.learner_.steps:,} elements; run the same "
            "command to go on from there"
        )

    def _read(self, element: Element) -> dict[str, Any]:
        place = element.place
        try:
            target = None if element.target is None else self._target(element.target, place)
            answer = self.learner.read_one(element.x, target)
        except DataError as error:
            raise DataError(error.message, error.place or place) from None
        self._unsaved += 1
        return answer

    def _target(self, target: Any, place: Place) -> Any:
        if isinstance(self.learner, OnlineRegressor):
            return target_number(target, place)
        name = label_name(target, place)
        known = getattr(self.learner, "classes_", ())
        return next((label for label in known if label_name(label) == name), name)


def _opened(folder: Path, given: dict[str, Any]) -> Learner:
    """Return the learner of a folder, or a new one."""
    if folder.exists():
        if given:
            name = {"random_state": "--seed"}.get(first := next(iter(given)), option_name(first))
            raise OptionError(
                f"{name} is for a new learner, and {folder} holds one already, which goes on as it was made; "
                f"leave {name} out, or choose another folder"
            )
        kinds = {kind.__name__: kind for kind in (OnlineClassifier, OnlineRegressor)}
        made_by = read_learner(folder).estimator.get("class")
        if made_by not in kinds:
            raise ModelFolderError(
                f"{folder}: holds a learner that was saved without an estimator, so what its lines mean is "
                "not known; go on in Python, or choose another folder"
            )
        return kinds[made_by].load(folder)
    check_writable(folder)
    for group in GROUPS.values():  # to fail before the first line is read
        group.options.parse({name: given[name] for name in group.names if name in given})
    given = {"random_state": 0} | given
    classes = given.pop("classes", None)
    if classes is not None:
        return OnlineClassifier(classes=[name.strip() for name in classes.split(",")], **given)
    if "start_from" in given and load_model(given["start_from"]).settings.task == "classify":
        return OnlineClassifier(**given)
    return OnlineRegressor(**given)
