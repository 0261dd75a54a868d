"""The figures of a table row, computed from many runs."""

import statistics


def spread(values):
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def percentile(values, share):
    """The value below which this share of the values lies, between two of them in proportion."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def summarise(runs, calls):
    """One server's row. Times in nanoseconds, memory in bytes."""
    slices = [s["server"] / s["requests"] for r in runs for s in r["slices"] if s["requests"] and s["seconds"] > 0.05]
    user = sum(r["server"]["userSeconds"] for r in runs)
    system = sum(r["server"]["systemSeconds"] for r in runs)
    undisturbed = percentile(slices or [r["server"]["perRequest"] for r in runs], 0.1)
    share = user / (user + system) if user + system else 0.0
    row = {
        "rate": spread([r["requestsPerSecond"] for r in runs]),
        "cost": spread([r["server"]["perRequest"] for r in runs]),
        "undisturbed": undisturbed,
        "userShare": share,
        "user": undisturbed * share,
        "system": undisturbed * (1 - share),
        "systemCalls": None if calls is None else sum(calls.values()),
        "systemCallsByName": calls,
        "serverUtilisation": statistics.median(r["server"]["utilisation"] for r in runs),
        "clientUtilisation": statistics.median(r["client"]["utilisation"] for r in runs),
        "clientCost": percentile([r["client"]["perRequest"] for r in runs], 0.1),
        "resident": statistics.median(r["residentPeak"] for r in runs),
        "lost": sum(r["lost"] for r in runs),
        "rounds": len(runs),
        "slices": len(slices),
    }
    for name in ("p50", "p99", "p999"):
        row[name] = spread([r["latency"][name] for r in runs])
    row["limit"] = limit(row)
    return row


def limit(row):
    """Who could do no more: the server, the client, or neither (both waited for each other, or for a processor)."""
    server, client = row["serverUtilisation"] >= 0.95, row["clientUtilisation"] >= 0.95
    if server:
        return "both" if client else "server"
    return "client" if client else "neither"
