"""Who is told what when: one alert however often it flaps, quiet hours, levels, reminders, the last message."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from camera_gateway.clock import US, from_datetime
from camera_gateway.domain.alert import CODES, Audience, Channel, Condition, NoticeKind, Severity
from camera_gateway.domain.schedule import always, parse_schedule
from camera_gateway.health.alerting import Due, Rules, Standing, Told, due, reconcile, retry_after_us

NOW_US = 1_700_000_000 * US
HOUR_US = 3_600 * US
NEVER = parse_schedule([])
RULES = Rules(quiet=NEVER, time_zone="Asia/Almaty", remind_us=24 * HOUR_US, escalate_us=HOUR_US // 2, clear_us=120 * US)
DUTY = Channel("duty", Audience.IT, 0, Severity.WARNING, frozenset(), "ru")
HEAD = replace(DUTY, name="head", audience=Audience.ADMINISTRATOR, level=1)
LOST = Standing(1, "camera-down", "camera:hall", "home", 0, NOW_US, None, None)


def told(channel: str, kind: NoticeKind = NoticeKind.OPENED, at_us: int = NOW_US, round_: int = 0) -> Told:
    return Told(kind, round_, channel, at_us, sent=True)


def who(alert: Standing, *channels: Channel, rules: Rules = RULES, now_us: int = NOW_US) -> list[tuple[str, str]]:
    return [(message.kind.value, message.channel) for message in due(alert, channels, rules, now_us)[0]]


def test_the_first_level_is_told_at_once_and_once() -> None:
    assert due(LOST, [DUTY, HEAD], RULES, NOW_US) == ([Due(1, NoticeKind.OPENED, 0, "duty")], 0)
    assert who(replace(LOST, told=(told("duty"),)), DUTY, HEAD) == []


def test_a_channel_hears_of_its_affairs_alone() -> None:
    auditor = replace(DUTY, name="auditor", audience=Audience.AUDITOR)
    grave = replace(DUTY, name="grave", min_severity=Severity.CRITICAL)
    other = replace(DUTY, name="other", institutions=frozenset({"school"}))
    mine = replace(DUTY, name="mine", institutions=frozenset({"home"}))
    assert who(LOST, auditor, grave, other, mine) == [("opened", "mine")]
    whole = replace(LOST, code="gateway-down", subject="gateway", institution=None)
    assert who(whole, auditor, grave, other, mine) == [("opened", "grave")]


def test_what_nobody_acknowledges_goes_up_and_what_somebody_does_stays() -> None:
    after = {"now_us": NOW_US + HOUR_US // 2}
    known = replace(LOST, told=(told("duty"),))
    assert who(known, DUTY, HEAD, now_us=after["now_us"] - 1) == []
    assert due(known, [DUTY, HEAD], RULES, after["now_us"]) == ([Due(1, NoticeKind.ESCALATED, 0, "head")], 1)
    assert who(replace(known, acknowledged_us=NOW_US + US), DUTY, HEAD, **after) == []
    assert who(known, DUTY, HEAD, rules=replace(RULES, escalate_us=0), **after) == []


def test_a_dead_channel_does_not_keep_it_from_going_up() -> None:
    waiting = replace(told("duty"), sent=False)
    known = replace(LOST, told=(waiting,))
    assert who(known, DUTY, HEAD, now_us=NOW_US + HOUR_US) == [("escalated", "head")]


def test_without_anybody_on_the_first_level_the_next_is_told_at_once() -> None:
    assert who(LOST, HEAD) == [("escalated", "head")]


def test_what_is_only_worth_knowing_goes_nowhere_up_and_is_not_told_again() -> None:
    low = replace(DUTY, min_severity=Severity.INFO)
    flapping = replace(LOST, code="camera-flapping", told=(told("duty"),))
    assert CODES[flapping.code].severity is Severity.INFO
    assert who(flapping, low, replace(HEAD, min_severity=Severity.INFO), now_us=NOW_US + 90 * 24 * HOUR_US) == []


def test_reminders_come_a_day_apart_until_somebody_acknowledges() -> None:
    rules = replace(RULES, escalate_us=0)
    known = replace(LOST, told=(told("duty"),))
    day_us = 24 * HOUR_US
    assert who(known, DUTY, rules=rules, now_us=NOW_US + day_us - 1) == []
    assert due(known, [DUTY], rules, NOW_US + day_us)[0] == [Due(1, NoticeKind.REMINDER, 1, "duty")]
    again = replace(known, told=(*known.told, told("duty", NoticeKind.REMINDER, NOW_US + day_us, 1)))
    assert who(again, DUTY, rules=rules, now_us=NOW_US + 2 * day_us - 1) == []
    assert due(again, [DUTY], rules, NOW_US + 2 * day_us)[0] == [Due(1, NoticeKind.REMINDER, 2, "duty")]
    assert who(replace(known, acknowledged_us=NOW_US), DUTY, rules=rules, now_us=NOW_US + 9 * day_us) == []
    assert who(known, DUTY, rules=replace(rules, remind_us=0), now_us=NOW_US + 9 * day_us) == []


def test_who_had_heard_of_it_hears_that_it_is_over_and_nobody_else() -> None:
    over = replace(LOST, resolved_us=NOW_US + HOUR_US, told=(told("duty"),))
    assert who(over, DUTY, HEAD, now_us=NOW_US + HOUR_US) == [("resolved", "duty")]
    assert who(replace(over, told=(*over.told, told("duty", NoticeKind.RESOLVED))), DUTY, HEAD) == []
    assert who(replace(LOST, resolved_us=NOW_US), DUTY, HEAD) == []
    event = replace(over, code="incident-entered")
    assert who(event, DUTY, HEAD) == []


def at(text: str, zone: str) -> int:
    return from_datetime(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)))


def test_in_quiet_hours_only_what_is_critical_is_told_and_the_rest_afterwards() -> None:
    zone = "Asia/Almaty"
    rules = replace(RULES, quiet=parse_schedule(["daily 22:00-07:00"]), time_zone=zone)
    night, morning = at("2025-12-01T03:00", zone), at("2025-12-01T07:00", zone)
    grave = replace(LOST, code="network-down")
    assert who(LOST, DUTY, rules=rules, now_us=night) == []
    assert who(grave, DUTY, rules=rules, now_us=night) == [("opened", "duty")]
    assert who(LOST, DUTY, rules=rules, now_us=morning) == [("opened", "duty")]
    # it was over before anybody was to hear of it
    assert who(replace(LOST, resolved_us=night), DUTY, rules=rules, now_us=morning) == []


def test_quiet_hours_follow_the_wall_clock_over_a_change_of_it() -> None:
    zone = "Europe/Berlin"
    rules = replace(RULES, quiet=parse_schedule(["daily 22:00-07:00"]), time_zone=zone)
    # on 2026-03-29 the clock goes from 02:00 to 03:00, on 2026-10-25 from 03:00 back to 02:00
    for day, utc_hour in (("2026-03-28", 6), ("2026-03-29", 5), ("2026-10-24", 5), ("2026-10-25", 6)):
        year, month, date = (int(part) for part in day.split("-"))
        seven = from_datetime(datetime(year, month, date, utc_hour, tzinfo=UTC))
        assert seven == at(f"{day}T07:00", zone)
        assert who(LOST, DUTY, rules=rules, now_us=seven - 1) == []
        assert who(LOST, DUTY, rules=rules, now_us=seven) == [("opened", "duty")]


CONDITION = Condition("camera-down", "camera:hall", "home", NOW_US)


def test_an_alert_opens_once_and_is_resolved_when_its_condition_has_been_away() -> None:
    first = reconcile([CONDITION], CODES, [], {}, NOW_US, 120 * US)
    assert first.opened == (CONDITION,)
    still = reconcile([CONDITION], CODES, [LOST], {}, NOW_US, 120 * US)
    assert (still.opened, still.resolved, still.standing) == ((), (), ((1, CONDITION),))
    away = reconcile([], CODES, [LOST], {}, NOW_US, 120 * US)
    assert (away.resolved, away.absent_since) == ((), {1: NOW_US})
    assert reconcile([], CODES, [LOST], away.absent_since, NOW_US + 119 * US, 120 * US).resolved == ()
    assert reconcile([], CODES, [LOST], away.absent_since, NOW_US + 120 * US, 120 * US).resolved == (1,)
    back = reconcile([CONDITION], CODES, [LOST], away.absent_since, NOW_US + 60 * US, 120 * US)
    assert (back.opened, back.absent_since) == ((), {})


def test_where_the_source_is_silent_nothing_is_over() -> None:
    silent = CODES.keys() - {"camera-down"}
    found = reconcile([], silent, [LOST], {1: 0}, NOW_US, 120 * US)
    assert (found.resolved, found.absent_since) == ((), {1: 0})


def test_an_event_is_over_when_it_is_acknowledged_and_never_comes_again() -> None:
    event = Condition("incident-entered", "incident-3", "home", NOW_US)
    alert = replace(LOST, code=event.code, subject=event.subject)
    assert reconcile([], CODES, [alert], {1: 0}, NOW_US, 120 * US).resolved == ()
    known = replace(alert, acknowledged_us=NOW_US)
    assert reconcile([event], CODES, [known], {}, NOW_US, 120 * US).resolved == (1,)
    over = replace(known, resolved_us=NOW_US)
    assert reconcile([event], CODES, [over], {}, NOW_US, 120 * US).opened == ()
    # what is no event does come again
    assert reconcile([CONDITION], CODES, [replace(LOST, resolved_us=NOW_US)], {}, NOW_US, 120 * US).opened


def test_a_retry_waits_twice_as_long_each_time_up_to_a_limit() -> None:
    assert [retry_after_us(n, 30, 3_600) for n in (0, 1, 2, 3, 7, 8, 500)] == [30, 30, 60, 120, 1_920, 3_600, 3_600]


@dataclass
class Office:
    """Alerts and the messages that were made of them, at each five seconds."""

    rules: Rules
    channels: tuple[Channel, ...]
    alerts: dict[int, Standing] = field(default_factory=dict)
    absent: dict[int, int] = field(default_factory=dict)
    sent: list[tuple[int, Due]] = field(default_factory=list)

    def look(self, now_us: int, *, wrong: bool, acknowledged: bool = False) -> None:
        found = reconcile(
            [CONDITION] if wrong else [], CODES, list(self.alerts.values()), self.absent, now_us, self.rules.clear_us
        )
        self.absent = dict(found.absent_since)
        for condition in found.opened:
            number = len(self.alerts) + 1
            self.alerts[number] = Standing(
                number, condition.code, condition.subject, condition.institution, 0, now_us, None, None
            )
        for number in found.resolved:
            self.alerts[number] = replace(self.alerts[number], resolved_us=now_us)
        for number, alert in self.alerts.items():
            seen = replace(alert, acknowledged_us=now_us) if acknowledged and alert.acknowledged_us is None else alert
            messages, level = due(seen, self.channels, self.rules, now_us)
            self.sent += [(now_us, message) for message in messages]
            new = tuple(Told(m.kind, m.round, m.channel, now_us, sent=True) for m in messages)
            self.alerts[number] = replace(seen, level=level, told=(*seen.told, *new))


spans = st.lists(st.integers(min_value=1, max_value=60), min_size=1, max_size=40)


@settings(deadline=None, max_examples=60)
@given(spans=spans, acknowledged_at=st.none() | st.integers(min_value=0, max_value=600))
def test_however_it_flaps_nobody_is_told_twice_for_the_same_reason(
    spans: list[int], acknowledged_at: int | None
) -> None:
    """The condition is there and away by turns, each for so many looks five seconds apart."""
    office = Office(replace(RULES, escalate_us=600 * US, remind_us=1_800 * US), (DUTY, HEAD))
    now_us, look = NOW_US, 0
    for number, span in enumerate([*spans, 40]):
        for _ in range(span):
            office.look(now_us, wrong=number % 2 == 0, acknowledged=acknowledged_at == look)
            now_us += 5 * US
            look += 1
    keys = [(m.alert, m.kind, m.round, m.channel) for _, m in office.sent]
    assert len(keys) == len(set(keys))
    if all(span < 24 for span in spans[1::2]):
        assert len(office.alerts) == 1, "away for less than the settling time each time"
    for number, alert in office.alerts.items():
        mine = [(at_us, m) for at_us, m in office.sent if m.alert == number]
        assert mine[0][1].kind is NoticeKind.OPENED
        over = [m.channel for _, m in mine if m.kind is NoticeKind.RESOLVED]
        heard = {m.channel for _, m in mine if m.kind is not NoticeKind.RESOLVED}
        assert set(over) == (heard if alert.resolved_us is not None else set())
        if alert.acknowledged_us is not None:
            later = [m.kind for at_us, m in mine if at_us > alert.acknowledged_us]
            assert set(later) <= {NoticeKind.RESOLVED}


@settings(deadline=None, max_examples=40)
@given(start=st.integers(min_value=0, max_value=7 * 24 * 12), lasts=st.integers(min_value=1, max_value=300))
def test_nothing_but_what_is_critical_is_told_in_quiet_hours(start: int, lasts: int) -> None:
    quiet = parse_schedule(["mon-fri 22:00-07:00", "sat,sun 00:00-24:00"])
    office = Office(replace(RULES, quiet=quiet), (DUTY, HEAD))
    begin_us = NOW_US + start * 300 * US
    for look in range(lasts + 300):
        office.look(begin_us + look * 300 * US, wrong=look < lasts)
    zone = ZoneInfo("Asia/Almaty")
    for at_us, _ in office.sent:
        local = datetime.fromtimestamp(at_us / US, tz=zone)
        # Friday's night ends on Saturday, which is quiet as well; Sunday's ends with the day
        assert local.weekday() < 5
        assert local.hour < 22
        assert local.hour >= 7 or local.weekday() == 0


def test_a_schedule_of_always_quiet_lets_only_critical_through() -> None:
    rules = replace(RULES, quiet=always())
    assert who(LOST, DUTY, rules=rules) == []
    assert who(replace(LOST, code="network-down"), DUTY, rules=rules) == [("opened", "duty")]
