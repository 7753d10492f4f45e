#!/bin/sh
# Makes docs/terminal.svg of a real run against the sandbox, by Python's rich.
set -eu
cd "$(dirname "$0")/.."
[ -x .venv/bin/python ] || python3 -m venv .venv
.venv/bin/pip install --quiet 'rich==14.1.0'
mkdir -p .bin
CLICOLOR_FORCE=1 ./rtcbench livekit -n 600 -c 20 >.bin/terminal.txt
.venv/bin/python - <<'PY'
import pathlib
from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text
console = Console(record=True, width=82, file=open("/dev/null", "w"), force_terminal=True)
console.print(Text("$ go run . livekit -n 600 -c 20", style="bold green"))
console.print(Text.from_ansi(pathlib.Path(".bin/terminal.txt").read_text()))
svg = console.export_svg(title="rtcbench", theme=MONOKAI, font_aspect_ratio=0.61)
# Nothing is fetched when the picture is looked at: the fonts are the reader's.
import re
svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.S).replace("Fira Code, monospace", "ui-monospace, Menlo, Consolas, DejaVu Sans Mono, monospace").replace("Fira Code", "DejaVu Sans Mono")
pathlib.Path("docs/terminal.svg").write_text(svg)
PY
