"""Prometheus' rules and Grafana's dashboard speak of metrics and labels that there are, in sound expressions.

There is no Prometheus here: an expression is taken apart as far as its words go (names, functions, labels, brackets).
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml
from prometheus_client import Histogram
from support.tree import ROOT

from camera_gateway.domain.alert import Severity
from camera_gateway.domain.outage import OutageKind
from camera_gateway.metrics import Metrics

RULES = ROOT / "config" / "alerts" / "camera-gateway.rules.yml"
DASHBOARD = ROOT / "config" / "dashboards" / "camera-gateway.json"
FUNCTIONS = {"absent", "sum", "min", "count", "rate", "increase", "abs", "histogram_quantile", "time"}
WORDS = {"by", "on", "and"}
METRICS = Metrics()
NAMES = METRICS.names()
SPAN = re.compile(r"\d+(s|m|h|d)")
SELECTOR = re.compile(r"(?P<metric>[a-z_]+)\{(?P<labels>[^{}]*)\}")
GROUPING = re.compile(r"\b(?:by|on)\s*\((?P<labels>[^()]*)\)")
LABEL = re.compile(r'\s*(?P<name>[a-z_]+)\s*=\s*"(?P<value>[^"]*)"\s*')


def labels_of(metric: str) -> set[str]:
    """The labels of an exposed name; a histogram's buckets have `le` as well."""
    if metric in NAMES:
        return set(NAMES[metric])
    base = metric.removesuffix("_bucket")
    assert isinstance(getattr(METRICS, base, None), Histogram), f"there is no metric {metric}"
    return {*NAMES[base], "le"}


def metrics_in(expression: str) -> set[str]:
    """The metrics of an expression; fails where a word, a bracket or a label is not sound."""
    assert_brackets(expression)
    found = set()
    for match in SELECTOR.finditer(expression):
        for part in match["labels"].split(","):
            label = LABEL.fullmatch(part)
            assert label is not None, (expression, part)
            assert label["name"] in labels_of(match["metric"]), expression
            if label["name"] == "kind":
                assert label["value"] in set(OutageKind)
    bare = SELECTOR.sub(lambda match: match["metric"], expression)
    grouped = {name.strip() for match in GROUPING.finditer(bare) for name in match["labels"].split(",") if name.strip()}
    bare = GROUPING.sub(" ", bare)
    spans = re.findall(r"\[([^\]]*)\]", bare)
    assert all(SPAN.fullmatch(span) for span in spans), expression
    bare = re.sub(r"\[[^\]]*\]", " ", bare)
    for match in re.finditer(r"[A-Za-z_][A-Za-z0-9_]*", bare):
        word, called = match[0], bare[match.end() :].lstrip().startswith("(")
        if called and word not in WORDS:
            assert word in FUNCTIONS, f"{word} is no function that is used here: {expression}"
        elif word not in WORDS:
            labels_of(word)
            found.add(word)
    assert found, expression
    assert grouped <= set().union(*(labels_of(metric) for metric in found)), expression
    counters = {metric for metric in found if metric.endswith("_total")}
    for counter in counters:
        assert re.search(rf"(rate|increase)\({counter}\[", expression), f"{counter} only grows: ask for its rate"
    return found


def assert_brackets(expression: str) -> None:
    closing = {")": "(", "]": "[", "}": "{"}
    open_: list[str] = []
    for character in expression:
        if character in closing.values():
            open_.append(character)
        elif character in closing:
            assert open_, expression
            assert open_.pop() == closing[character], expression
    assert open_ == [], expression


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    return found


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_a_rule_is_whole_and_speaks_of_what_there_is(rule: dict[str, Any]) -> None:
    assert rule.keys() <= {"alert", "expr", "for", "labels", "annotations"}
    assert re.fullmatch(r"[A-Z][A-Za-z]+", rule["alert"])
    assert rule["labels"]["severity"] in set(Severity)
    assert rule["annotations"].keys() == {"summary", "description"}
    assert "for" not in rule or SPAN.fullmatch(rule["for"])
    known = set().union(*(labels_of(metric) for metric in metrics_in(rule["expr"])))
    told = re.findall(r"\$labels\.(\w+)", json.dumps(rule["annotations"]))
    assert set(told) <= known


def test_each_rule_has_its_name_alone() -> None:
    names = [rule["alert"] for rule in rules()]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("panel", panels(), ids=lambda panel: panel["title"])
def test_a_panel_asks_for_what_there_is(panel: dict[str, Any]) -> None:
    assert panel["type"] in {"stat", "timeseries", "state-timeline", "table"}
    assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"]) > 0
    for target in panel["targets"]:
        assert target["datasource"]["uid"] == "${datasource}", "whose Prometheus it is, is chosen on the page"
        known = set().union(*(labels_of(metric) for metric in metrics_in(target["expr"])))
        assert set(re.findall(r"{{(\w+)}}", target["legendFormat"])) <= known


def test_panels_lie_beside_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells
    assert len({panel["id"] for panel in panels()}) == len(panels())


def test_the_dashboard_shows_every_metric() -> None:
    shown = set().union(*(metrics_in(target["expr"]) for panel in panels() for target in panel["targets"]))
    assert {name.removesuffix("_bucket") for name in shown} == NAMES.keys()


@pytest.mark.parametrize(
    "wrong",
    [
        "camera_upp == 0",
        "sum by (colour) (camera_up)",
        'outages_open{kind="moon"} > 0',
        "rate(upload_bytes_total[5 m])",
        "upload_bytes_total > 5",
        "median(camera_fps)",
        "sum(camera_up",
        "spool_bytes_bucket",
    ],
)
def test_what_is_not_sound_is_seen(wrong: str) -> None:
    with pytest.raises(AssertionError):
        metrics_in(wrong)
