"""A recipe that compares networks at several sizes of a problem: one network a size, written out."""

from __future__ import annotations

from typing import Any

from throughtime.core.errors import OptionError


def swept(values: dict[str, Any]) -> dict[str, Any]:
    """Return what a recipe says, with its `[sweep]` written out.

    `[sweep]` names one size of the problem and its values. Each network then stands for one at each value,
    `NAME_VALUE`; and a bar for as many, unless it names one of these.

    **Raises**

        OptionError: the sweep is of no size or of several, or has no values.
    """
    rest = {name: value for name, value in values.items() if name != "sweep"}
    sweep = values.get("sweep")
    if sweep is None:
        return rest
    if not isinstance(sweep, dict) or len(sweep) != 1 or not isinstance(next(iter(sweep.values())), list):
        raise OptionError(
            f"sweep is {sweep}; give one size of the problem with a list of values, such as length = [10, 20]"
        )
    ((size, steps),) = sweep.items()
    if not steps:
        raise OptionError(f"sweep.{size} has no values; give at least one")
    networks = values.get("networks", {})
    return rest | {
        "networks": {
            f"{name}_{step}": network | {"problem": network.get("problem", {}) | {size: step}}
            for name, network in networks.items()
            for step in steps
        },
        "bars": [one for bar in values.get("bars", []) for one in _bars(bar, set(networks), steps)],
    }


def _bars(bar: dict[str, Any], names: set[str], steps: list[Any]) -> list[dict[str, Any]]:
    swept = [part for part in ("network", "of") if bar.get(part) in names]
    if not swept:
        return [bar]
    return [bar | {part: f"{bar[part]}_{step}" for part in swept} for step in steps]
