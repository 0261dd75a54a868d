"""Tests of the runner: python3 -m unittest, in this folder."""

import pathlib
import tempfile
import unittest
import xml.etree.ElementTree as xml
from unittest import mock

import budget
import chart
import encrypted
import proxies
import report
from scenarios import IDLE, SCENARIOS, TIMERS, WORKS, beside_itself
from servers import Missing, Place, Running, mode_of
from summary import percentile, spread, summarise
from tracing import difference


def run(per_slice, user=0.1, system=0.3, client=0.5, server=0.99):
    return {
        "requestsPerSecond": 1000.0,
        "lost": 0,
        "residentPeak": 2**20,
        "latency": {"p50": 1e3, "p99": 2e3, "p999": 3e3},
        "client": {"utilisation": client, "perRequest": 4000.0},
        "server": {"utilisation": server, "perRequest": 5000.0, "userSeconds": user, "systemSeconds": system},
        "slices": [{"seconds": 0.1, "requests": 100, "client": 1, "server": 100 * cost} for cost in per_slice],
    }


class Summary(unittest.TestCase):
    def test_a_percentile_lies_between_its_neighbours(self):
        self.assertEqual(percentile([3, 1, 2], 0.5), 2)
        self.assertEqual(percentile([10, 20], 0.1), 11)
        self.assertEqual(percentile([7], 0.1), 7)

    def test_disturbed_slices_do_not_count(self):
        row = summarise([run([5000] * 5 + [9000] * 15), run([5000] * 5 + [20000] * 15)], {"recvfrom": 1, "sendto": 1})
        self.assertEqual(row["undisturbed"], 5000)
        self.assertEqual((row["user"], row["system"], row["systemCalls"]), (1250, 3750, 2))

    def test_slices_without_requests_or_time_do_not_count(self):
        odd = run([5000])
        odd["slices"] += [{"seconds": 0.1, "requests": 0, "client": 1, "server": 5}]
        odd["slices"] += [{"seconds": 0.001, "requests": 1, "client": 1, "server": 5}]
        self.assertEqual(summarise([odd], None)["undisturbed"], 5000)

    def test_who_limits_a_run(self):
        limits = {(c, s): summarise([run([1], client=c, server=s)], None)["limit"] for c in (0.5, 1) for s in (0.5, 1)}
        self.assertEqual(limits, {(1, 0.5): "client", (0.5, 1): "server", (1, 1): "both", (0.5, 0.5): "neither"})

    def test_a_table_has_a_row_for_each_server_and_tells_the_control(self):
        scenario = SCENARIOS[0]
        rows = {server.key: summarise([run([5000])], None) for server in scenario.servers[:-1]}
        rows["control"] = summarise([run([5500])], None)
        text = report.scenario_report(scenario, rows, {"nio": "not built"}, 0.25)
        self.assertEqual(text.count("\n| "), len(rows) + 1)
        self.assertIn("against itself 1.100; differences this small mean nothing", text)
        self.assertIn("skipped: SwiftNIO: not built", text)


class Timers(unittest.TestCase):
    LABELS = {"gnet": "Ours", "other": "Theirs"}

    @staticmethod
    def row(**figures):
        return {unit: spread([figure]) for unit, figure in figures.items()}

    def test_costs_have_a_row_for_each_kind_with_its_ratio_and_its_sample(self):
        ours = self.row(set=50, move=40, moveAtRandom=80, drop=60, memory=32, sample=1000)
        theirs = self.row(set=100, move=20, moveAtRandom=80, drop=60, memory=64, sample=50)
        text = report.timers_report(TIMERS[0], {"gnet": ours, "other": theirs}, self.LABELS, {})
        self.assertIn("| 2.00 | 0.50 | 1.00 |", text)
        self.assertIn("Theirs: of all that were set, 50 were moved", text)
        self.assertNotIn("Ours: of all", text)

    def test_lateness_is_in_milliseconds_and_unknown_where_a_loop_does_not_tell(self):
        row = self.row(median=5e5, p999=1e6, max=2e6, earlyCount=0, excess=1e6)
        precision = {"earlyCount": 0, "max": 5e5, "share": 0.001, "wakeUps": 1234}
        text = report.firing_report(TIMERS[1], {"gnet": row}, self.LABELS, {"other": "not built"}, precision)
        self.assertIn("| Ours | 0.50 | 1.00 | 2.00 | 0 | 1.00 | - | - | - |", text)
        self.assertIn("skipped: Theirs: not built", text)
        self.assertIn("0 early, at most 0.50 ms late up to a second, and 0.1000% of their length", text)


