"""The servers of the comparison: the command that starts each server, and the reason if a server is skipped."""

import os
import pathlib
import select
import shutil
import socket
import subprocess
import tempfile
import threading
import time

HELLO = "Hello, World!"


class Missing(Exception):
    """A server cannot take part; the text says why."""


class Place:
    """Where things are: programs that tools/bench has built, and a folder for sockets and configuration."""

    def __init__(self, programs, scratch):
        self.programs = pathlib.Path(programs)
        self.scratch = pathlib.Path(scratch)
        self.scratch.mkdir(parents=True, exist_ok=True)

    def built(self, name, hint):
        path = self.programs / name
        if not os.access(path, os.X_OK):
            raise Missing(hint)
        return str(path)

    @staticmethod
    def installed(name):
        path = shutil.which(name, path=os.environ.get("PATH", "") + os.pathsep + "/usr/sbin")
        if path is None:
            raise Missing(f"{name} is not installed")
        return path


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Running:
    """A server that has been started. `pid` is the process that does the work, `address` what gnet-load connects to."""

    scraper = None
    backend = None

    def __init__(self, command, address, pid_of=None, before=()):
        self.name = pathlib.Path(command[0]).name
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [*before, *command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.errors
        )
        self.address = address
        try:
            if address is None:
                self.address = self._announced()
            else:
                self._wait_for_port()
            self.pid = pid_of(self.process.pid) if pid_of else self.process.pid
        except BaseException:
            self.stop()
            raise

    def _announced(self):
        """What follows `listening on` in the first line of its output."""
        deadline, text = time.monotonic() + 20, b""
        while b"\n" not in text:
            ready, _, _ = select.select([self.process.stdout], [], [], max(0, deadline - time.monotonic()))
            more = os.read(self.process.stdout.fileno(), 4096) if ready else b""
            if not more:
                raise Missing(self._complaint("did not say where it listens"))
            text += more
        return text.split(b"\n")[0].decode().removeprefix("listening on ")

    def _wait_for_port(self):
        host, port = self.address.rsplit(":", 1)
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection((host, int(port)), timeout=1).close()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise Missing(self._complaint(f"does not listen on {self.address}")) from None
                time.sleep(0.02)

    def _complaint(self, what):
        """What is wrong, and the last that the program itself said."""
        self.errors.seek(0)
        said = self.errors.read().decode(errors="replace").strip().split("\n")[-1]
        return f"{self.name} {what}" + (f": {said}" if said else "")

    def stop(self):
        """Ends it and takes its processor time into the account of this process's children."""
        try:
            if self.scraper:
                self.scraper.stop()
        finally:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process.stdout.close()
            self.errors.close()
            if self.backend:
                self.backend.stop()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Scraper:
    """Reads a metrics socket every tenth of a second until it is stopped."""

    INTERVAL = 0.1

    def __init__(self, path):
        self.path, self.failure, self.is_over = path, None, threading.Event()
        self.thread = threading.Thread(target=self._read_often, daemon=True)
        self.thread.start()

    def _read_often(self):
        due = time.monotonic()
        try:
            while not self.is_over.wait(max(0, due - time.monotonic())):
                due += self.INTERVAL
                with socket.socket(socket.AF_UNIX) as client:
                    client.settimeout(10)
                    client.connect(self.path)
                    if not b"".join(iter(lambda: client.recv(65536), b"")):
                        raise OSError("nothing came")
        except OSError as reason:
            self.failure = reason

    def stop(self):
        self.is_over.set()
        self.thread.join()
        if self.failure:
            raise Missing(f"its metrics could not be read: {self.failure}")


