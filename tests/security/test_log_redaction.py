"""No secret in a log (S4), whichever way it gets there."""

from __future__ import annotations

import io
import json
import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from camera_gateway.logs import Redactor, set_up_logs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SECRET = "hunter2"


@pytest.fixture
def lines() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """Set logs up on a stream and return what reads its JSON lines."""
    root = logging.getLogger()
    handlers, level = root.handlers.copy(), root.level
    for handler in handlers:  # pytest's own, which set_up_logs would close
        root.removeHandler(handler)
    stream = io.StringIO()
    set_up_logs(stream=stream, site="school-7", role="serve")
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    for handler in root.handlers.copy():
        root.removeHandler(handler)
        handler.close()
    for handler in handlers:
        root.addHandler(handler)
    root.setLevel(level)
    structlog.reset_defaults()


TEXTS = [
    f"rtsp://admin:{SECRET}@10.0.0.5:554/stream",
    f"RTSPS://admin:{SECRET}@cam/x and rtsp://root:{SECRET}@[fd00::1]/y",
    f"rtsp://admin:p@ss:{SECRET}/with@slash@10.0.0.5/x",
    f"rtsp://admin:two words {SECRET}@10.0.0.5/x",
    f"rtsp://{SECRET}@10.0.0.5/x",
    f"rtsp://:{SECRET}@10.0.0.5/x",
    quote(f"rtsp://admin:{SECRET}@10.0.0.5/x", safe=""),
    quote(quote(f"rtsp://admin:{SECRET}@10.0.0.5/x", safe=""), safe=""),
    "rtsp://admin:%68unter2@10.0.0.5/x",
    f"http://cam/cgi?user=root&password={SECRET}&channel=1",
    f"http://cam/cgi?user=root&pass%77ord={SECRET}",
    f"/stream?pwd={SECRET}",
    f"password={SECRET}",
    f"Password : '{SECRET} with blanks'",
    f'{{"password": "{SECRET}", "user": "root"}}',
    f'{{"password": "quote \\" {SECRET}"}}',
    f"{{'secret_key': '{SECRET}'}}",
    f"passwd={SECRET}; token={SECRET}, api-key={SECRET}",
    f"access_token={SECRET}&refresh_token={SECRET}",
    f"AWS_SECRET_ACCESS_KEY={SECRET}",
    f"Authorization: Basic {SECRET}=",
    f'Authorization: Digest username="root", realm="x", nonce="n", uri="/", response="{SECRET}"',
    f"'Authorization': 'Bearer {SECRET}'",
    f"sent Bearer {SECRET}.x.y",
    f"https://s3/b/k?X-Amz-Credential={SECRET}&X-Amz-Signature={SECRET}",
    f"Cookie: session={SECRET}",
    f"Set-Cookie: __Host-s={SECRET}; Secure",
]


@pytest.mark.parametrize("text", TEXTS)
def test_a_secret_in_a_text_is_hidden(text: str) -> None:
    result = Redactor().scrub(text)
    assert SECRET not in result
    assert "***" in result


@pytest.mark.parametrize(
    "text",
    [
        "rtsp://10.0.0.5:554/stream?channel=1",
        "camera hall: 25 fps, 4.0 Mbit/s, 100 % of packets",
        "segment a1b2-000001 stored as v1/school/hall/2026/11/22/0001-ab.mp4",
        "the password of camera hall does not open; set it anew",
        "token expired",
        "12:30:45 at rtsp://cam:554/x",
        "[store] secret_key_file is missing",
        "Basic authentication is refused",
        "path%20with%20blanks",
    ],
)
def test_what_is_no_secret_is_left_as_it_is(text: str) -> None:
    assert Redactor().scrub(text) == text


@given(
    password=st.text(st.characters(codec="ascii", min_codepoint=33, max_codepoint=126, exclude_characters="\"'<>")).map(
        lambda text: f"{SECRET}{text}{SECRET}"
    )
)
def test_any_password_in_a_url_is_hidden_raw_and_encoded(password: str) -> None:
    for written in (password, quote(password, safe="")):
        result = Redactor().scrub(f"no route to rtsp://admin:{written}@10.0.0.5:554/x here")
        assert SECRET not in result
        assert result.endswith("@10.0.0.5:554/x here")


def test_a_known_secret_is_hidden_wherever_it_stands() -> None:
    redactor = Redactor()
    redactor.remember("p@ss wörd")
    for text in ("said p@ss wörd aloud", f"said {quote('p@ss wörd')} aloud"):
        assert redactor.scrub(text) == "said *** aloud"


def test_events_are_redacted_by_key_and_by_value_at_any_depth(lines: Callable[[], list[dict[str, Any]]]) -> None:
    structlog.get_logger("test").warning(
        "probe",
        password=SECRET,
        api_token=SECRET,
        headers={"Authorization": SECRET, "CSeq": 3},
        tried=[f"rtsp://a:{SECRET}@h/", {"pwd": SECRET}],
        raw=f"Authorization: Basic {SECRET}".encode(),
        thing=ValueError(f"token={SECRET}"),
        url=f"rtsp://a:{SECRET}@h/",
        tokens_file="/etc/x",
        timeout_s=3,
    )
    (line,) = lines()
    assert SECRET not in json.dumps(line)
    assert (line["password"], line["headers"]["CSeq"], line["timeout_s"]) == ("***", 3, 3)
    assert line["tokens_file"] == "/etc/x"
    assert (line["site"], line["role"], line["level"], line["logger"]) == ("school-7", "serve", "warning", "test")
    assert line["timestamp"].endswith("Z")


def test_tracebacks_are_redacted(lines: Callable[[], list[dict[str, Any]]]) -> None:
    def fails() -> None:
        raise OSError(f"cannot open rtsp://admin:{SECRET}@10.0.0.5/x")

    for log in (structlog.get_logger("ours"), logging.getLogger("theirs")):
        try:
            fails()
        except OSError:
            log.exception("failed")
    ours, theirs = lines()
    for line in (ours, theirs):
        assert "OSError: cannot open rtsp://***@10.0.0.5/x" in line["exception"]
        assert SECRET not in json.dumps(line)


def test_the_standard_librarys_logs_take_the_same_road(lines: Callable[[], list[dict[str, Any]]]) -> None:
    logging.getLogger("vendor").warning("sent %s with %s", f"password={SECRET}", {"token": SECRET})
    logging.getLogger("vendor").debug("not at this level")
    structlog.get_logger("ours").debug("nor this")
    (line,) = lines()
    assert SECRET not in json.dumps(line)
    assert (line["logger"], line["site"]) == ("vendor", "school-7")


def test_a_terminal_gets_lines_for_people_without_local_variables(
    lines: Callable[[], list[dict[str, Any]]],
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    stream = Terminal()
    set_up_logs(stream=stream)
    hidden_local = SECRET
    try:
        raise ValueError(f"length {len(hidden_local)}")  # noqa: TRY301 - to be logged with its frame
    except ValueError:
        structlog.get_logger("x").exception("failed", url=f"rtsp://a:{SECRET}@h/")
    text = stream.getvalue()
    assert "failed" in text
    assert "length 7" in text
    assert SECRET not in text


def test_logs_go_to_a_file_when_one_is_named(lines: Callable[[], list[dict[str, Any]]], tmp_path: Path) -> None:
    redactor = set_up_logs(tmp_path / "logs" / "run.log")
    redactor.remember("open sesame")
    structlog.get_logger("x").info("said open sesame")
    assert lines() == []
    assert json.loads((tmp_path / "logs" / "run.log").read_text())["event"] == "said ***"
