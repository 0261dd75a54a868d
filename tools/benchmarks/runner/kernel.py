"""The kernel's data about a process and about the machine."""

import os
import pathlib
import platform
import re
import time


def memory(pid):
    """Resident memory now and at its greatest, in bytes. The sum over all mappings is exact, the counter is not."""
    rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    now = int(re.search(r"^Rss:\s+(\d+) kB", rollup, re.M)[1]) * 1024
    peak = int(re.search(r"^VmHWM:\s+(\d+) kB", status, re.M)[1]) * 1024
    return now, max(now, peak)


def processor_time(pid):
    """Nanoseconds that all threads of a process have run: the clock of clock_getcpuclockid(3)."""
    return time.clock_gettime_ns((~pid << 3) | 2)


def context_switches(pid):
    """How often the threads of a process have gone to sleep: once for each time one is woken."""
    return sum(
        int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", (task / "status").read_text(), re.M)[1])
        for task in pathlib.Path(f"/proc/{pid}/task").iterdir()
    )


class Others:
    """Tells what share of the machine others have used since its creation."""

    def __init__(self):
        self._busy, self._all = self._machine()
        self._own = self._mine()

    @staticmethod
    def _machine():
        fields = [int(n) for n in pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
        return sum(fields) - fields[3] - fields[4], sum(fields)  # without idle and iowait

    @staticmethod
    def _mine():
        return sum(os.times()[:4]) * os.sysconf("SC_CLK_TCK")

    def share(self):
        busy, everything = self._machine()
        used = busy - self._busy - (self._mine() - self._own)
        return max(0.0, used / max(1, everything - self._all))


def describe_machine():
    model = re.search(r"^model name\s*:\s*(.*)", pathlib.Path("/proc/cpuinfo").read_text(), re.M)
    return {
        "processor": model[1] if model else platform.machine(),
        "processors": os.cpu_count(),
        "kernel": platform.release(),
    }
