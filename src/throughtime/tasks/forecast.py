"""Series to its next values: one number for each column and each step ahead, or quantiles of it."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Integer, PRNGKeyArray
from pydantic import AllowInfNan, Field

from throughtime.core.cell import Cell
from throughtime.core.errors import DataError, OptionError, Place, nearest
from throughtime.core.sequence_map import Network
from throughtime.data.encoders.numbers import NumberEncoder
from throughtime.data.store import SequenceStore
from throughtime.networks.architecture import Architecture
from throughtime.networks.chain import founded, topped
from throughtime.networks.quantile_levels import QuantileLevels, pinball
from throughtime.networks.roll_out import RollOut
from throughtime.networks.seasonal_difference import SeasonalDifference
from throughtime.networks.seasonal_naive import seasonal_naive
from throughtime.networks.seasonal_residual import SeasonalResidual
from throughtime.tasks.forecast_scores import Forecasts, forecast_scores
from throughtime.tasks.options import TaskOptions
from throughtime.tasks.task import Outputs, ReadingTask, Target

Series = Float[np.ndarray, "T F"]


class Forecast(ReadingTask):
    r"""The next values of a series, after every step of it.

    The network reads, beside each value, and is asked for, differences: to the last value, or to the value a
    season before. What it answers has the base added back. A recursive one is trained one step ahead on every
    column that it reads, and its steps after the first come from its own forecasts.

    **Equations**

        loss = mean over h and c of (y_t[h, c] - (x_{t+h}[c] - b_t[h, c]) / s_c)^2
        with quantiles: `pinball` in the place of the square

    for scaled series x, b of `SeasonalNaive` and the standard deviation s of x_t - b_{t-1}[1]; over the steps
    t with as many steps after them.

    Arguments:
        names: the columns that are forecast.
        features: their places among the columns that are read, from 0.
        mean, scale: of each, over the training part.
        naive_error: of each, see `forecast_scores`.
        change: of every column that is read, the standard deviation of its scaled differences.
        feature_count: how many columns are read.
        others: as `TaskOptions` has them.

    **Source**

        Williams & Zipser 1989, Neural Computation 1(2); Taieb, Bontempi, Atiya & Sorjamaa 2012, Expert
        Systems with Applications 39(8) (the strategies).
    """

    name: Literal["forecast"] = "forecast"
    metrics: ClassVar[Mapping[str, bool]] = {"mase": False, "mae": False, "rmse": False, "pinball": False}
    answers_once: ClassVar[bool] = False
    rows_are_steps: ClassVar[bool] = True
    takes: ClassVar[tuple[str, ...]] = (
        "horizon",
        "values",
        "season",
        "base",
        "strategy",
        "quantiles",
        "history",
    )

    names: tuple[str, ...] = Field(min_length=1)
    features: tuple[Annotated[int, Field(ge=0)], ...]
    mean: tuple[Annotated[float, AllowInfNan(False)], ...]
    scale: tuple[Annotated[float, AllowInfNan(False), Field(gt=0)], ...]
    naive_error: tuple[Annotated[float, AllowInfNan(False), Field(gt=0)], ...]
    change: tuple[Annotated[float, AllowInfNan(False), Field(gt=0)], ...]
    feature_count: Annotated[int, Field(ge=1)]
    horizon: Annotated[int, Field(ge=1)]
    season: int | None = None
    base: Literal["last", "season", "none"] = "last"
    strategy: Literal["direct", "recursive"] = "direct"
    quantiles: tuple[float, ...] | None = None
    history: Annotated[int, Field(ge=1)]

    @classmethod
    def fit_series(
        cls,
        series: Sequence[Series],
        encoder: NumberEncoder,
        columns: Sequence[str] | None,
        options: TaskOptions,
    ) -> "Forecast":
        """Return the task for the series of the training part.

        Arguments:
            series: in their own units.
            encoder: fitted to them.
            columns: the names of their columns, if they have some.

        **Raises**

            OptionError: the columns to forecast are not there.
            DataError: the series do not change, or are too short for a season.
        """
        features = chosen_features(options.values, columns, encoder.feature_count)
        lag = options.season or 1
        changes = [np.abs(one[lag:] - one[:-lag])[:, features] for one in series if len(one) > lag]
        if not changes:
            raise DataError(
                f"no series is longer than the {lag} steps of a season; give longer ones, or a shorter season"
            )
        naive_error = np.concatenate(changes).mean(axis=0)
        names = [columns[feature] for feature in features] if columns else _numbered(features)
        for name, error in zip(names, naive_error, strict=True):
            if error == 0:
                raise DataError(
                    f"{name!r} never differs from what it was {lag} steps before, so there is nothing to "
                    "forecast; leave it out of values, or give other data"
                )
        return cls(
            names=tuple(names),
            features=tuple(features),
            mean=tuple(encoder.mean[feature] for feature in features),
            scale=tuple(encoder.scale[feature] for feature in features),
            naive_error=tuple(naive_error.tolist()),
            change=_changes([encoder.encode(one) for one in series], options),
            feature_count=encoder.feature_count,
            **{name: getattr(options, name) for name in cls.takes if name != "values"},
        )

    @property
    def foretold(self) -> tuple[int, ...]:
        """The columns that the network is trained on: the ones to forecast or, of a recursive one, all."""
        return self.features if self.strategy == "direct" else tuple(range(self.feature_count))

    @property
    def steps(self) -> int:
        """How many steps ahead the network is trained on."""
        return self.horizon if self.strategy == "direct" else 1

    @property
    def period(self) -> int:
        """Steps from a value to the one that it is a difference to."""
        return self.season if self.base == "season" and self.season is not None else 1

    @property
    def scales(self) -> tuple[float, ...]:
        """What the differences that the network is asked for are divided by."""
        return tuple(self.change[feature] for feature in self.foretold)

    def built(
        self,
        architecture: Architecture,
        *,
        vocabulary_size: int | None,
        feature_count: int | None,
        letters: tuple[int, int] | None,
        key: PRNGKeyArray,
        head_key: PRNGKeyArray,
    ) -> Network:
        """Return a network for the task with fresh weights, that reads differences too if there is a base."""
        has_base = self.base != "none"
        network = super().built(
            architecture,
            vocabulary_size=vocabulary_size,
            feature_count=2 * self.feature_count if has_base else self.feature_count,
            letters=letters,
            key=key,
            head_key=head_key,
        )
        if not has_base:
            return network
        differences = SeasonalDifference(self.feature_count, scale=self.change, period=self.period)
        return founded(differences, network)

    @property
    def output_size(self) -> int:
        """A number, or as many as there are quantiles, for each step ahead and each column."""
        return self.steps * len(self.foretold) * len(self.quantiles or (0.5,))

    def topped(self, network: Network, key: PRNGKeyArray) -> Network:
        """Return the network, with the levels of the quantiles on top if there are some."""
        if self.quantiles is None:
            return network
        return topped(network, QuantileLevels(self.output_size, self.quantiles))

    def answerer(self, network: Network) -> Network:
        """Return the network with the differences taken back and, of a recursive one, that goes on."""
        assert isinstance(network, Cell)
        if self.base != "none":
            network = SeasonalResidual(
                network,
                features=self.foretold,
                horizon=self.steps,
                period=self.period,
                scale=self.scales,
                numbers=len(self.quantiles or (0.5,)),
            )
        return network if self.strategy == "direct" else RollOut(network, self.horizon)

    def targets(self, scaled: Series) -> Float[np.ndarray, "T P"]:
        """Return what the network is asked for after each step of a scaled series, NaN where the series does
        not go on as far or is too young to have a season."""
        values = scaled[:, self.foretold]
        length = len(values) - self.steps
        wanted = np.full((len(values), self.steps, values.shape[1]), np.nan, np.float32)
        for ahead in range(self.steps):
            wanted[: max(length, 0), ahead] = values[ahead + 1 :][: max(length, 0)]
        if self.base != "none":
            base = seasonal_naive(values, horizon=self.steps, period=self.period)
            wanted = (wanted - base) / np.array(self.scales)
            wanted[np.isnan(wanted).any(axis=(1, 2))] = np.nan
        return wanted.reshape(len(values), -1).astype(np.float32)

    @classmethod
    def loss(cls, output: Float[Array, " O"], target: Float[Array, " P"]) -> Float[Array, ""]:
        """Return the mean squared error, in units of the training part's variance, or that of quantiles."""
        if output.shape == target.shape:
            return jnp.mean((output - target) ** 2)
        return pinball(output, target)

    @classmethod
    def unfold(
        cls,
        targets: Float[Array, "T B P"],
        lengths: Integer[Array, " B"],
        weights: Float[Array, " B"],
        time_steps: int,
    ) -> tuple[Float[Array, "T B P"], Float[Array, "T B"]]:
        """Return the targets, and a mask of the steps that have one."""
        counts = (jnp.arange(time_steps)[:, None] < lengths) & jnp.isfinite(targets[..., 0])
        return jnp.nan_to_num(targets), jnp.where(counts, weights, 0)

    @classmethod
    def read(
        cls, network: Network, outputs: Float[Array, "T B O"], lengths: Integer[Array, " B"]
    ) -> Float[Array, "B T O"]:
        """Return the output at each step."""
        return outputs.swapaxes(0, 1)

    @classmethod
    def cut(cls, answer: Float[np.ndarray, "T0 O"], length: int) -> Float[np.ndarray, "T O"]:
        """Return the outputs at the real steps."""
        return answer[:length]

    def forecasts(self, outputs: Float[np.ndarray, "N O"]) -> Forecasts:
        """Return what outputs of the answering network say, in the units of the series."""
        levels = len(self.quantiles or (0.5,))
        foretold = outputs[:, : self.horizon * len(self.foretold) * levels]
        said = foretold.reshape(len(outputs), self.horizon, len(self.foretold), levels).astype(np.float64)
        if self.strategy == "recursive":
            said = said[:, :, self.features]
        said = said * np.array(self.scale)[:, None] + np.array(self.mean)[:, None]
        if self.quantiles is None:
            return Forecasts(said[..., 0])
        said.sort(axis=-1)
        return Forecasts(said[..., self.quantiles.index(0.5)], said)

    def answers(self, outputs: Outputs) -> list[Target]:
        """Return what comes after the end of each series, `[horizon][C]`, or `[horizon]` of one column."""
        values = self._after_the_end(outputs).values
        return [(one[:, 0] if len(self.names) == 1 else one).tolist() for one in values]

    def columns(self, outputs: Outputs) -> dict[str, Sequence[Any]]:
        """Return the forecasts of each column, and its quantiles."""
        values, quantiles = self._after_the_end(outputs)
        found: dict[str, Sequence[Any]] = {
            name: _shown(values[..., number]) for number, name in enumerate(self.names)
        }
        if quantiles is not None and self.quantiles is not None:
            found |= {
                f"{name}_{level:g}": _shown(quantiles[..., column, number])
                for column, name in enumerate(self.names)
                for number, level in enumerate(self.quantiles)
                if level != 0.5
            }
        return found

    def _after_the_end(self, outputs: Outputs) -> Forecasts:
        """Return the forecasts by the last output of each series."""
        return self.forecasts(np.stack([one.reshape(-1, one.shape[-1])[-1] for one in outputs]))

    def check_metric(self, name: str) -> None:
        """Raise `OptionError` for a metric of quantiles if there are none."""
        if name == "pinball" and self.quantiles is None:
            raise OptionError(
                "metric is 'pinball', and quantiles are left out; choose mase, mae, rmse or loss, or give "
                "quantiles"
            )

    @property
    def main_metric(self) -> str:
        """The error in units of the naive forecast's, which columns can be averaged in."""
        return "mase"

    def scores(self, outputs: Sequence[np.ndarray], targets: SequenceStore) -> dict[str, float]:
        """Return the scores of the network as it is trained: of a recursive one, one step ahead."""
        flat, wanted = np.concatenate(outputs), np.concatenate(list(targets.sequences()))
        counts = np.isfinite(wanted[:, 0])
        levels = len(self.quantiles or (0.5,))
        shape = int(counts.sum()), self.steps, len(self.foretold)
        said = flat[counts, : shape[1] * shape[2] * levels].reshape(*shape, levels)
        wanted = wanted[counts].reshape(shape)
        if self.strategy == "recursive":
            said, wanted = said[:, :, self.features], wanted[:, :, self.features]
        units = np.array(self.scale)
        if self.base != "none":
            units = units * np.array([self.change[feature] for feature in self.features])
        said, wanted = said * units[:, None], wanted * units
        said.sort(axis=-1)
        middle = 0 if self.quantiles is None else self.quantiles.index(0.5)
        found = Forecasts(said[..., middle], said)
        scores = forecast_scores(found, wanted, self.naive_error, self.quantiles)
        return {name: value for name, value in scores.items() if name in self.metrics}

    def check_length(self, length: int, place: Place | None) -> None:
        """Raise `DataError` for a series in which no forecast can be compared with what came."""
        if length < self.history + self.horizon:
            raise DataError(
                f"the series has {length} steps, and {self.history} are read before the first forecast "
                f"counts, which needs {self.horizon} more; give at least {self.history + self.horizon} "
                "steps, or choose a smaller history",
                place,
            )

    def judged(self, forecasts: Forecasts, truth: np.ndarray) -> dict[str, float]:
        """Return the scores of forecasts beside what came, `[N, horizon, C]`; see `forecast_scores`."""
        return forecast_scores(forecasts, truth, self.naive_error, self.quantiles)

    def origins(self, length: int) -> np.ndarray:
        """Return the steps of a series, from 0, after which forecasts count."""
        return np.arange(self.history - 1, length - self.horizon)

    def truth(self, series: Series, origins: np.ndarray) -> np.ndarray:
        """Return what came after steps of a series, `[N, horizon, C]`."""
        ahead = origins[:, None] + np.arange(1, self.horizon + 1)
        return series[:, self.features][ahead].astype(np.float64)

    def floors(self, series: Series, origins: np.ndarray) -> dict[str, Forecasts]:
        """Return the forecasts that need no learning, by what they are."""
        values = series[:, self.features].astype(np.float64)
        periods = {"the last value": 1}
        if self.season is not None:
            periods[f"the value a season of {self.season} before"] = self.season
        return {
            what: Forecasts(seasonal_naive(values, horizon=self.horizon, period=period)[origins])
            for what, period in periods.items()
        }


