"""Tables in Markdown."""


def number(value):
    """Three significant digits, thousands apart."""
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def span(figures, unit=1):
    return f"{number(figures['median'] / unit)} ({number(figures['min'] / unit)} to {number(figures['max'] / unit)})"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|---" + "|--:" * (len(head) - 1) + "|"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def section(title, head, rows, labels, skipped):
    """The lines of one scenario: heading, table, and the servers that are not in it."""
    lines = [f"### {title}", "", table(head, rows), ""]
    return lines + [f"- skipped: {labels[key]}: {reason}" for key, reason in skipped.items()]


def ratio(row, other):
    return f"{row['undisturbed'] / other['undisturbed']:.2f}" if other and other["undisturbed"] else "-"


def scenario_report(scenario, rows, skipped, share):
    """One scenario: heading, table, and what there is to say about it."""
    labels = {server.key: server.label for server in scenario.servers}
    per = scenario.per
    compared = list(dict.fromkeys(("gnet", scenario.reference)))
    head = [
        "server", f"{per}s/s, median (min to max)", f"CPU ns/{per}, median (min to max)", "undisturbed",
        "user + system", *(f"to {labels[key]}" for key in compared), "calls", "p50 µs", "p99 µs", "p99.9 µs", "MiB",
        "limited by",
    ]  # fmt: skip
    lines = [
        [
            labels[key], span(row["rate"]), span(row["cost"]), f"**{number(row['undisturbed'])}**",
            f"{number(row['user'])} + {number(row['system'])}", *(ratio(row, rows.get(key)) for key in compared),
            "-" if row["systemCalls"] is None else f"{row['systemCalls']:.2f}", number(row["p50"]["median"] / 1000),
            number(row["p99"]["median"] / 1000), number(row["p999"]["median"] / 1000),
            number(row["resident"] / 2**20), row["limit"],
        ]
        for key, row in rows.items()
    ]  # fmt: skip
    text = section(scenario.title, head, lines, labels, skipped)
    text += remarks(scenario, rows, labels, share)
    return "\n".join(text)


def remarks(scenario, rows, labels, share):
    found = []
    if scenario.reference == "gnet" and "gnet" in rows:
        for key, row in rows.items():
            if key in ("gnet", "control"):
                continue
            quotient = row["undisturbed"] / rows["gnet"]["undisturbed"]
            found.append(f"- {labels[key]}: {quotient:.3f} of the processor time without")
    if "control" in rows and scenario.reference in rows:
        quotient = rows["control"]["undisturbed"] / rows[scenario.reference]["undisturbed"]
        verdict = "the figures can be trusted" if abs(quotient - 1) <= 0.02 else "differences this small mean nothing"
        found.append(f"- control: {labels[scenario.reference]} against itself {quotient:.3f}; {verdict}")
    limited = [labels[key] for key, row in rows.items() if row["limit"] == "client"]
    if limited:
        found.append(f"- limited by the client, so that the rate says little: {', '.join(limited)}")
    lost = [f"{labels[key]} {row['lost']:,}" for key, row in rows.items() if row["lost"]]
    if lost:
        found.append(f"- datagrams lost: {', '.join(lost)}")
    if rows:
        least, cost = min(row["undisturbed"] for row in rows.values()), [row["clientCost"] for row in rows.values()]
        found.append(f"- gnet-load itself: {number(min(cost))} to {number(max(cost))} ns; cheapest server {number(least)}")
    found.append(f"- other processes used {share:.0%} of the machine meanwhile")
    return found


def handles_report(scenario, rows, labels, skipped):
    head = [
        "way", "messages/s, median (min to max)", "CPU ns/message, all threads", "wake-ups/message", "sends/message",
        "to Gnet",
    ]  # fmt: skip
    lines = [
        [
            labels[key], span(row["rate"]), span(row["processorTime"]), f"{row['wakeUps']['median']:.4f}",
            f"{row['sends']['median']:.4f}",
            f"{row['rate']['median'] / rows['gnet']['rate']['median']:.2f}",
        ]
        for key, row in rows.items()
    ]  # fmt: skip
    return "\n".join(section(scenario.title, head, lines, labels, skipped))


def timers_report(scenario, rows, labels, skipped):
    head = [
        "timers", "ns to set one, median (min to max)", "to move one, in order", "to move one at random",
        "to drop one at random", "bytes for one", "set, to Gnet", "moved in order, to Gnet", "at random, to Gnet",
    ]  # fmt: skip
    ours = rows.get("gnet")
    lines = [
        [
            labels[key], *(span(row[unit]) for unit in ("set", "move", "moveAtRandom", "drop")),
            number(row["memory"]["median"]),
            *(times(row, ours, unit) for unit in ("set", "move", "moveAtRandom")),
        ]
        for key, row in rows.items()
    ]  # fmt: skip
    text = section(scenario.title, head, lines, labels, skipped)
    text.append("- processor time; each timer was moved ten times in order and ten times at random")
    samples = {key: int(row["sample"]["median"]) for key, row in rows.items()}
    text += [
        f"- {labels[key]}: of all that were set, {sample} were moved, and dropped"
        for key, sample in samples.items() if sample < max(samples.values())
    ]  # fmt: skip
    return "\n".join(text)


def firing_report(scenario, rows, labels, skipped, precision):
    head = [
        "timers", "ms late: median", "99.9 %", "most", "early", "most beyond 1 ms or 0.1 %", "longest turn",
        "processor time of a turn, most", "longest delay of a wait",
    ]  # fmt: skip

    def milliseconds(row, unit):
        return f"{row[unit]['median'] / 1e6:.2f}" if unit in row else "-"

    lines = [
        [
            labels[key], *(milliseconds(row, unit) for unit in ("median", "p999", "max")),
            number(row["earlyCount"]["max"]),
            *(milliseconds(row, unit) for unit in ("excess", "longestTurn", "longestWork", "longestDelay")),
        ]
        for key, row in rows.items()
    ]  # fmt: skip
    text = section(scenario.title, head, lines, labels, skipped)
    text.append("- medians of all rounds, in milliseconds; `early` is the greatest number of a round")
    if precision:
        text.append(
            f"- {labels['gnet']} on a loop that is never busy, timers of up to an hour: {precision['earlyCount']} early, "
            f"at most {precision['max'] / 1e6:.2f} ms late up to a second, and {precision['share']:.4%} of their length "
            f"beyond; {precision['wakeUps']:,} wake-ups"
        )
    return "\n".join(text)


def times(row, other, unit):
    return f"{row[unit]['median'] / other[unit]['median']:.2f}" if other else "-"


def memory_report(scenario, rows, skipped):
    labels = {server.key: server.label for server in scenario.servers}
    head = [
        "server", "MiB at the start", f"KiB/{scenario.per}, idle", "after echoing 8 KiB each", "MiB when all have closed",
        "CPU µs in an idle second", "wake-ups in it",
    ]  # fmt: skip
    lines = [
        [
            labels[key], number(row["start"] / 2**20), f"**{number(row['idle'] / 1024)}**",
            number(row["used"] / 1024), number(row["closed"] / 2**20), number(row["idleProcessorTime"] / 1000),
            number(row["idleWakeUps"]),
        ]
        for key, row in rows.items()
    ]  # fmt: skip
    return "\n".join(section(scenario.title, head, lines, labels, skipped))