def only_child(pid):
    """The worker of a master process, once it is there."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        if children:
            return int(children[0])
        time.sleep(0.02)
    raise Missing("the worker process has not started")


def listening(kind, place, key):
    """The address to listen on, as our servers and the peers in C and on SwiftNIO take it."""
    if kind == "unix":
        return f"unix://{place.scratch}/{key}.sock"
    return "127.0.0.1:0"


class Server:
    """One row of a table."""

    def __init__(self, key, label, start):
        self.key, self.label, self._start = key, label, start

    def start(self, place, scenario, before=(), _beside=()):
        """Starts it for a scenario, behind a command such as taskset, and what it needs behind another. Raises
        `Missing`."""
        return self._start(place, scenario, before)


def gnet(place, scenario, before, *more, prefix="gnet"):
    example = {"http": "http", "redis": "redis"}.get(scenario.work, "echo")
    program = place.built(f"{prefix}-{example}", f"there is no example '{example}' to be built")
    kind = scenario.transport
    address = listening(kind, place, "gnet")
    command = [program, f"udp://{address}" if kind == "udp" else address, "--loops", str(scenario.loops), *more]
    running = Running(command, None, before=before)
    running.address = running.address.removeprefix("udp://").removeprefix("tcp://")
    return running


def gnet_before(place, scenario, before):
    return gnet(place, scenario, before, prefix="before")


def exporting(place, scenario, before):
    return gnet(place, scenario, before, "--metrics", f"{place.scratch}/metrics.sock")


def scraped(place, scenario, before):
    running = exporting(place, scenario, before)
    running.scraper = Scraper(f"{place.scratch}/metrics.sock")
    return running


def service(kind):
    def start(place, scenario, before):
        program = place.built("services", "it was not built: see the messages above")
        running = Running([program, kind, listening(scenario.transport, place, kind)], None, before=before)
        running.address = running.address.removeprefix("tcp://")
        return running

    return start


def mode_of(scenario):
    """The mode of the peers that are a program for everything."""
    if scenario.transport == "udp":
        return "udp"
    return {"http": "http", "post": "http", "websocket": "websocket"}.get(scenario.protocol, "echo")


def bare(place, scenario, before):
    program = place.built("bare", "peers/bare.c was not built: is there a C compiler?")
    mode = mode_of(scenario)
    threads = [str(scenario.loops)] if scenario.loops > 1 else []
    return Running([program, mode, listening(scenario.transport, place, "bare"), *threads], None, before=before)


def small_peer(name, package):
    def start(place, scenario, before):
        if scenario.loops > 1:
            raise Missing("it has one loop")
        program = place.built(name, f"it was not built: {package} is missing")
        mode = "udp" if scenario.transport == "udp" else "echo"
        return Running([program, mode, listening(scenario.transport, place, name)], None, before=before)

    return start


def nio(place, scenario, before):
    program = place.built("nio-peer", "it was not built: see the messages above")
    mode = mode_of(scenario)
    address = listening(scenario.transport, place, "nio")
    return Running([program, mode, address, str(scenario.loops)], None, before=before)


def run_nginx(place, before, name, port, configuration):
    """Starts nginx with one worker in a folder of this name, to which paths in the configuration are relative."""
    program, folder = place.installed("nginx"), place.scratch / name
    folder.mkdir(exist_ok=True)
    path = folder / "nginx.conf"
    path.write_text(f"daemon off;\nworker_processes 1;\npid nginx.pid;\nerror_log error.log;\n{configuration}")
    command = [program, "-p", str(folder), "-e", "error.log", "-c", str(path)]
    return Running(command, f"127.0.0.1:{port}", pid_of=only_child, before=before)


def nginx(place, _scenario, before):
    port = free_port()
    configuration = f"""
events {{ worker_connections 16384; }}
http {{
  access_log off;
  keepalive_requests 1000000000;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  server {{
    listen 127.0.0.1:{port} backlog=1024;
    location = /plaintext {{ default_type text/plain; return 200 "{HELLO}"; }}
  }}
}}
"""
    return run_nginx(place, before, "nginx", port, configuration)


def haproxy(place, _scenario, before):
    program, port = place.installed("haproxy"), free_port()
    configuration = place.scratch / "haproxy.cfg"
    configuration.write_text(f"""
global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout client 60s
  timeout connect 5s
  timeout server 60s
frontend hello
  bind 127.0.0.1:{port}
  http-request return status 200 content-type text/plain string "{HELLO}" if {{ path /plaintext }}
  http-request return status 404
""")
    return Running([program, "-db", "-f", str(configuration)], f"127.0.0.1:{port}", before=before)


def redis_server(place, _scenario, before):
    program, port = place.installed("redis-server"), free_port()
    command = [program, "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no"]
    command += ["--io-threads", "1", "--maxclients", "16000", "--dir", str(place.scratch)]
    return Running(command, f"127.0.0.1:{port}", before=before)


BARE = Server("bare", "bare C loop", bare)
GNET = Server("gnet", "Gnet", gnet)
GNET_BEFORE = Server("before", "Gnet, before", gnet_before)
GNET_BEFORE_CONTROL = Server("control", "Gnet, before, again", gnet_before)
EXPORTING = Server("exporting", "Gnet with metrics", exporting)
SCRAPED = Server("scraped", "Gnet with metrics, read every 0.1 s", scraped)
EVENTS = Server("events", "Gnet, callbacks", service("events"))
TYPED = Server("typed", "Gnet, typed handlers", service("typed"))
TIMED = Server("timed", "Gnet, a time-out moved with every request", service("timed"))
ASYNC = Server("async", "Gnet, a task per connection", service("async"))
EVENTS_CONTROL = Server("control", "Gnet, callbacks, again", service("events"))
HTTP_HANDLERS = Server("gnet", "Gnet", service("http"))
HTTP_TASKS = Server("async", "Gnet, a task per request", service("http-async"))
NIO = Server("nio", "SwiftNIO", nio)
LIBUV = Server("libuv", "libuv", small_peer("libuv-echo", "libuv1-dev"))
LIBEVENT = Server("libevent", "libevent", small_peer("libevent-echo", "libevent-dev"))
NGINX = Server("nginx", "nginx", nginx)
HAPROXY = Server("haproxy", "HAProxy", haproxy)
REDIS = Server("redis-server", "redis-server", redis_server)
# The bare loop once more: whatever the two rows differ by is noise.
CONTROL = Server("control", "bare C loop, again", bare)
GNET_CONTROL = Server("control", "Gnet, again", gnet)
REDIS_CONTROL = Server("control", "redis-server, again", redis_server)
