"""A run: point after point, every peer checked and then timed beside ours, a row each."""

import gc
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from benchmarks.kernels.budget import Budget
from benchmarks.kernels.cells import GEMM_BAR, LENGTHS_BAR
from benchmarks.kernels.choosing import FarBehind, best_peer
from benchmarks.kernels.grid import GRIDS, What
from benchmarks.kernels.matrix_product import products, rate
from benchmarks.kernels.options import Options
from benchmarks.kernels.ours import Ours
from benchmarks.kernels.parity import ParityError, check_parity
from benchmarks.kernels.peers import Peers, find
from benchmarks.kernels.timing import OURS, Times, in_turn, pilot
from benchmarks.kernels.ways import Result, Unavailable, Way
from benchmarks.kernels.work import CORES, Work
from throughtime.core.fused import instruction_set

FULL_LENGTH = "ours_full_length"
"""Our way again without `lengths`, where there are any."""


def run(options: Options) -> Iterator[dict[str, object]]:
    """Yield a row for each point and kind of work."""
    points = GRIDS[options.grid](options.cells)
    budget = Budget(options.budget_s, [(point, what) for point in points for what in options.what])
    peers, gemm, far_behind = find(options.peers), products(), FarBehind()
    about = {"run": datetime.now(UTC).isoformat(timespec="seconds"), "grid": options.grid}
    for point in points:
        work = Work.of(point)
        for what in options.what:
            ends = time.perf_counter() + budget.next()
            yield about | Measurement(work, what, peers, far_behind).row(gemm, ends)
            gc.collect()


def reached(row: Mapping[str, Any]) -> bool:
    """Tell whether a row reaches the bars that a single point has.

    No peer is faster; training steps of a layer at H >= 128 and B >= 32 have their share of the rate of a
    matrix product; and the cost of lengths follows the real steps.
    """
    large = row["hidden_size"] >= 128 and row["batch"] >= 32
    counts = large and row["what"] == "train" and row["wiring"] == "one"
    return (
        row["ratio"] is not None
        and row["ratio"] >= 1
        and (not counts or row["share_of_gemm"] >= GEMM_BAR)
        and row.get("lengths_ratio", 0) <= LENGTHS_BAR
    )


@dataclass
class Measurement:
    """One point and kind of work, and what becomes of each peer there."""

    work: Work
    what: What
    peers: Peers
    far_behind: FarBehind
    ways: dict[str, Way] = field(default_factory=dict)
    pilots: dict[str, float] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    differs: bool = False

    def row(self, gemm: Mapping[str, Callable[[], object]], ends: float) -> dict[str, object]:
        """Check, time and judge."""
        self._prepare()
        times, of_products = in_turn(self.ways, self.pilots, gemm, limit_s=ends - time.perf_counter())
        ratios = {
            name: times[name].ratio_to(times[OURS]) for name in times if name not in (OURS, FULL_LENGTH)
        }
        for name, (_, ratio, _) in ratios.items():
            if self.work.point.wiring == "one":
                self.far_behind.saw(name, self.work.point, self.what, ratio)
        best = best_peer({name: ratio for name, (_, ratio, _) in ratios.items()})
        multiply_adds = self.work.point.multiply_adds(
            len(self.work.row.gates),
            self.what,
            None if self.work.lengths is None else int(self.work.lengths.sum()),
        )
        row: dict[str, object] = self.work.point.as_json() | {
            "what": self.what,
            "ways": {name: self._figures(name, times[name], ratios.get(name)) for name in times},
            "best_peer": best[0] if best else None,
            "ratio": _short(best[1]) if best else None,
            "gemm_gmacs": _short(rate(of_products) / 1e9),
            "share_of_gemm": _short(multiply_adds / times[OURS].median / rate(of_products)),
            "skipped": self.peers.missing | self.skipped,
            "threads": CORES,
            "instruction_set": instruction_set(),
            "peer_versions": self.peers.versions,
        }
        if FULL_LENGTH in times:
            row["lengths_ratio"] = _short(times[OURS].ratio_to(times[FULL_LENGTH])[1])
        return row | {"reached": not self.differs and reached(row)}

    def _prepare(self) -> None:
        ours = Ours(self.work, self.what, lengths=self.work.lengths)
        self._admit(OURS, ours.way, _timed(ours.way.run)[0])
        if self.work.lengths is not None:
            full = Ours(self.work, self.what, lengths=None).way
            self._admit(FULL_LENGTH, full, _timed(full.run)[0])
        references: dict[tuple[str, ...], Result] = {}
        for module, peer in self.peers.present.items():
            if reason := peer.refusal(self.work, self.what):
                self.skipped[module] = reason
                continue
            for name, build in peer.builders(self.work, self.what).items():
                if reason := self.far_behind.verdict(name, self.work.point, self.what):
                    self.skipped[name] = reason
                    continue
                # A peer that breaks must not end a run of many minutes; the row and the screen say so.
                try:
                    way = build()
                    if way.without not in references:
                        references[way.without] = ours.result(way.without)
                    way.before()
                    first_s, came_out = _timed(way.run)
                    check_parity(references[way.without], way.read(came_out))
                    self._admit(name, way, first_s)
                except ParityError as error:
                    self.differs = True
                    self._refuse(name, f"differs: {error}")
                except Unavailable as error:
                    self._refuse(name, str(error))
                except Exception as error:
                    self._refuse(name, f"failed: {type(error).__name__}: {str(error)[:200]}")

    def _admit(self, name: str, way: Way, first_s: float) -> None:
        seconds = pilot(way, first_s)
        if way.rival_of in self.pilots and seconds >= self.pilots[way.rival_of]:
            self.skipped[name] = f"slower than {way.rival_of} in the first runs"
            return
        self.ways[name], self.pilots[name] = way, seconds

    def _refuse(self, name: str, reason: str) -> None:
        self.skipped[name] = reason
        print(f"{self.work.point} {self.what}: {name} {reason}", file=sys.stderr)

    def _figures(
        self, name: str, times: Times, ratio: tuple[float, float, float] | None
    ) -> dict[str, object]:
        figures: dict[str, object] = {
            "ms": _short(1e3 * times.median),
            "quartiles_ms": [_short(1e3 * seconds) for seconds in times.quartiles],
            "rounds": len(times.measured),
            "runs_at_once": times.runs_at_once,
        }
        if ratio:
            figures["ratio"] = [_short(value) for value in ratio]
        if (compile_s := self.ways[name].compile_s) is not None:
            figures["compile_s"] = _short(compile_s)
        return figures


def _timed(run: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    came_out = run()
    return time.perf_counter() - started, came_out


def _short(value: float) -> float:
    return float(f"{value:.4g}")
