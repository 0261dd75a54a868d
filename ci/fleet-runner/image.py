"""Runs programs in the root of an image, and measures two: see ci/deploy."""
import os
import signal
import socket
import subprocess
import sys
import time

root = sys.argv[1]
# Of the echo example, and of a server on Gnet alone: bytes of the stripped executable. The parser of the command line takes
# 7 MB of the first: it links FoundationEssentials.
SIZE_LIMITS = {"echo": 16_000_000, "WaitingMain": 8_500_000}
# Seconds to `listening on`, and bytes of memory of its own.
TIME_LIMIT, MEMORY_LIMIT = 0.010, 4 << 20
# On a machine that does much else, a start is tried until one is within the limit.
ROUNDS, MOST_ROUNDS = 20, 200
USER = 65532


def spawn(*arguments, **streams):
    """Starts a program in the root, as the image's user if this is root."""
    def enter():
        if os.geteuid() == 0:
            os.chroot(root)
            os.chdir("/")
            os.setgroups([])
            os.setgid(USER)
            os.setuid(USER)

    name = arguments[0] if os.geteuid() == 0 else root + arguments[0]
    return subprocess.Popen([name, *arguments[1:]], preexec_fn=enter, env={}, **streams)


def start(*arguments):
    """Starts a program that says where it listens. Returns it, its port and the time that this took."""
    reader, writer = os.pipe()
    begin = time.monotonic()
    program = spawn(*arguments, stdout=writer)
    os.close(writer)
    with os.fdopen(reader) as lines:
        line = lines.readline()
        seconds = time.monotonic() - begin
    assert line.startswith("listening on tcp://127.0.0.1:"), line
    return program, int(line.rpartition(":")[2]), seconds


def end(program):
    program.send_signal(signal.SIGTERM)
    assert program.wait(timeout=20) == 0


def memory(program):
    """The bytes of memory of its own, and the resident bytes, which the files that it runs count among."""
    with open(f"/proc/{program.pid}/status") as file:
        sizes = {name: rest.split()[0] for name, _, rest in (line.partition(":") for line in file) if rest.strip()}
    return int(sizes["RssAnon"]) << 10, int(sizes["VmRSS"]) << 10


count = sum(len(files) for _, _, files in os.walk(root))
if os.geteuid() == 0:
    # A container has it, and Swift programs read their arguments there. In a namespace of this script: see ci/deploy.
    os.makedirs(root + "/proc", exist_ok=True)
    subprocess.run(["mount", "-t", "proc", "proc", root + "/proc"], check=True)
program, port, _ = start("/bin/http", "tcp://127.0.0.1:0", "--metrics", "/run/http.metrics")
with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
    client.sendall(b"GET /plaintext HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert client.makefile("rb").read().endswith(b"Hello, World!")
if os.geteuid() == 0:
    # The health check of the image.
    check = ["chroot", f"--userspec={USER}:{USER}", root, "/bin/gnet-metrics", "scrape", "/run/http.metrics"]
    assert b"connections" in subprocess.run(check, check=True, stdout=subprocess.PIPE).stdout
end(program)
print(f"deploy: Containerfile: the server runs in the image's root of {count} files", file=sys.stderr)

times = []
while len(times) < ROUNDS or min(times) > TIME_LIMIT and len(times) < MOST_ROUNDS:
    program, port, seconds = start("/bin/echo", "tcp://127.0.0.1:0")
    times.append(seconds)
    used = {"echo": memory(program)}
    end(program)
# The shortest time: the others tell of what else the machine does.
seconds = min(times)

path = "/run/server.sock" if os.geteuid() == 0 else root + "/run/server.sock"
program = spawn("/bin/WaitingMain", "unix://" + path)
for _ in range(2000):
    with socket.socket(socket.AF_UNIX) as client:
        if client.connect_ex(root + "/run/server.sock") == 0:
            break
    time.sleep(0.01)
used["WaitingMain"] = memory(program)
end(program)

sizes = {name: os.path.getsize(f"{root}/bin/{name}") for name in SIZE_LIMITS}
for name, text in (("echo", f"static echo: {seconds * 1000:.1f} ms from the start to `listening on`, "),
                   ("WaitingMain", "a static server on Gnet alone: ")):
    private, resident = used[name]
    print(f"deploy: {text}{sizes[name] / 1e6:.1f} MB, {private / 2**20:.1f} MiB of memory, "
          f"{resident / 2**20:.1f} MiB with the pages of files", file=sys.stderr)
if seconds > TIME_LIMIT or any(sizes[name] > SIZE_LIMITS[name] or used[name][0] > MEMORY_LIMIT for name in SIZE_LIMITS):
    raise SystemExit("deploy: a static executable is beyond its limits")
