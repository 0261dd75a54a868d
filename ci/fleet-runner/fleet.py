"""Replaces servers under load: see ci/fleet."""
import argparse
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

PATIENCE = 30


def wait_until(what, condition):
    deadline = time.monotonic() + PATIENCE
    while not (result := condition()):
        if time.monotonic() > deadline:
            raise SystemExit(f"fleet: timed out waiting until {what}")
        time.sleep(0.01)
    return result


def is_running(process):
    """Whether a process has not ended; nobody may have collected it."""
    try:
        with open(f"/proc/{process}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


class Instance:
    """An instance of the http example, whatever process it is. It keeps its port."""

    def __init__(self, program, folder, name, *options):
        self.program, self.name, self.options = program, name, options
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.manager.settimeout(PATIENCE)
        self.path = f"{folder}/{name}.notify"
        self.manager.bind(self.path)
        self.log = open(f"{folder}/{name}.log", "w+")
        self.port, self.child = 0, None
        self.start()

    def start(self):
        self.child = subprocess.Popen(
            [self.program, f"tcp://127.0.0.1:{self.port}", "--loops", "2", "--drain-timeout", "10", *self.options],
            stdout=self.log, stderr=self.log, env={**os.environ, "NOTIFY_SOCKET": self.path})
        self.process = self.child.pid
        assert self.message() == ["READY=1"]
        if self.port == 0:
            line = wait_until("an instance listens", self.first_line)
            self.port = int(line.rpartition(":")[2])

    def first_line(self):
        with open(self.log.name) as file:
            line = file.readline()
        return line if line.endswith("\n") else None

    def message(self):
        return self.manager.recv(4096).decode().split("\n")

    def hand_over(self):
        old = self.process
        os.kill(old, signal.SIGUSR2)
        assert self.message()[0] == "RELOADING=1"
        ready, main = self.message()
        assert ready == "READY=1"
        self.process = int(main.removeprefix("MAINPID="))
        assert self.process != old
        self.await_end(old)

    def stop(self):
        os.kill(self.process, signal.SIGTERM)
        assert self.message() == ["STOPPING=1"]
        self.await_end(self.process)

    def kill(self):
        os.kill(self.process, signal.SIGKILL)
        self.await_end(self.process)

    def await_end(self, process):
        wait_until(f"{self.name} has ended", lambda: not is_running(process))
        if self.child.poll() is not None and process == self.child.pid:
            assert self.child.returncode in (0, -signal.SIGKILL), self.child.returncode

    def end(self):
        if is_running(self.process):
            os.kill(self.process, signal.SIGKILL)
        self.child.poll()


class Load:
    """wrk, until it is stopped, and a client that connects for each request."""

    def __init__(self, port, connections):
        self.port = port
        self.wrk = subprocess.Popen(
            ["wrk", "-t1", f"-c{connections}", "-d3600s", "--timeout", "10s", f"http://127.0.0.1:{port}/plaintext"],
            stdout=subprocess.PIPE, text=True)
        self.is_over, self.asked, self.lost = threading.Event(), 0, []
        self.thread = threading.Thread(target=self.ask)
        self.thread.start()

    def ask(self):
        request = b"GET /plaintext HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        while not self.is_over.is_set():
            self.asked += 1
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=10) as client:
                    client.sendall(request)
                    answer = b""
                    while piece := client.recv(4096):
                        answer += piece
                if not answer.startswith(b"HTTP/1.1 200 ") or not answer.endswith(b"Hello, World!"):
                    self.lost.append(repr(answer[:80]))
            except OSError as error:
                self.lost.append(str(error))
            time.sleep(0.001)

    def stop(self):
        """Ends the load. Returns the numbers of requests that were answered and that were lost."""
        self.is_over.set()
        self.thread.join()
        self.wrk.send_signal(signal.SIGINT)
        text = self.wrk.communicate()[0]
        answered = int(re.search(r"(\d+) requests in", text)[1])
        found = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
        refused = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
        errors = sum(map(int, found.groups())) if found else 0
        lost = errors + (int(refused[1]) if refused else 0) + len(self.lost)
        if lost:
            print(text, *self.lost[:5], sep="\n", file=sys.stderr)
        assert answered > 0 and self.asked > 0
        return answered + self.asked - len(self.lost), lost

    def end(self):
        self.is_over.set()
        if self.wrk.poll() is None:
            self.wrk.kill()


