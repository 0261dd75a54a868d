"""Programs of this repository that run beside a check, and clients that give servers work."""

import pathlib
import random
import re
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Program:
    """A program started with tools/run, ended with the `with` block."""

    def __init__(self, *arguments):
        self.output = tempfile.TemporaryFile(mode="w+")
        self.process = subprocess.Popen(
            [ROOT / "tools/run", *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=self.output,
            stderr=subprocess.STDOUT)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def port(self):
        """The port that the program says it listens on."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            self.output.seek(0)
            if found := re.search(r"^listening on \w+://127\.0\.0\.1:(\d+)", self.output.read(), re.M):
                return int(found[1])
            time.sleep(0.05)
        self.output.seek(0)
        raise RuntimeError(f"{self.process.args} does not listen: {self.output.read()}")

    def signal(self, number):
        self.process.send_signal(number)

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            self.process.wait()


def build(*products):
    """Builds programs that are not built, before the time of a check counts."""
    for product in products:
        subprocess.run([ROOT / "tools/run", product, "--help"], check=True, stdout=subprocess.DEVNULL)


def make_certificate(folder):
    """The arguments of a server with a certificate for this machine, which is made in a folder."""
    subprocess.run([ROOT / "tools/certificate", folder], check=True, stderr=subprocess.DEVNULL)
    return ["--tls-certificate", f"{folder}/certificate.pem", "--tls-key", f"{folder}/key.pem"]


class Load:
    """Clients of an echo server and of a server of HTTP over TLS: several connections each, some of which come and go. A client
    of the latter does not speak TLS."""

    def __init__(self, echo_port, https_port, certificate):
        self.is_ended = threading.Event()
        self.tls = ssl.create_default_context(cafile=certificate)
        work = [(self._echo, echo_port)] * 4 + [(self._request, https_port)] * 3 + [(self._mistake, https_port)]
        self.threads = [threading.Thread(target=self._repeat, args=part, daemon=True) for part in work]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.is_ended.set()
        for thread in self.threads:
            thread.join()

    def _repeat(self, exchange, port):
        """Opens a connection after the other, also while the server has gone."""
        while not self.is_ended.is_set():
            try:
                with self._connect(exchange, port) as client:
                    for _ in range(random.randrange(20, 60)):
                        exchange(client)
                        if self.is_ended.wait(random.uniform(0.005, 0.03)):
                            return
            except OSError:
                self.is_ended.wait(0.1)

    def _connect(self, exchange, port):
        client = socket.create_connection(("127.0.0.1", port), timeout=1)
        if exchange != self._request:
            return client
        with client:
            return self.tls.wrap_socket(client, server_hostname="localhost")

    @staticmethod
    def _mistake(client):
        client.sendall(b"GET /plaintext HTTP/1.1\r\nHost: localhost\r\n\r\n")
        while client.recv(65536):
            pass
        raise OSError("the server has refused the connection")

    @staticmethod
    def _echo(client):
        length = random.choice([16, 64, 200, 1000, 4000, 20000])
        client.sendall(b"x" * length)
        while length > 0:
            data = client.recv(length)
            if not data:
                raise OSError("the server has closed the connection")
            length -= len(data)

    @staticmethod
    def _request(client):
        client.sendall(b"GET /plaintext HTTP/1.1\r\nHost: localhost\r\n\r\n")
        if not client.recv(65536):
            raise OSError("the server has closed the connection")
