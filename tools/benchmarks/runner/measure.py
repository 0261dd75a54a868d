"""Runs a scenario: all servers in turn, in several rounds."""

import json
import subprocess

import kernel
from servers import Missing
from tracing import NotCounted, difference, system_calls


class Failed(Exception):
    """A measurement failed; the text says why."""


class Starved(Exception):
    """Nothing was answered in a whole round: others had the processors."""


class Bench:
    """How long, how often and where."""

    def __init__(self, place, rounds, seconds, say):
        self.place, self.rounds, self.seconds, self.say = place, rounds, seconds, say
        self.load_program = place.built("gnet-load", "gnet-load was not built")
        processors = sorted(kernel.os.sched_getaffinity(0))
        self.server_processor, self.load_processor = processors[-1], processors[0]
        self.can_pin = len(processors) > 1

    def pin(self, processor, scenario):
        """A command that keeps what follows on one processor; two loops need all."""
        return ["taskset", "-c", str(processor)] if self.can_pin and scenario.loops == 1 else []

    def start(self, server, scenario):
        pins = (self.pin(processor, scenario) for processor in (self.server_processor, self.load_processor))
        return server.start(self.place, scenario, *pins)

    def load(self, scenario, running, *more):
        """One run of gnet-load: what it reports."""
        command = [*self.pin(self.load_processor, scenario), self.load_program, scenario.target(running)]
        command += [*scenario.arguments, "--server", str(running.pid), *more]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode != 0:
            raise Failed(done.stderr.strip() or f"gnet-load ended with {done.returncode}")
        return json.loads(done.stdout)

    def run(self, scenario):
        """All rounds of a scenario: for each server its runs; the reasons why some have none; the system calls of a
        request by name; and the share of the machine that others used meanwhile."""
        runs, skipped = {server.key: [] for server in scenario.servers}, {}
        calls = {}
        others = kernel.Others()
        for number in range(self.rounds):
            for server in scenario.servers:
                if server.key in skipped:
                    continue
                self.say(f"{scenario.title}: round {number + 1} of {self.rounds}, {server.label}")
                try:
                    runs[server.key].append(self._round(scenario, server))
                except Starved:
                    self.say("nothing was answered: the round does not count")
                except (Missing, Failed) as reason:
                    skipped[server.key] = str(reason)
        for server in scenario.servers:
            if server.key not in skipped and not runs[server.key]:
                skipped[server.key] = "nothing was answered in any round: the machine is too busy"
        share = others.share()
        for server in scenario.servers:
            if server.key not in skipped and server.key != "control":
                self.say(f"{scenario.title}: system calls, {server.label}")
                calls[server.key] = self._system_calls(scenario, server)
        return runs, skipped, calls, share

    def _round(self, scenario, server):
        with self.start(server, scenario) as running:
            report = self.load(scenario, running, "--duration", str(self.seconds), "--warm-up", "0.3")
            report["resident"], report["residentPeak"] = kernel.memory(running.pid)
        if report["requests"] == 0:
            raise Starved
        return report

    def _system_calls(self, scenario, server):
        """System calls per request by name: the difference of two counted runs, so that connecting does not count."""
        few = 4 * scenario.connections * scenario.pipeline
        few = max(few, 500)
        try:
            first, second = (self._count_calls(scenario, server, requests) for requests in (few, 3 * few))
        except (Missing, Failed, NotCounted) as reason:
            self.say(f"system calls of {server.label} were not counted: {reason}")
            return None
        return difference(first, second, 2 * few)

    def _count_calls(self, scenario, server, requests):
        with self.start(server, scenario) as running:
            return system_calls(running.pid, lambda: self.load(scenario, running, "--requests", str(requests)))