class Balancer:
    """HAProxy in front of the instances."""

    def __init__(self, configuration, folder, instances):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.admin = f"{folder}/admin.sock"
        variables = {f"WEB{number + 1}": f"127.0.0.1:{one.port}" for number, one in enumerate(instances)}
        self.process = subprocess.Popen(
            ["haproxy", "-f", configuration, "-db"], stdout=subprocess.DEVNULL, stderr=open(f"{folder}/haproxy.log", "w"),
            env={**os.environ, **variables, "BIND": f"127.0.0.1:{self.port}", "ADMIN": self.admin,
                 "PATH": os.environ["PATH"] + ":/usr/sbin"})
        self.await_all()

    def states(self):
        """The statistics of each server, by its name."""
        with socket.socket(socket.AF_UNIX) as client:
            try:
                client.connect(self.admin)
            except OSError:
                return {}
            client.sendall(b"show stat\n")
            with client.makefile() as file:
                lines = file.read().lstrip("# ").splitlines()
        rows = [dict(zip(lines[0].split(","), line.split(","))) for line in lines[1:] if line]
        return {row["svname"]: row for row in rows if row["pxname"] == "fleet" and row["svname"] != "BACKEND"}

    def await_all(self):
        wait_until("HAProxy has all servers", lambda: self.states() and all(
            row["status"].startswith("UP") for row in self.states().values()))

    def end(self):
        self.process.terminate()
        self.process.wait()


def measure(what, load, body):
    """Runs `body` under a load. Returns the number of requests that were lost."""
    try:
        time.sleep(0.5)
        begin = time.monotonic()
        body()
        seconds = time.monotonic() - begin
        time.sleep(0.5)
        answered, lost = load.stop()
    finally:
        load.end()
    print(f"fleet: {what}: {answered} requests answered, {lost} lost, {seconds:.1f} s")
    return lost


def main():
    parser = argparse.ArgumentParser(usage="ci/fleet [--hand-overs N]")
    parser.add_argument("program")
    parser.add_argument("configuration")
    parser.add_argument("--hand-overs", type=int, default=50)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        started = []

        def instance(name, *options):
            started.append(Instance(arguments.program, folder, name, *options))
            return started[-1]

        try:
            fleet = [instance(f"web{number}", "--proxy-protocol", "required") for number in (1, 2, 3)]
            balancer = Balancer(arguments.configuration, folder, fleet)
            started.append(balancer)

            def hand_over_all():
                for one in fleet:
                    one.hand_over()

            def restart_all():
                for one in fleet:
                    one.stop()
                    one.start()
                    balancer.await_all()

            def kill_one():
                fleet[1].kill()
                wait_until("HAProxy has noticed", lambda: not balancer.states()["web2"]["status"].startswith("UP"))
                fleet[1].start()
                balancer.await_all()

            lost = measure("three hand-overs behind HAProxy", Load(balancer.port, 32), hand_over_all)
            lost += measure("three stops and starts behind HAProxy", Load(balancer.port, 32), restart_all)
            of_killed = measure("one killed behind HAProxy", Load(balancer.port, 32), kill_one)
            row = balancer.states()["web2"]
            print(f"fleet: of the killed one: {row['wretr']} requests repeated, {row['wredis']} sent elsewhere, {of_killed} lost")
            # A connection has one request at a time: no more than those of HAProxy to the one that is killed.
            if of_killed > 33:
                lost += of_killed

            alone = instance("alone")

            def hand_over_often():
                for _ in range(arguments.hand_overs):
                    alone.hand_over()

            lost += measure(f"{arguments.hand_overs} hand-overs without HAProxy", Load(alone.port, 32), hand_over_often)
        finally:
            for one in reversed(started):
                one.end()
    if lost:
        raise SystemExit(f"fleet: {lost} requests were lost")
    print("fleet: no request was lost")


main()
