"""The cost of idle connections: memory and processor time."""

import resource
import subprocess
import time

import kernel
from measure import Failed
from servers import Missing

ECHOED = 8192


def settled_memory(pid):
    """Resident memory once it has not changed for a while: the server may still be at work."""
    last, since = kernel.memory(pid)[0], time.monotonic()
    deadline = since + 10
    while time.monotonic() < min(since + 0.5, deadline):
        time.sleep(0.05)
        now = kernel.memory(pid)[0]
        if now != last:
            last, since = now, time.monotonic()
    return last


def run(bench, scenario):
    """One row for each server, and the reasons why some have none."""
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if allowed != resource.RLIM_INFINITY and allowed < scenario.descriptors + 100:
        return {}, {s.key: f"only {allowed} open files are allowed; see ulimit -Hn" for s in scenario.servers}
    rows, skipped = {}, {}
    for server in scenario.servers:
        bench.say(f"{scenario.title}: {server.label}")
        try:
            rows[server.key] = _measure(bench, scenario, server)
        except (Missing, Failed) as reason:
            skipped[server.key] = str(reason)
    return rows, skipped


def _measure(bench, scenario, server):
    count = scenario.connections
    with bench.start(server, scenario) as running:
        pid = running.pid
        start = settled_memory(pid)
        command = [*bench.pin(bench.load_processor, scenario), bench.load_program, "hold", scenario.target(running)]
        command += ["--connections", str(count), "--size", str(ECHOED)]
        holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            _expect(holder, "opened")
            idle = settled_memory(pid)
            processor_time, switches = kernel.processor_time(pid), kernel.context_switches(pid)
            time.sleep(1)
            processor_time = kernel.processor_time(pid) - processor_time
            switches = kernel.context_switches(pid) - switches
            _proceed(holder, "echoed")
            used = settled_memory(pid)
            _proceed(holder, "closed")
            closed = settled_memory(pid)
        finally:
            holder.stdin.close()
            holder.wait()
            holder.stdout.close()
            holder.stderr.close()
    return {
        "start": start,
        "idle": (idle - start) / count,
        "used": (used - start) / count,
        "closed": closed,
        "idleProcessorTime": processor_time,
        "idleWakeUps": switches,
    }


def _proceed(holder, step):
    holder.stdin.write("\n")
    holder.stdin.flush()
    _expect(holder, step)


def _expect(holder, step):
    if holder.stdout.readline().strip() != step:
        raise Failed(holder.stderr.read().strip() or "gnet-load hold ended early")
