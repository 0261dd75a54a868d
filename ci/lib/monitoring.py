"""monitoring.py EXPOSITION PROMETHEUS-URL

Compares the Grafana dashboard and the alert rules of GnetMetrics with an exposition of `gnet-metrics serve`. A metric that
the exposition lacks is a failure, and so is a metric of the exposition that the dashboard does not show. Evaluates each
expression of the dashboard in a Prometheus that scrapes a server under load: each must have a result.
"""

import json
import pathlib
import re
import sys
import urllib.parse
import urllib.request

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "Packages/GnetMetrics/monitoring"
NAME = re.compile(r"\bgnet_\w+")


def exposed_names(exposition):
    """The names of the metrics, and for each name of a series the name of its metric."""
    kinds = dict(re.findall(r"^# TYPE (\w+) (\w+)$", exposition, re.M))
    series = {name: name for name, kind in kinds.items() if kind != "histogram"}
    for name, kind in kinds.items():
        if kind == "histogram":
            series |= {name + suffix: name for suffix in ("_bucket", "_sum", "_count")}
    return set(kinds), series


def expressions(dashboard):
    """The title and the expression of each query."""
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]


def has_result(url, expression):
    """Whether a query has a series, with the variables of the dashboard at their widest."""
    expression = expression.replace("$__rate_interval", "10s").replace("$server", ".*").replace("$loop", ".*")
    query = urllib.parse.urlencode({"query": expression})
    with urllib.request.urlopen(f"{url}/api/v1/query?{query}", timeout=10) as answer:
        return len(json.load(answer)["data"]["result"]) > 0


def failures(exposition, url):
    metrics, series = exposed_names(exposition)
    dashboard = json.loads((FOLDER / "grafana-dashboard.json").read_text())
    shown = set()
    for title, expression in expressions(dashboard):
        for name in NAME.findall(expression):
            if name in series:
                shown.add(series[name])
            else:
                yield f"the panel '{title}' has {name}, which is not exposed"
        try:
            if not has_result(url, expression):
                yield f"the panel '{title}' has no result: {expression}"
        except OSError as error:
            yield f"the panel '{title}' cannot be evaluated ({error}): {expression}"
    for name in sorted(metrics - shown):
        yield f"the dashboard does not show {name}"
    for variable in dashboard["templating"]["list"]:
        for name in NAME.findall(json.dumps(variable["query"])):
            if name not in series:
                yield f"the variable '{variable['name']}' has {name}, which is not exposed"
    for line in (FOLDER / "gnet-rules.yml").read_text().splitlines():
        for name in [] if line.lstrip().startswith("#") else NAME.findall(line):
            if name not in series:
                yield f"the rules have {name}, which is not exposed"


def main():
    exposition, url = sys.argv[1:]
    found = list(failures(pathlib.Path(exposition).read_text(), url))
    for failure in found:
        print(f"monitoring: {failure}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
