"""Counts the work of a server, by tools that do not depend on the load of the machine."""

import pathlib
import re
import signal
import subprocess
import tempfile


class NotCounted(Exception):
    """A tool did not count; the text says why."""


def system_calls(pid, action):
    """Runs `action` while strace counts the system calls of a process and its threads: how many, by name."""
    with tempfile.NamedTemporaryFile("r") as output:
        command = ["strace", "-c", "-f", "-o", output.name, "-p", str(pid)]
        tracer = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            line = tracer.stderr.readline()
            if "attached" not in line:
                raise NotCounted(line.strip() or "strace did not attach")
            action()
        finally:
            tracer.send_signal(signal.SIGINT)
            tracer.communicate()
        row = re.compile(r"^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$")
        found = (row.match(line) for line in output.read().splitlines())
        return {match[2]: int(match[1]) for match in found if match and match[2] != "total"}


def difference(few, many, requests):
    """What each of so many further requests has cost, by name: what was done once for all has gone."""
    names = few.keys() | many.keys()
    each = {name: (many.get(name, 0) - few.get(name, 0)) / requests for name in names}
    return {name: each[name] for name in sorted(each, key=each.get, reverse=True) if abs(each[name]) >= 0.0005}


# OpenSSL takes other instructions on each kind of processor.
FOREIGN = re.compile(r"/lib(crypto|ssl)\.")


def instructions(path):
    """The instructions of a program, all and by function, from what callgrind has written. Those of OpenSSL are left out."""
    command = ["callgrind_annotate", "--threshold=100", "--auto=no", str(path)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise NotCounted(done.stderr.strip() or "callgrind_annotate failed")
    row = re.compile(r"^\s*([\d,]+)\s+(?:\(\s*[\d.]+%\)\s+)?\S*?:(.*?)(?: \[([^\]]*)\])?$")
    counts, foreign = {}, 0
    for line in done.stdout.splitlines():
        if match := row.match(line):
            count = int(match[1].replace(",", ""))
            if FOREIGN.search(match[3] or ""):
                foreign += count
            else:
                counts[match[2]] = counts.get(match[2], 0) + count
    total = re.search(r"^totals: (\d+)", pathlib.Path(path).read_text(errors="replace"), re.M)
    if total is None:
        raise NotCounted("callgrind wrote no total: the server did not end by itself")
    return int(total[1]) - foreign, counts
