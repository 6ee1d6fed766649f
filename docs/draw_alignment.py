"""Draws docs/alignment-*.svg, the pictures of docs/alignment.md: run python docs/draw_alignment.py.

Every number in them is computed by the library.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from numpy.typing import NDArray

from trimodal.align.gaps import fill
from trimodal.align.pooling import pool
from trimodal.align.timelines import grid_intervals, row_intervals, segment_intervals, window_intervals
from trimodal.recipe.pools import Functionals, Inside, Intersect, Linear, Nearest, Pchip, Pool
from trimodal.track import Field, Track
from trimodal.windows import Tail, Windows

SOUND, FACE, WORD, MADE, PLAIN = "#4477aa", "#ee7733", "#228833", "#aa3377", "#bbbbbb"
WORDS = {"so": (0.25, 0.42), "how": (0.5, 0.78), "are": (0.78, 0.95), "you": (0.95, 1.4)}
SEGMENT = (0.2, 1.5)
MEAN = Functionals(statistics=("mean",))


def main() -> None:
    """Draw all pictures."""
    mpl.rcParams.update(
        {
            "svg.fonttype": "none",
            "svg.hashsalt": "trimodal",
            "font.family": "sans-serif",
            "font.size": 9,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.spines.left": False,
        }
    )
    draw("clock", one_clock, 2.3)
    draw("timelines", timelines, 3.4)
    draw("word", one_word, 2.4)
    draw("gaps", gaps, 3.0)
    draw("windows", window_tails, 3.2)
    draw("curves", curves, 2.8)


def draw(name: str, paint: Callable[[Axes], None], height_inches: float) -> None:
    """Draw a picture and save it."""
    figure, axes = plt.subplots(figsize=(7.2, height_inches), layout="constrained")
    axes.tick_params(left=False)
    axes.set_xlabel("seconds on the recording's clock")
    paint(axes)
    figure.savefig(Path(__file__).with_name(f"alignment-{name}.svg"), metadata={"Date": None})
    plt.close(figure)


def one_clock(axes: Axes) -> None:
    """Show rows of three tracks and a segment, each with its own times."""
    lanes = ["segment", "words", "face", "sound"]
    label_lanes(axes, lanes)
    boxes(axes, 3, np.array([SEGMENT]), PLAIN, ["one sample"])
    boxes(axes, 2, np.array(list(WORDS.values())), WORD, list(WORDS))
    boxes(axes, 1, face().times, FACE)
    boxes(axes, 0, sound().times, SOUND)
    axes.annotate("no face: no row", (0.74, 1), ha="center", va="center", fontsize=8)


def timelines(axes: Axes) -> None:
    """Show the intervals of one segment on every timeline."""
    words = track(np.array(list(WORDS.values())), np.zeros(len(WORDS)))
    segment = np.array([SEGMENT])
    windows = Windows(length_seconds=0.5, hop_seconds=0.25)
    lanes = {
        "words": row_intervals(words, segment).times,
        "frames of face": row_intervals(face(), segment).times,
        "grid of 0.2 s": grid_intervals(segment, 0.2).times,
        "windows of 0.5 s every 0.25 s": window_intervals(segment, windows).times,
        "segment": segment_intervals(segment).times,
    }
    label_lanes(axes, list(lanes))
    for lane, times in enumerate(reversed(lanes.values())):
        if "windows" in list(lanes)[len(lanes) - 1 - lane]:
            stairs(axes, lane, times, MADE)
        else:
            boxes(axes, lane, times, MADE, list(WORDS) if lane == len(lanes) - 1 else ())
    for edge in SEGMENT:
        axes.axvline(edge, color=PLAIN, linewidth=1, linestyle="--", zorder=0)


def one_word(axes: Axes) -> None:
    """Show what three rules make of the rows around one word."""
    times = np.array([(0.0, 0.1), (0.1, 0.2), (0.2, 0.3), (0.3, 0.4)])
    rows, word = track(times, np.array([10.0, 20, 60, 30])), np.array([(0.09, 0.23)])
    rules: dict[str, Pool] = {"mean": MEAN, "intersect": Intersect(), "inside": Inside()}
    counts = {
        "mean": "0.01 s of 10, 0.10 s of 20, 0.03 s of 60",
        "intersect": "10, 20 and 60 alike",
        "inside": "20 and 60, which start in it",
    }
    label_lanes(axes, ["rows", "word", *rules])
    boxes(axes, 4, times, SOUND, ["10", "20", "60", "30"])
    boxes(axes, 3, word, WORD, ["how"])
    for lane, (name, rule) in zip((2, 1, 0), rules.items(), strict=True):
        value = float(pool(rows, word, rule).values[0])
        axes.text(0.09, lane, f"{value:.1f}", va="center", weight="bold", color=MADE)
        axes.text(0.13, lane, counts[name], va="center")
    for edge in word[0]:
        axes.axvline(edge, 0.58, 1, color=WORD, linewidth=1, linestyle="--", zorder=0)


def gaps(axes: Axes) -> None:
    """Show mask, coverage and the three fillings of a grid over a track with holes."""
    times = np.array([(0.0, 0.4), (0.4, 0.7), (1.6, 2.0), (2.0, 2.2)])
    rows = track(times, np.array([2.0, 2, 8, 8]))
    grid = grid_intervals(np.array([(-0.4, 2.4)]), 0.4)
    found = pool(rows, grid.times, MEAN)
    lanes = ["rows", "mask", "coverage", "gaps: zero", "gaps: hold", "gaps: interpolate"]
    label_lanes(axes, lanes)
    boxes(axes, 5, times, FACE, ["2", "2", "8", "8"])
    boxes(axes, 4, grid.times, PLAIN, ["yes" if one else "no" for one in found.observed])
    boxes(axes, 3, grid.times, PLAIN, [f"{one:.2f}".rstrip("0").rstrip(".") for one in found.coverage])
    for lane, policy in zip((2, 1, 0), ("zero", "hold", "interpolate"), strict=True):
        filled = fill(found.values, found.observed, grid.times, grid.offsets, policy)  # type: ignore[arg-type]
        boxes(axes, lane, grid.times[found.observed], MADE, [f"{one:g}" for one in filled[found.observed]])
        missing = ~found.observed
        boxes(axes, lane, grid.times[missing], "white", [f"{one:g}" for one in filled[missing]], edge=MADE)


def window_tails(axes: Axes) -> None:
    """Show the windows of a segment of nine seconds by every tail rule."""
    tails: tuple[Tail, ...] = ("drop", "anchor", "pad", "partial")
    label_lanes(axes, ["segment", *tails])
    boxes(axes, 4, np.array([(0.0, 9.0)]), PLAIN)
    for lane, tail in zip((3, 2, 1, 0), tails, strict=True):
        windows = Windows(length_seconds=4, hop_seconds=2, tail=tail)
        stairs(axes, lane, windows.times(0, 9), MADE, SOUND if tail != "drop" else MADE)
    axes.axvline(9, color=PLAIN, linewidth=1, linestyle="--", zorder=0)


def curves(axes: Axes) -> None:
    """Show what three rules read off between rows, and that a hole is not bridged."""
    starts = np.array([0.0, 0.2, 0.4, 0.6, 1.6, 1.8, 2.0])
    values = np.array([1.0, 1.2, 4.0, 4.2, 2.0, 2.0, 0.5])
    rows = track(np.stack([starts, starts + 0.2], axis=1), values)
    moments = np.linspace(-0.1, 2.3, 1201)
    rules: tuple[tuple[str, Pool, str, str], ...] = (
        ("nearest, within 0.3 s", Nearest(tolerance_seconds=0.3), SOUND, ":"),
        ("linear", Linear(max_gap_seconds=0.5), FACE, "-"),
        ("pchip", Pchip(max_gap_seconds=0.5), MADE, "--"),
    )
    for name, rule, colour, style in rules:
        found = pool(rows, np.stack([moments, moments], axis=1), rule)
        read = np.where(found.observed, found.values, np.nan)
        axes.plot(moments, read, color=colour, linestyle=style, label=name, linewidth=1.4)
    axes.plot(rows.times.mean(axis=1), values, "o", color="black", markersize=4, label="middles of rows")
    axes.set_yticks([])
    axes.legend(frameon=False, fontsize=8)


def sound() -> Track:
    """Return rows of 100 ms, one after the other."""
    starts = np.arange(17) * 0.1
    return track(np.stack([starts, starts + 0.1], axis=1), np.arange(17.0))


def face() -> Track:
    """Return rows of 120 ms that begin late and have a hole."""
    starts = 0.06 + 0.12 * np.array([0, 1, 2, 3, 7, 8, 9, 10, 11])
    return track(np.stack([starts, starts + 0.12], axis=1), np.arange(9.0))


def track(times: NDArray[np.float64], values: NDArray[np.float64]) -> Track:
    """Return a feature of one number a row."""
    return Track(schema={"values": Field()}, times=times, fields={"values": values.astype(np.float32)})


def label_lanes(axes: Axes, names: Sequence[str]) -> None:
    """Name the lanes from top to bottom."""
    axes.set_yticks(range(len(names)), list(reversed(names)))
    axes.set_ylim(-0.6, len(names) - 0.4)


def boxes(
    axes: Axes, lane: float, times: NDArray[np.float64], colour: str, texts: Sequence[str] = (), edge: str = "white"
) -> None:
    """Draw intervals that do not overlap, with a text in each."""
    axes.barh([lane] * len(times), np.diff(times)[:, 0], 0.7, times[:, 0], color=colour, edgecolor=edge, linewidth=1)
    for (start, end), text in zip(times, texts, strict=False):
        colour_of_text = "black" if colour in ("white", PLAIN) else "white"
        axes.text((start + end) / 2, lane, text, ha="center", va="center", color=colour_of_text, fontsize=8)


def stairs(axes: Axes, lane: float, times: NDArray[np.float64], colour: str, last: str | None = None) -> None:
    """Draw intervals that overlap below each other, the last one in a colour of its own."""
    step = 0.8 / len(times)
    colours = [colour] * (len(times) - 1) + [last or colour]
    heights = lane + 0.4 - step * (np.arange(len(times)) + 0.5)
    axes.barh(heights, np.diff(times)[:, 0], step * 0.8, times[:, 0], color=colours)


if __name__ == "__main__":
    main()