class Counting(unittest.TestCase):
    def test_what_happens_once_is_not_in_the_difference(self):
        few, many = {"recvfrom": 100, "mmap": 7, "accept4": 1}, {"recvfrom": 300, "mmap": 7, "accept4": 1}
        self.assertEqual(difference(few, many, 200), {"recvfrom": 1})

    def test_limits_are_read_and_typing_errors_are_found(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "limits"
            path.write_text("# a comment\n\necho-1 system-calls 3  # why\n")
            self.assertEqual(budget.read_limits(path), {("echo-1", "system-calls"): 3})
            for wrong in ("echo-1 system-calls", "echo-1 system-calls many", "echo-1 system-call 3", "ech system-calls 3"):
                path.write_text(wrong)
                with self.assertRaises(SystemExit):
                    budget.read_limits(path)

    def test_the_limits_of_the_repository_are_well_formed(self):
        limits = budget.read_limits(pathlib.Path(__file__).parents[3] / "ci/budget.limits")
        self.assertEqual({name for name, _ in limits}, {case.name for case in budget.CASES})


class Proxies(unittest.TestCase):
    """With shell scripts in place of the backend, of a proxy and of nginx."""

    ANNOUNCE = "echo listening on 127.0.0.1:1; exec sleep 60"

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.place = Place(self.folder, self.folder / "run")
        self.scenario = next(s for s in SCENARIOS if s.work == "proxy")

    def program(self, name, script):
        path = self.folder / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return str(path)

    def test_the_backend_ends_with_the_proxy(self):
        self.program("bare", self.ANNOUNCE)
        self.program("bare-proxy", f'test "$2" = 127.0.0.1:1 || exit 1; {self.ANNOUNCE}')
        with proxies.BARE_PROXY.start(self.place, self.scenario) as running:
            self.assertIsNone(running.backend.process.poll())
        self.assertIsNotNone(running.backend.process.poll())

    def test_the_backend_ends_if_the_proxy_is_missing(self):
        self.program("bare", self.ANNOUNCE)
        started = []

        def backend(*_):
            started.append(Running([str(self.folder / "bare")], None))
            return started[0]

        with mock.patch.object(proxies, "bare", backend), self.assertRaisesRegex(Missing, "no example 'proxy'"):
            proxies.GNET_PROXY.start(self.place, self.scenario)
        self.assertIsNotNone(started[0].process.poll())

    def test_the_stream_module_of_nginx_is_built_in_or_loaded_or_missing(self):
        def nginx(arguments):
            return self.program("nginx", f"echo 'configure arguments: {arguments}' >&2")

        self.assertEqual(proxies.stream_module(nginx("--with-stream --with-threads")), "")
        dynamic = f"--modules-path={self.folder} --with-stream=dynamic --with-stream_ssl_module"
        with self.assertRaises(Missing):
            proxies.stream_module(nginx(dynamic))
        (self.folder / "ngx_stream_module.so").touch()
        self.assertEqual(proxies.stream_module(nginx(dynamic)), f"load_module {self.folder}/ngx_stream_module.so;")

    def test_an_idle_pair_has_two_descriptors_and_its_memory_is_given_for_the_pair(self):
        scenario = next(s for s in IDLE if s.work == "proxy")
        self.assertEqual(scenario.descriptors, 2 * scenario.connections)
        row = {"start": 2**20, "idle": 512, "used": 1024, "closed": 2**20, "idleProcessorTime": 0, "idleWakeUps": 0}
        text = report.memory_report(scenario, {"gnet": row}, {})
        self.assertIn("KiB/pair, idle", text)
        self.assertIn("| Gnet proxy | 1.00 | **0.50** | 1.00 |", text)

    def test_our_proxy_is_set_beside_itself(self):
        labels = [server.label for server in beside_itself(self.scenario).servers]
        self.assertEqual(labels, ["Gnet proxy, before", "Gnet proxy", "Gnet proxy, before, again"])


class Encrypted(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.place = Place(self.folder, self.folder / "run")

    def test_all_servers_of_a_run_have_the_same_certificate(self):
        identity = encrypted.Identity(self.place)
        text = pathlib.Path(identity.certificate).read_text()
        self.assertEqual(pathlib.Path(encrypted.Identity(self.place).certificate).read_text(), text)
        self.assertEqual(identity.both.read_text(), text + pathlib.Path(identity.key).read_text())

    def test_a_certificate_that_cannot_be_made_is_a_reason_to_skip(self):
        (self.place.scratch / "tls").mkdir()
        (self.place.scratch / "tls/key.pem").write_text("in the way")
        with self.assertRaisesRegex(Missing, "key.pem is there already"):
            encrypted.Identity(self.place)

    def test_the_load_speaks_tls_where_the_scenario_does(self):
        running = mock.Mock(address="127.0.0.1:1")
        addresses = {s.work: s.target(running) for s in SCENARIOS}
        self.assertEqual(
            (addresses["tls"], addresses["udp"], addresses["connect"]),
            ("tls://127.0.0.1:1", "udp://127.0.0.1:1", "127.0.0.1:1"),
        )

    def test_our_servers_are_set_beside_themselves(self):
        for scenario in (s for s in SCENARIOS if s.work == "tls"):
            keys = [server.key for server in beside_itself(scenario).servers]
            self.assertEqual(keys, ["before", "gnet", "control"])


class Scenarios(unittest.TestCase):
    def test_names_are_unique_and_every_work_has_a_quick_one(self):
        names = [scenario.name for scenario in (*SCENARIOS, *IDLE)]
        self.assertEqual(len(names), len(set(names)))
        self.assertEqual({s.work for s in SCENARIOS if s.is_quick}, set(WORKS) - {"memory", "handles", "timers"})

    def test_peers_for_everything_are_started_in_the_mode_that_the_load_asks_for(self):
        modes = {(s.work, s.protocol): mode_of(s) for s in SCENARIOS if s.work in ("echo", "http", "udp")}
        expected = {
            ("echo", "echo"): "echo", ("http", "http"): "http", ("http", "post"): "http",
            ("http", "websocket"): "websocket", ("udp", "echo"): "udp",
        }  # fmt: skip
        self.assertEqual(modes, expected)

    def test_what_no_example_can_do_is_not_set_beside_itself(self):
        left_out = {s.name for s in SCENARIOS if beside_itself(s) is None}
        self.assertEqual(left_out, {"http-async-c64", "http-post-1m-c4"})


class Chart(unittest.TestCase):
    def test_it_is_well_formed(self):
        text = chart.chart("a < b", [("one & two", [("x", True, (1, 2), "3"), ("y", False, (0,), "0")]), ("none", [])])
        self.assertEqual(len(list(xml.fromstring(text).iter("{http://www.w3.org/2000/svg}rect"))), 3)


if __name__ == "__main__":
    unittest.main()
