"""The cost of writing to connections from another thread: handles beside an array behind a mutex."""

import json
import statistics
import subprocess

from servers import Missing

MESSAGES = 1_000_000
LABELS = {"gnet": "ConnectionHandle", "mutex": "array behind a mutex, without bound"}
UNITS = ("rate", "processorTime", "wakeUps", "sends")


def run(bench, scenario):
    """One row for each way, and the reasons why some have none."""
    try:
        program = bench.place.built("handles", "it was not built: see the messages above")
    except Missing as reason:
        return {}, {key: str(reason) for key in LABELS}
    found = {key: [] for key in LABELS}
    for number in range(bench.rounds):
        bench.say(f"{scenario.title}: round {number + 1} of {bench.rounds}")
        for way, figures in found.items():
            command = [program, way, "--messages", str(MESSAGES), "--connections", str(scenario.connections)]
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
            if done.returncode != 0:
                return {}, {way: done.stderr.strip().split("\n")[-1]}
            figures.append(json.loads(done.stdout))
    return {key: {unit: _spread([figure[unit] for figure in figures]) for unit in UNITS}
            for key, figures in found.items()}, {}  # fmt: skip


def _spread(figures):
    return {"median": statistics.median(figures), "min": min(figures), "max": max(figures)}
