"""The counting part of ci/budget. ci/budget builds the programs first.

Every figure is the difference between a longer and a shorter run, divided by the difference in requests. Server and load
share one processor, and the server has batch scheduling: it starts when all requests of a round have arrived, so it does
the same work in each round.
"""

import argparse
import math
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from encrypted import BARE_TLS, GNET_TLS
from proxies import BARE_PROXY, GNET_PROXY
from scenarios import Scenario
from servers import (
    ASYNC, BARE, EVENTS, EXPORTING, GNET, HTTP_HANDLERS, HTTP_TASKS, TIMED, TYPED, Missing, Place,
)  # fmt: skip
from tracing import NotCounted, difference, instructions, system_calls

FEW = 2000
MANY = 6000
# A busy machine can only add to a count: it may tear a round in two. So the least of a few counts is the cost.
ATTEMPTS = 3
KINDS = ("system-calls", "allocations", "instructions")


def case(work, name, *load, connections=1, transport="tcp", server=GNET):
    # Connections that are made anew for each request come as they come.
    order = () if "--reconnect" in load else ("--lockstep",)
    return Scenario(work, name, name, (*order, *load), (server,), connections, transport=transport)


# Bodies that arrive with their heads: how often a longer one is received depends on the kernel.
POST = ("--protocol", "post", "--path", "/count", "--size", "16384")
WEBSOCKET = ("--protocol", "websocket", "--path", "/ws")

CASES = (
    case("echo", "echo-1"),
    case("echo", "echo-10", connections=10),
    case("echo", "echo-16k-10", "--size", "16384", connections=10),
    case("metrics", "echo-metrics-1", server=EXPORTING),
    case("metrics", "echo-metrics-10", connections=10, server=EXPORTING),
    case("services", "events-10", connections=10, server=EVENTS),
    case("services", "typed-10", connections=10, server=TYPED),
    case("services", "timed-10", connections=10, server=TIMED),
    case("services", "async-10", connections=10, server=ASYNC),
    case("tls", "tls-10", connections=10, transport="tls", server=GNET_TLS),
    case("tls", "tls-16k-10", "--size", "16384", connections=10, transport="tls", server=GNET_TLS),
    case("http", "http-10", "--protocol", "http", connections=10),
    case("http", "http-async-10", "--protocol", "http", connections=10, server=HTTP_TASKS),
    case("http", "http-post-10", *POST, connections=10, server=HTTP_HANDLERS),
    case("http", "http-post-async-10", *POST, connections=10, server=HTTP_TASKS),
    case("http", "websocket-10", *WEBSOCKET, connections=10),
    case("http", "websocket-16k-10", *WEBSOCKET, "--size", "16384", connections=10),
    case("redis", "redis-get-10", "--protocol", "redis-get", connections=10),
    case("redis", "redis-set-10", "--protocol", "redis-set", connections=10),
    case("udp", "udp-10", connections=10, transport="udp"),
    case("proxy", "proxy-10", connections=10, server=GNET_PROXY),
    case("proxy", "proxy-connect-10", "--reconnect", connections=10, server=GNET_PROXY),
)


class Counter:
    """Counts for our servers, or for the bare loop; each kind of count is a method of its name."""

    def __init__(self, place, folder, preload, is_bare):
        self.place, self.folder, self.preload, self.is_bare = place, pathlib.Path(folder), preload, is_bare
        self.load_program = place.built("gnet-load", "gnet-load was not built")
        self.pin = ["taskset", "-c", str(max(os.sched_getaffinity(0)))]

    def _run(self, scenario, requests, before=(), around=lambda _pid, action: action()):
        """Starts the server behind a command, has it answer so many requests, and ends it."""
        server = scenario.servers[0]
        if self.is_bare:
            server = {"proxy": BARE_PROXY, "tls": BARE_TLS}.get(scenario.work, BARE)
        batch = [*self.pin, "chrt", "--batch", "0"]
        with server.start(self.place, scenario, [*batch, *before], batch) as running:
            command = [*self.pin, self.load_program, scenario.target(running), *scenario.arguments, "--requests", str(requests)]

            def load():
                done = subprocess.run(
                    [*command, "--patience", "60"], stdin=subprocess.DEVNULL, capture_output=True, text=True
                )
                if done.returncode != 0:
                    raise NotCounted(done.stderr.strip())

            return around(running.pid, load)

    def system_calls(self, scenario):
        few, many = (self._run(scenario, requests, around=system_calls) for requests in (FEW, MANY))
        each = difference(few, many, MANY - FEW)
        return sum(each.values()), each

    def allocations(self, scenario):
        def count(requests):
            output = self.folder / "allocations"
            output.unlink(missing_ok=True)
            self._run(scenario, requests, ["env", f"LD_PRELOAD={self.preload}", f"ALLOCATIONS_FILE={output}"])
            if not output.exists():
                raise NotCounted("the server did not end by itself")
            return int(output.read_text())

        few, many = count(FEW), count(MANY)
        return max(0, many - few) / (MANY - FEW), {}

    def instructions(self, scenario):
        def count(requests):
            output = self.folder / f"callgrind.{scenario.name}.{requests}"
            tool = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={output}"]
            self._run(scenario, requests, ["env", "SWIFT_DETERMINISTIC_HASHING=1", *tool])
            return instructions(output)

        (few, few_by_name), (many, many_by_name) = count(FEW), count(MANY)
        return (many - few) / (MANY - FEW), difference(few_by_name, many_by_name, MANY - FEW)


