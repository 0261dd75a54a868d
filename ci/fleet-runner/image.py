"""Runs programs in the root of an image, and measures one: see ci/deploy."""
import os
import signal
import socket
import subprocess
import sys
import time

root = sys.argv[1]
ROUNDS = 20
# Of the echo example: bytes of the stripped executable, seconds to `listening on`, and bytes of memory of its own.
SIZE_LIMIT, TIME_LIMIT, MEMORY_LIMIT = 18_000_000, 0.010, 4 << 20
USER = 65532


def start(*arguments):
    """Starts a program in the root, as the image's user if this is root. Returns it, its port and the time that this took."""
    def enter():
        if os.geteuid() == 0:
            os.chroot(root)
            os.chdir("/")
            os.setgroups([])
            os.setgid(USER)
            os.setuid(USER)

    name = arguments[0] if os.geteuid() == 0 else root + arguments[0]
    reader, writer = os.pipe()
    begin = time.monotonic()
    program = subprocess.Popen([name, *arguments[1:]], stdout=writer, preexec_fn=enter, env={})
    os.close(writer)
    with os.fdopen(reader) as lines:
        line = lines.readline()
        seconds = time.monotonic() - begin
    assert line.startswith("listening on "), line
    return program, int(line.rpartition(":")[2]), seconds


def end(program):
    program.send_signal(signal.SIGTERM)
    assert program.wait(timeout=20) == 0


def memory(program):
    """The bytes of memory of its own, and the resident bytes, which the files that it runs count among."""
    with open(f"/proc/{program.pid}/status") as file:
        sizes = {name: rest.split()[0] for name, _, rest in (line.partition(":") for line in file) if rest.strip()}
    return int(sizes["RssAnon"]) << 10, int(sizes["VmRSS"]) << 10


program, port, _ = start("/bin/http", "tcp://127.0.0.1:0", "--metrics", "/run/http.metrics")
with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
    client.sendall(b"GET /plaintext HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert client.makefile("rb").read().endswith(b"Hello, World!")
if os.geteuid() == 0:
    # The health check of the image.
    check = ["chroot", f"--userspec={USER}:{USER}", root, "/bin/gnet-metrics", "scrape", "/run/http.metrics"]
    subprocess.run(check, check=True, stdout=subprocess.DEVNULL)
end(program)
count = sum(len(files) for _, _, files in os.walk(root))
print(f"deploy: Containerfile: the server runs in the image's root of {count} files", file=sys.stderr)

times = []
for _ in range(ROUNDS):
    program, port, seconds = start("/bin/echo", "tcp://127.0.0.1:0")
    times.append(seconds)
    private, resident = memory(program)
    end(program)
size = os.path.getsize(root + "/bin/echo")
# The shortest time: the others tell of what else the machine does.
seconds = min(times)
print(f"deploy: static echo: {size / 1e6:.1f} MB, {seconds * 1000:.1f} ms from the start to `listening on`, "
      f"{private / 2**20:.1f} MiB of memory, {resident / 2**20:.1f} MiB with the pages of files", file=sys.stderr)
if size > SIZE_LIMIT or seconds > TIME_LIMIT or private > MEMORY_LIMIT:
    raise SystemExit("deploy: the static echo is beyond its limits")
