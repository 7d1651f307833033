#!/usr/bin/env -S python3 -B
"""Draws the tables of the measurements as small SVG bar charts.

    bench/plot.py             draws docs/plots/*.svg from the tables of docs/benchmarks.md
    bench/plot.py --check     fails where one of them is not what the tables say

A measurement draws its own table with `--plot FILE` (`recorded` below). Which
table it is, and which of its columns are compared, its first row tells.
The same figures give the same bytes; both colour schemes are in the file.
"""

import argparse
import contextlib
import io
import math
import os
import re
import sys
from dataclasses import dataclass
from html import escape

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PAGE = os.path.join(ROOT, "docs", "benchmarks.md")
FOLDER = os.path.join(ROOT, "docs", "plots")

# Pixels.
WIDTH, LABELS, VALUES = 760, 310, 84
BAR, GAP, ROW_GAP, TOP, BOTTOM = 12, 2, 9, 58, 12


@dataclass
class Plot:
    """A table that begins with `first`; each of `columns` is a header's start and the bar's name."""
    name: str
    first: str
    title: str
    columns: list
    logarithmic: bool = False
    # Of several numbers in a cell.
    which: int = 0


PLOTS = [
    Plot("messages", "Load", "CPU-seconds of the broker per million messages (less is better)",
         [("madang CPU-s per million", "madang"), ("mosquitto CPU-s per million", "mosquitto")]),
    Plot("fan-out", "To 1,000 subscribers", "CPU-seconds of the broker per million deliveries (less is better)",
         [("madang CPU-s per million deliveries", "madang"), ("mosquitto", "mosquitto")]),
    Plot("idle", "Idle connections", "KiB of the server's memory for an idle connection (less is better)",
         [("KiB each", "")]),
    Plot("storm", "Storm", "Seconds until all 15,000 devices are served (less is better)",
         [("seconds until half / 99 % / all", "")], which=-1),
    Plot("store", "Query of", "Milliseconds of a query, logarithmic (less is better)",
         [("through HTTP, p50", "madang, through HTTP"), ("DuckDB on our files", "DuckDB, on the same files")],
         logarithmic=True),
]

STYLE = """\
  text { font: 12px system-ui, "Segoe UI", sans-serif; fill: #14202a; }
  .title { font-size: 13px; font-weight: 600; }
  .value { font-size: 11px; fill: #51616e; }
  .a { fill: #0f6fb8; } .b { fill: #c8501a; }
  .axis { stroke: #a9b5bf; }
  @media (prefers-color-scheme: dark) {
    text { fill: #dbe4ea; } .value { fill: #93a4b1; }
    .a { fill: #56b4e9; } .b { fill: #f0803c; } .axis { stroke: #42535f; }
  }
"""


def cells(line):
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def tables(text):
    """Header and rows of each table of a page."""
    found, lines = [], text.splitlines()
    for at, line in enumerate(lines[:-1]):
        if line.startswith("|") and re.fullmatch(r"\|(\s*:?-+:?\s*\|)+", lines[at + 1].strip()):
            rows = []
            for row in lines[at + 2:]:
                if not row.startswith("|"):
                    break
                rows.append(cells(row))
            found.append((cells(line), rows))
    return found


def number(cell, which):
    found = re.findall(r"\d[\d,]*(?:\.\d+)?", cell)
    return float(found[which].replace(",", "")) if found else None


def plot_of(header):
    return next((plot for plot in PLOTS if header[0].startswith(plot.first)), None)


def column(header, start):
    return next(at for at, name in enumerate(header) if name.startswith(start))


def draw(plot, header, rows):
    """The SVG of one table."""
    places = [(column(header, start), name) for start, name in plot.columns]
    groups = []
    for row in rows:
        bars = [(number(row[at], plot.which), side) for side, (at, _) in zip("ab", places)]
        if len(places) == 1:
            # Two sides in one column: the name says whose the row is.
            bars = [(bars[0][0], "b" if row[0].startswith("mosquitto") else "a")]
        if all(value is not None for value, _ in bars):
            groups.append((row[0], bars))
    values = [value for _, bars in groups for value, _ in bars]
    room = WIDTH - LABELS - VALUES
    if plot.logarithmic:
        low = 10 ** math.floor(math.log10(min(values)))
        span = math.log10(max(values) / low)
        length = lambda value: room * math.log10(value / low) / span
    else:
        length = lambda value: room * value / max(values)
    return svg(plot, places, groups, length)