def _changes(scaled: Sequence[Series], options: TaskOptions) -> tuple[float, ...]:
    """Return the standard deviation of each column's differences to its base; 1 if they do not differ."""
    lag = options.season if options.base == "season" and options.season is not None else 1
    changes = np.concatenate([one[lag:] - one[:-lag] for one in scaled if len(one) > lag])
    deviations = changes.std(axis=0, dtype=np.float64)
    return tuple(np.where(deviations > 0, deviations, 1.0).tolist())


def chosen_features(values: str | None, columns: Sequence[str] | None, count: int) -> list[int]:
    """Return the places, from 0, of the columns that are named, or numbered from 1; of all for None.

    **Raises**

        OptionError: one is not there, or named twice.
    """
    if values is None:
        return list(range(count))
    found = []
    for name in map(str.strip, values.split(",")):
        if columns is not None and name in columns:
            found.append(columns.index(name))
        elif name.isdigit() and 1 <= int(name) <= count:
            found.append(int(name) - 1)
        else:
            known = columns or [str(number + 1) for number in range(count)]
            raise OptionError(
                f"values names {name!r}, which is no column that is read{nearest(name, known)}; they are "
                f"{', '.join(known)}"
            )
    if len(set(found)) < len(found):
        raise OptionError(f"values is {values!r}, which names a column twice; name each once")
    return found


def _numbered(features: Sequence[int]) -> list[str]:
    """Return names for columns that have none."""
    return ["value"] if len(features) == 1 else [f"value_{feature + 1}" for feature in features]


def _shown(values: np.ndarray) -> list[list[float]]:
    """Return numbers with the digits that single precision has."""
    return [[float(f"{value:.7g}") for value in row] for row in values]
