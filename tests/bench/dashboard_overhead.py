#!/usr/bin/env python3
"""What the dashboard costs: the same warm restore with it and with --headless, in turn.

    dashboard_overhead.py PROGRAM PROJECT [RUNS]

PROJECT has a package.json, a pnpm-lock.yaml and a pnpm-workspace.yaml with its storeDir, which must be warm. Each run
gets a fresh folder beside PROJECT; nothing is deleted between runs, since deleting slows the runs after it. Two times
are told: the run's own wall time, and the process from its start to its exit (with the dashboard, a key is pressed as
soon as the last frame asks for one).
"""
import fcntl, os, pty, re, shutil, statistics, struct, subprocess, sys, termios, time
from pathlib import Path

program, project = sys.argv[1], Path(sys.argv[2]).resolve()
runs = int(sys.argv[3]) if len(sys.argv) > 3 else 6
UNITS = {"ms": 1.0, "s": 1000.0}


def fresh(label):
    folder = project.parent / f"{project.name}-overhead-{os.getpid()}-{label}"
    folder.mkdir()
    for name in ("package.json", "pnpm-lock.yaml", "pnpm-workspace.yaml", ".npmrc"):
        if (project / name).exists():
            shutil.copy(project / name, folder)
    return folder


def own_wall(text):
    number, unit = re.findall(r"Done in ([\d.]+) (ms|s)", text)[-1]
    return float(number) * UNITS[unit]


def headless(folder):
    begin = time.perf_counter()
    child = subprocess.Popen([program, "install", "--frozen-lockfile", "--headless"], cwd=folder, stdout=subprocess.PIPE,
                             start_new_session=True)
    text = child.stdout.read().decode()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = status
    return own_wall(text), (time.perf_counter() - begin) * 1000, (usage.ru_utime + usage.ru_stime) * 1000


def dashboard(folder):
    begin = time.perf_counter()
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        os.environ |= {"TERM": "xterm-256color", "LANG": "C.UTF-8"}
        os.environ.pop("CI", None)
        os.execv(program, [program, "install", "--frozen-lockfile"])
    text, pressed = b"", False
    while True:
        try:
            text += os.read(terminal, 65536)
        except OSError:
            break
        if not pressed and b"leaves" in text:
            os.write(terminal, b"q")
            pressed = True
    _, _, usage = os.wait4(pid, 0)
    os.close(terminal)
    return own_wall(text.decode()), (time.perf_counter() - begin) * 1000, (usage.ru_utime + usage.ru_stime) * 1000


results = {"headless": [], "dashboard": []}
for number in range(runs + 1):
    order = [("headless", headless), ("dashboard", dashboard)]
    for name, run in order if number % 2 == 0 else reversed(order):
        result = run(fresh(f"{name}-{number}"))
        if number > 0:  # The first of each warms up.
            results[name].append(result)
medians = {name: [statistics.median(column) for column in zip(*rows)] for name, rows in results.items()}
print(f"{'':10}{'own wall':>12}{'process':>12}{'CPU':>12}   medians of {runs}, ms")
for name, row in medians.items():
    print(f"{name:10}" + "".join(f"{value:12.1f}" for value in row))
print(f"{'ratio':10}" + "".join(f"{d / h:12.3f}" for h, d in zip(medians["headless"], medians["dashboard"])))
for name, rows in results.items():
    print(name, " ".join(f"{row[0]:.0f}" for row in rows))
