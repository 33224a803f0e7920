"""Pictures: what is in them, and what they are saved as."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from throughtime.analysis.agreement import ALL, Agreement
from throughtime.analysis.figures import draw_flow
from throughtime.analysis.gradient_flow import GradientFlow
from throughtime.analysis.jacobians import StepJacobians
from throughtime.analysis.lyapunov import LyapunovSpectrum
from throughtime.analysis.pictures import save_figure
from throughtime.analysis.rule_comparison import RuleComparison, RuleMeasurement
from throughtime.analysis.rule_figures import draw_rules, number_in_words
from throughtime.core.errors import OptionError

LENGTHS = np.array([5, 3])
FLOW = GradientFlow(
    {"layers.0.hidden": np.where(np.arange(5)[:, None] < LENGTHS, 0.1 ** np.arange(5)[::-1, None], 0)},
    LENGTHS,
    1.0,
    2.0,
)
STEPS = StepJacobians(np.full((5, 2, 3), [2.0, 1.0, 0.0]), LENGTHS)
SPECTRUM = LyapunovSpectrum(np.array([0.1, -1.0, -np.inf]), np.zeros((2, 3)), 8)
EXACT = Agreement(0.0, 0.0, 0.0, 0.0, 0.0, 1)
ROW = RuleMeasurement("bptt", "exact", False, {ALL: EXACT, "w": EXACT}, 1e-5, 1000, 0)
NOISY = replace(ROW, name="noisy", kept="unbiased", agreements=dict.fromkeys((ALL, "w"), Agreement(9.0, 8.0, 3000.0, 80.0, 1.0, 32)))  # fmt: skip  # noqa: E501


def test_a_panel_for_each_network_and_each_measure() -> None:
    flows = {"gru": FLOW, "elman": FLOW}
    figure = draw_flow(flows, {"gru": STEPS}, {"gru": SPECTRUM}, clip_norm=1.0)
    titles = [axes.get_title() for axes in figure.axes]
    assert titles[:2] == ["gru", "elman"]
    assert titles[3] == "Lyapunov exponents"
    first = figure.axes[0]
    assert first.get_yscale() == "log"
    whole, clipped = first.lines[:2]
    np.testing.assert_allclose(whole.get_xdata(), np.arange(-4, 1))
    np.testing.assert_allclose(clipped.get_ydata(), 0.5 * whole.get_ydata())
    legend = [text.get_text() for text in first.get_legend().get_texts()]
    assert legend == ["layers.0.hidden", "dashed: clipped, all times 0.5"]
    assert "gru (1 at −∞)" in [text.get_text() for text in figure.axes[3].get_legend().get_texts()]


def test_a_bar_for_each_rule() -> None:
    figure = draw_rules(RuleComparison((ROW, NOISY), {}, (), 20, 1, 8))
    figure.draw_without_rendering()
    panels = figure.axes[:5]
    assert [label.get_text() for label in panels[0].get_yticklabels()] == ["bptt", "noisy"]
    assert [text.get_text().strip() for text in panels[0].texts] == ["0", "9 ± 8"]
    assert [bar.get_width() for bar in panels[1].patches] == [0, 3000]
    assert [text.get_text() for text in figure.axes[5].texts] == ["0.0", "80.0"]


@pytest.mark.parametrize(("suffix", "start"), [(".png", b"\x89PNG"), (".svg", b"<?xml"), (".pdf", b"%PDF")])
def test_the_ending_is_the_format(tmp_path: Path, suffix: str, start: bytes) -> None:
    save_figure(draw_flow({"": FLOW}), tmp_path / f"flow{suffix}")
    assert (tmp_path / f"flow{suffix}").read_bytes().startswith(start)


def test_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"to be saved as '.*flow\.gif'; end it in \.png, \.svg, \.pdf"):
        save_figure(draw_flow({"": FLOW}), tmp_path / "flow.gif")
    assert not list(tmp_path.iterdir())


def test_numbers_are_short() -> None:
    words = [number_in_words(value) for value in (0.0, 1.2345, 2983.4, 1e-7)]
    assert words == ["0", "1.23", "2,983", "1e-07"]