def stripped(programs, folder):
    """Copies of the programs without debugging information, which valgrind may not understand; their folder."""
    copies = pathlib.Path(folder) / "bin"
    copies.mkdir()
    for program in pathlib.Path(programs).iterdir():
        if not program.exists():
            continue
        copy = copies / program.name
        shutil.copy(program.resolve(), copy)
        if program.name.startswith("gnet-") or program.name == "services":
            subprocess.run(["strip", "--strip-debug", str(copy)], check=True)
    return copies


def read_limits(path):
    """`CASE WHAT LIMIT` a line; text after # says something to the reader."""
    limits = {}
    for number, line in enumerate(pathlib.Path(path).read_text().splitlines(), 1):
        words = line.split("#")[0].split()
        if not words:
            continue
        if len(words) != 3 or not re.fullmatch(r"\d+(\.\d+)?", words[2]):
            sys.exit(f"budget: {path}:{number}: CASE WHAT LIMIT is expected")
        limits[words[0], words[1]] = float(words[2])
    known = {(case.name, kind) for case in CASES for kind in KINDS}
    for name, what in limits.keys() - known:
        sys.exit(f"budget: {path}: there is no {what} of {name}")
    return limits


def show(figures, most=25):
    """The greatest of some figures, with the names of functions as a Swift programmer knows them."""
    names = list(figures)[:most]
    command = ["swift", "demangle", "--simplified"]
    done = subprocess.run(command, input="\n".join(names), capture_output=True, text=True)
    readable = dict(zip(names, done.stdout.splitlines()))
    for name in names:
        print(f"    {figures[name]:10.2f}  {readable.get(name, name)[:140]}")


def check(counter, scenario, what, limit, options):
    """Counts, and prints a line; whether the limit is kept."""
    label = f"  {scenario.name:18} {what:13}"
    measured, details, is_kept = math.inf, {}, False
    for _ in range(ATTEMPTS):
        try:
            figure = getattr(counter, what.replace("-", "_"))(scenario)
        except (NotCounted, Missing) as reason:
            print(f"{label} FAILED: {reason}", flush=True)
            return False
        measured, details = min((measured, details), figure, key=lambda pair: pair[0])
        # The last digit of a count is what opening and ending leave behind.
        is_kept = options.bare or measured <= limit + 0.005
        if is_kept:
            break
    verdict = "" if options.bare else f", at most {limit:g}" + ("" if is_kept else ": BROKEN")
    print(f"{label} {measured:10.2f} a request{verdict}", flush=True)
    if options.details or not is_kept:
        show(details)
    return is_kept


def main():
    parser = argparse.ArgumentParser(prog="ci/budget", add_help=False)
    parser.add_argument("--programs", required=True)
    parser.add_argument("--preload", required=True)
    parser.add_argument("--limits", required=True)
    parser.add_argument("--only", default="")
    parser.add_argument("--details", action="store_true")
    parser.add_argument("--bare", action="store_true")
    parser.add_argument("--without", action="append", default=[])
    options = parser.parse_args()
    cases = {case.name: case for case in CASES}
    kept = []
    with tempfile.TemporaryDirectory() as folder:
        place = Place(stripped(options.programs, folder), pathlib.Path(folder) / "run")
        counter = Counter(place, folder, options.preload, options.bare)
        for (name, what), limit in read_limits(options.limits).items():
            scenario = cases[name]
            if options.only not in name or what in options.without or (options.bare and scenario.work in ("redis", "metrics", "services")):
                continue
            kept.append(check(counter, scenario, what, limit, options))
    print(f"budget: {len(kept)} figures, {kept.count(False)} broken")
    return 0 if kept and all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