def svg(plot, places, groups, length):
    out, y = [], TOP
    for label, bars in groups:
        height = len(bars) * BAR + (len(bars) - 1) * GAP
        out.append(f'<text x="{LABELS - 10}" y="{y + height / 2 + 4:.1f}" text-anchor="end">{escape(label)}</text>')
        for value, side in bars:
            width = max(1.0, length(value))
            out.append(f'<rect class="{side}" x="{LABELS}" y="{y}" width="{width:.1f}" height="{BAR}" rx="1"/>')
            out.append(f'<text class="value" x="{LABELS + width + 5:.1f}" y="{y + BAR - 2}">{shown(value)}</text>')
            y += BAR + GAP
        y += ROW_GAP - GAP
    height = y + BOTTOM - ROW_GAP
    names = [name for _, name in places] if len(places) > 1 else ["madang", "mosquitto"]
    sides = {side for _, bars in groups for _, side in bars}
    legend, x = [], LABELS
    for side, name in zip("ab", names):
        if side not in sides:
            continue
        legend.append(f'<rect class="{side}" x="{x}" y="34" width="{BAR}" height="{BAR}" rx="1"/>'
                      f'<text x="{x + BAR + 5}" y="44">{escape(name)}</text>')
        x += BAR + 30 + 7 * len(name)
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'role="img" aria-label="{escape(plot.title)}">',
        f"<style>\n{STYLE}</style>",
        f'<text class="title" x="10" y="20">{escape(plot.title)}</text>',
        *legend,
        f'<line class="axis" x1="{LABELS}" x2="{LABELS}" y1="{TOP - 4}" y2="{height - BOTTOM + 4}"/>',
        *out,
        "</svg>",
        "",
    ])


def shown(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:,.1f}" if value >= 10 else f"{value:,.2f}"


def of_page(text):
    """Name and SVG of each table that is drawn; the first of its kind counts."""
    drawn = {}
    for header, rows in tables(text):
        plot = plot_of(header)
        if plot and plot.name not in drawn:
            drawn[plot.name] = draw(plot, header, rows)
    return drawn


def add_argument(parser):
    parser.add_argument("--plot", metavar="FILE", help="draw the table as SVG; of several, FILE-NAME.svg each")


@contextlib.contextmanager
def recorded(path):
    """What is printed meanwhile is drawn into `path` at the end, where there is one."""
    if path is None:
        yield
        return
    printed, terminal = io.StringIO(), sys.stdout

    class Both:
        @staticmethod
        def write(text):
            printed.write(text)
            return terminal.write(text)

        @staticmethod
        def flush():
            terminal.flush()

    with contextlib.redirect_stdout(Both):
        yield
    drawn = of_page(printed.getvalue())
    if not drawn:
        sys.exit("no table to draw")
    for name, text in drawn.items():
        stem, end = os.path.splitext(path)
        with open(path if len(drawn) == 1 else f"{stem}-{name}{end}", "w", encoding="utf-8") as file:
            file.write(text)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true", help="draw nothing, compare")
    options = parser.parse_args()
    with open(PAGE, encoding="utf-8") as file:
        page = file.read()
    drawn = of_page(page)
    lacking = [plot.name for plot in PLOTS if plot.name not in drawn]
    lacking += [name for name in drawn if f"plots/{name}.svg" not in page]
    if lacking:
        sys.exit(f"docs/benchmarks.md has no table, or no picture, for {', '.join(lacking)}")
    os.makedirs(FOLDER, exist_ok=True)
    for name, text in drawn.items():
        path = os.path.join(FOLDER, f"{name}.svg")
        if not options.check:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            continue
        try:
            with open(path, encoding="utf-8") as file:
                same = file.read() == text
        except FileNotFoundError:
            same = False
        if not same:
            sys.exit(f"docs/plots/{name}.svg is not what docs/benchmarks.md says: run bench/plot.py")


if __name__ == "__main__":
    main()
