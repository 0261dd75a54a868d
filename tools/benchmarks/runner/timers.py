"""What timers cost, and how late they are: Gnet's beside a binary heap and SwiftNIO's scheduled tasks."""

import json
import subprocess

from servers import Missing
from summary import spread

TIMERS = 1_000_000
LONGEST_SECONDS = {"costs": 3600, "firing": 2, "precision": 3600}
LABELS = {"gnet": "Gnet's timers", "heap": "indexed binary heap", "nio": "SwiftNIO's tasks"}


def run(bench, scenario):
    """One row for each kind of timers, the reasons why some have none, and the precision without other work."""
    part = scenario.name.removeprefix("timers-")
    try:
        program = bench.place.built("timers", "it was not built: see the messages above")
    except Missing as reason:
        return {}, {key: str(reason) for key in LABELS}, None
    found, skipped = {key: [] for key in LABELS}, {}
    for number in range(bench.rounds):
        bench.say(f"{scenario.title}: round {number + 1} of {bench.rounds}")
        for kind in [key for key in LABELS if key not in skipped]:
            try:
                found[kind].append(_figures(program, kind, part))
            except RuntimeError as reason:
                skipped[kind] = str(reason)
    rows = {key: _row(figures) for key, figures in found.items() if key not in skipped}
    is_precise = part == "firing" and "gnet" in rows
    return rows, skipped, _figures(program, "gnet", "precision") if is_precise else None


def _figures(program, kind, part):
    command = [program, kind, part, str(TIMERS), str(LONGEST_SECONDS[part])]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        raise RuntimeError((done.stderr.strip() or f"it ended with {done.returncode}").split("\n")[-1])
    return json.loads(done.stdout)


def _row(figures):
    return {unit: spread([figure[unit] for figure in figures]) for unit in figures[0]}
