#!/usr/bin/env python3
"""Pictures of the dashboard: runs it in tmux, presses keys, and writes what is on screen as SVG (with rich, from PyPI).

    dashboard_pictures.py OUT.svg COLUMNSxROWS THEME SECONDS KEYS -- COMMAND...

SECONDS is when to look, counted from the first frame; KEYS are pressed one after the other before that (`-` for none,
`Enter` and the like by name, separated by commas). The program gets `--theme THEME`, and is interrupted afterwards.
"""
import re, subprocess, sys, time
from rich.ansi import AnsiDecoder
from rich.console import Console
from rich.terminal_theme import TerminalTheme

out, size, look, seconds, keys = sys.argv[1:6]
command = sys.argv[sys.argv.index("--") + 1 :]
columns, rows = size.split("x")
COLOURS = [(40, 44, 52), (224, 108, 117), (152, 195, 121), (229, 192, 123), (97, 175, 239), (198, 120, 221), (86, 182, 194), (171, 178, 191)]
DARK = TerminalTheme((40, 44, 52), (213, 216, 222), COLOURS, COLOURS)
LIGHT_COLOURS = [(56, 58, 66), (200, 40, 41), (60, 120, 40), (152, 104, 1), (30, 90, 200), (150, 30, 150), (0, 110, 130), (110, 112, 118)]
LIGHT = TerminalTheme((250, 250, 250), (40, 42, 48), LIGHT_COLOURS, LIGHT_COLOURS)

SOCKET = f"pictures-{time.time_ns()}"


def tmux(*words):
    return subprocess.run(["tmux", "-L", SOCKET, "-f", "/dev/null", *words], check=True, capture_output=True, text=True).stdout


line = " ".join(f"'{word}'" for word in [*command, "--theme", look])
tmux("new-session", "-d", "-x", columns, "-y", rows, "-s", "picture", f"COLORTERM=truecolor LANG=C.UTF-8 {line}; sleep 1000")
tmux("set-option", "-t", "picture", "status", "off")
tmux("resize-window", "-t", "picture", "-x", columns, "-y", rows)
try:
    while "pacwatch" not in tmux("capture-pane", "-p", "-t", "picture"):
        time.sleep(0.02)
    begin = time.monotonic()
    for key in [] if keys == "-" else keys.split(","):
        time.sleep(0.15)
        tmux("send-keys", "-t", "picture", key)
    time.sleep(max(0.4, float(seconds) - (time.monotonic() - begin)))
    screen = tmux("capture-pane", "-p", "-e", "-N", "-t", "picture")
finally:
    for wait in (0.3, 0.5):
        # A run that ended leaves with the first one, and takes tmux along with the second.
        subprocess.run(["tmux", "-L", SOCKET, "send-keys", "-t", "picture", "C-c"], check=False, capture_output=True)
        time.sleep(wait)
    subprocess.run(["tmux", "-L", SOCKET, "kill-server"], check=False, capture_output=True)

console = Console(record=True, width=int(columns), file=open("/dev/null", "w"), legacy_windows=False)
# One decoder for all rows: tmux tells a style only where it changes.
for row in AnsiDecoder().decode(screen.rstrip("\n")):
    console.print(row, soft_wrap=True, end="\n")
svg = console.export_svg(title="pacwatch install", theme=LIGHT if look == "light" else DARK)
# No font from elsewhere: whoever looks has one of these.
svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.S)
svg = svg.replace("font-family: Fira Code, monospace", "font-family: 'Fira Code', 'DejaVu Sans Mono', Menlo, Consolas, monospace")
with open(out, "w") as file:
    file.write(svg)
