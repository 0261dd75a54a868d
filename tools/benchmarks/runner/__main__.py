"""The measuring part of tools/bench. tools/bench builds the programs first."""

import argparse
import datetime
import json
import os
import pathlib
import resource
import sys
import time

import chart
import handles
import idle
import kernel
import report
import timers
from measure import Bench
from scenarios import HANDLES, IDLE, SCENARIOS, TIMERS, WORKS, beside_itself
from servers import Place
from summary import summarise


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def arguments():
    parser = argparse.ArgumentParser(prog="tools/bench", add_help=False)
    parser.add_argument("work", nargs="?", default="all", choices=[*WORKS, "all"])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--only", default="")
    parser.add_argument("--before", default="")
    parser.add_argument("--programs", required=True)
    parser.add_argument("--results", required=True)
    parser.add_argument("--version", action="append", default=[])
    options = parser.parse_args()
    options.rounds = options.rounds or (3 if options.quick else 7)
    options.seconds = options.seconds or (0.5 if options.quick else 2.0)
    if options.rounds < 1 or options.seconds <= 0:
        parser.error("at least one round of some time is needed")
    return options


def prepare():
    """As many open files as allowed, and, if allowed, before others."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        os.nice(-10)
    except OSError:
        pass


def measure(bench, scenario):
    """The text and the figures of one scenario, and its bars: a unit and rows for each group."""
    labels = {server.key: server.label for server in scenario.servers}
    if scenario.is_idle:
        rows, skipped = idle.run(bench, scenario)
        text = report.memory_report(scenario, rows, skipped)
        bars = [
            (labels[key], key == "gnet", (row["idle"] / 1024,), f"{row['idle'] / 1024:.2f} KiB")
            for key, row in rows.items()
        ]
        return text, {"rows": rows, "skipped": skipped}, [("memory", bars)]
    if scenario is HANDLES:
        rows, skipped = handles.run(bench, scenario)
        text = report.handles_report(scenario, rows, handles.LABELS, skipped)
        bars = [
            (handles.LABELS[key], key == "gnet", (row["rate"]["median"],), f"{report.number(row['rate']['median'])}/s")
            for key, row in rows.items()
        ]
        return text, {"rows": rows, "skipped": skipped}, [("rate", bars)]
    if scenario in TIMERS:
        return measure_timers(bench, scenario)
    runs, skipped, calls, share = bench.run(scenario)
    for key in skipped:
        runs.pop(key)
    calls["control"] = calls.get(scenario.reference)
    rows = {key: summarise(found, calls.get(key)) for key, found in runs.items()}
    text = report.scenario_report(scenario, rows, skipped, share)
    reference = rows.get(scenario.reference)
    bars = [
        (labels[key], key == "gnet", (row["user"], row["system"]),
         f"{report.number(row['undisturbed'])} ns, {report.ratio(row, reference)}x")
        for key, row in rows.items() if key != "control"
    ]  # fmt: skip
    return text, {"rows": rows, "skipped": skipped, "othersShare": share, "runs": runs}, [(f"CPU per {scenario.per}", bars)]


def measure_timers(bench, scenario):
    rows, skipped, precision = timers.run(bench, scenario)
    figures = {"rows": rows, "skipped": skipped, "precision": precision}

    def bars(unit, scale, text):
        # A bar that is longer than all others by far would leave nothing of them.
        return [
            (timers.LABELS[key], key == "gnet", (row[unit]["median"],), text.format(row[unit]["median"] / scale))
            for key, row in rows.items() if row[unit]["median"] < 100 * rows.get("gnet", row)[unit]["median"]
        ]  # fmt: skip

    if scenario.name == "timers-costs":
        text = report.timers_report(scenario, rows, timers.LABELS, skipped)
        names = {"set": "CPU to set one", "move": "CPU to move one, in order", "moveAtRandom": "CPU to move one at random"}
        return text, figures, [(name, bars(unit, 1, "{:.0f} ns")) for unit, name in names.items()]
    text = report.firing_report(scenario, rows, timers.LABELS, skipped, precision)
    return text, figures, [("lateness, 99.9th percentile", bars("p999", 1e6, "{:.2f} ms"))]


def main():
    options = arguments()
    prepare()
    results = pathlib.Path(options.results)
    results.mkdir(parents=True, exist_ok=True)
    bench = Bench(Place(options.programs, results.parent / "run"), options.rounds, options.seconds, say)
    if not bench.can_pin:
        say("there is one processor only: server and load share it")
    machine = kernel.describe_machine()
    versions = dict(version.split("=", 1) for version in options.version)
    about = (
        f"{machine['processor']}, {machine['processors']} processors, Linux {machine['kernel']}; "
        + ", ".join(f"{name} {version}" for name, version in versions.items())
        + f"; {datetime.date.today()}; {options.rounds} round{'s'[: options.rounds != 1]} of {options.seconds:g} s"
    )
    failed = False
    for work in WORKS if options.work == "all" else (options.work,):
        chosen = [
            s for s in (*SCENARIOS, *IDLE, HANDLES, *TIMERS)
            if s.work == work and options.only in s.name and (s.is_quick or not options.quick)
        ]  # fmt: skip
        if options.before:
            chosen = [scenario for scenario in map(beside_itself, chosen) if scenario]
        texts, figures, groups = [], {}, []
        for scenario in chosen:
            text, figures[scenario.name], bars = measure(bench, scenario)
            figures[scenario.name]["title"] = scenario.title
            failed = failed or "gnet" in figures[scenario.name]["skipped"] and "there is no" not in text
            texts.append(text)
            groups += [(f"{scenario.title}: {unit}", rows) for unit, rows in bars]
            print(text, end="\n\n", flush=True)
        if not chosen:
            continue
        command = f"tools/bench {work}{' --quick' if options.quick else ''}"
        command += f" --before {options.before[:10]}" if options.before else ""
        written = {
            "command": command, "time": time.time(), "machine": machine, "versions": versions,
            "rounds": options.rounds, "seconds": options.seconds, "scenarios": figures,
        }  # fmt: skip
        name = f"{work}-before" if options.before else work
        (results / f"{name}.json").write_text(json.dumps(written, indent=1) + "\n")
        (results / f"{name}.md").write_text("\n\n".join([*texts, f"`{command}`: {about}", ""]))
        note = "dark: user time, light: system time; undisturbed (10th percentile of slices of 0.1 s)"
        (results / f"{name}.svg").write_text(chart.chart(f"{command}: {note}", groups))
        say(f"{name}: JSON, Markdown and SVG are in {results}")
    print(about)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
