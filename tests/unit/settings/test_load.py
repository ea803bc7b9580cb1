"""From file and environment to settings, or to one error that says where to look."""

from __future__ import annotations

from pathlib import Path

import pytest

from camera_gateway.domain.bandwidth import Share
from camera_gateway.errors import InvalidInput
from camera_gateway.settings.load import load, read_secret
from camera_gateway.settings.schema import PRIVATE_NETWORKS, Settings


def written(directory: Path, text: str) -> Path:
    path = directory / "gateway.toml"
    path.write_text(text, encoding="utf-8")
    return path


def refusal(file: Path | None, environ: dict[str, str] | None = None) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        load(file, environ or {})
    return caught.value


def test_without_a_file_everything_has_its_default() -> None:
    settings = load(None, {})
    assert settings == Settings()
    assert settings.api.host == "127.0.0.1"
    assert settings.site.allowed_networks == PRIVATE_NETWORKS
    assert settings.site.time_zone == "Asia/Almaty"
    assert (settings.retention.floor_days, settings.retention.margin_days) == (30, 2)
    assert (settings.retention.floor_days, settings.retention.margin_days) == (30, 2)


def test_the_file_overrides_defaults_the_environment_the_file_and_options_both(tmp_path: Path) -> None:
    file = written(tmp_path, '[api]\nport = 9000\nhost = "::1"\n[upload]\nworkers = 2\n')
    environ = {"CAMERA_GATEWAY_API__PORT": "9001", "CAMERA_GATEWAY_UPLOAD__WORKERS": "3", "HOME": "/x"}
    settings = load(file, environ, {("upload", "workers"): 7})
    assert (settings.api.host, settings.api.port, settings.upload.workers) == ("::1", 9001, 7)


@pytest.mark.parametrize(
    ("variable", "text", "section", "key", "value"),
    [
        ("SITE__ID", "07", "site", "id", "07"),
        ("STORE__BUCKET", "true", "store", "bucket", "true"),
        ("STORE__ENDPOINT", "http://s:1", "store", "endpoint", "http://s:1"),
        ("RECORDER__AUDIO", "false", "recorder", "audio", False),
        ("RECORDER__SEGMENT_S", "2.5", "recorder", "segment_s", 2.5),
        ("UPLOAD__WINDOWS", "sat,sun 00:00-24:00", "upload", "windows", ("sat,sun 00:00-24:00",)),
        ("UPLOAD__WINDOWS", '["mon 01:00-02:00", "tue 01:00-02:00"]', "upload", "windows",
         ("mon 01:00-02:00", "tue 01:00-02:00")),
        ("SITE__ALLOWED_NETWORKS", "127.0.0.0/8", "site", "allowed_networks", ("127.0.0.0/8",)),
        ("UPLOAD__WHEN_FULL", "deny-new", "upload", "when_full", "deny-new"),
        ("SITE__DATA_DIR", "/d", "site", "data_dir", Path("/d")),
        ("UPLOAD__BANDWIDTH_BPS", "30%", "upload", "bandwidth_bps", Share(30)),
        ("UPLOAD__BANDWIDTH_BPS", "2000000", "upload", "bandwidth_bps", 2_000_000),
        ("UPLOAD__BANDWIDTH_OUTSIDE_BPS", "0%", "upload", "bandwidth_outside_bps", Share(0)),
    ],
)  # fmt: skip
def test_a_variable_is_read_by_the_type_of_its_setting(
    variable: str, text: str, section: str, key: str, value: object
) -> None:
    settings = load(None, {f"CAMERA_GATEWAY_{variable}": text})
    assert getattr(getattr(settings, section), key) == value


def test_relative_paths_in_the_file_are_relative_to_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    file = written(tmp_path, '[site]\ndata_dir = "data"\n[standards]\ndirectory = "/absolute"\n')
    settings = load(file, {"CAMERA_GATEWAY_STORE__DIRECTORY": "here"})
    assert settings.site.data_dir == tmp_path / "data"
    assert settings.standards.directory == Path("/absolute")
    assert settings.store.directory == Path("/here")


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("[api]\n\nprot = 1\n", "gateway.toml:3: [api] has no setting 'prot'", "did you mean port?"),
        ("# x\n[recorde]\nsegment_s = 1\n", "gateway.toml:2: there is no section [recorde]", "mean [recorder]?"),
        ("\nport = 1\n[api]\n", "gateway.toml:2: there is no section [port]", "did you mean [store] port?"),
        (
            '[store]\nsecret_key = "hunter2"\n',
            "gateway.toml:2: [store] has no setting 'secret_key'",
            "did you mean secret_key_file?",
        ),
        ("[spool]\nwhen_full = 1\n", "gateway.toml:2: [spool] has no setting 'when_full'", "[upload] when_full?"),
        ("[alerts]\nmail = true\n", "gateway.toml:2: [alerts] has no setting 'mail'", "keys are: channels, language"),
    ],
)  # fmt: skip
def test_an_unknown_key_names_file_line_and_the_nearest_known_one(
    tmp_path: Path, text: str, message: str, hint: str
) -> None:
    found = refusal(written(tmp_path, text))
    assert found.message == f"{tmp_path}/{message}"
    assert hint in found.hint
    assert "hunter2" not in str(found.as_dict())


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("[api]\n# c\nport = 70000\n", ":3:", "[api] port: input should be less than or equal to 65535"),
        (
            '[upload]\nwindows = [\n "daily 1:00",\n]\n',
            ":2:",
            "[upload] windows: window 'daily 1:00' is not understood",
        ),
        ('[site]\ntime_zone = "Mars"\n', ":2:", "time zone 'Mars' is not known"),
        ('[site]\nallowed_networks = ["10.0.0.0/33"]\n', ":2:", "network '10.0.0.0/33' is not valid"),
        ('[site]\nid = "Ä"\n', ":2:", "site id 'Ä' is not valid"),
        ("site = 3\n", ":1:", "[site]"),
        ('\n[api]\nhost = "0.0.0.0"\n', ":2:", "[api]: host 0.0.0.0 is beyond loopback"),
        ('[store]\nkind = "s3"\n', ":1:", 'kind = "s3" needs access_key_file and secret_key_file'),
        ('[store]\nkind = "directory"\n', ":1:", 'kind = "directory" needs directory'),
        ("[store]\nport = 60000\n", ":1:", "port must be at most 55531"),
        (
            '[catalogue]\nurl = "postgresql://u:hunter2@h/d"\n',
            ":2:",
            "[catalogue] url: a catalogue in PostgreSQL is not there yet",
        ),
        ('[catalogue]\nurl = "sqlite:///"\n', ":2:", "[catalogue] url: not an address of a catalogue"),
        ("[recorder]\nread_interval_min_ms = 500\n", ":1:", "read_interval_min_ms is above read_interval_max_ms"),
        ("[api\nport = 1\n", "", "line 1"),
    ],
)
def test_a_wrong_value_names_file_line_section_key_and_reason(tmp_path: Path, text: str, where: str, what: str) -> None:
    found = refusal(written(tmp_path, text))
    assert found.message.startswith(f"{tmp_path}/gateway.toml{where}")
    assert what in found.message
    assert "\n" not in found.message
    assert "hunter2" not in str(found.as_dict())


def test_a_wrong_variable_is_named_instead_of_a_line(tmp_path: Path) -> None:
    file = written(tmp_path, "[api]\nport = 1\n")
    assert refusal(file, {"CAMERA_GATEWAY_API__PORT": "x"}).message.startswith("CAMERA_GATEWAY_API__PORT: [api] port")
    found = refusal(file, {"CAMERA_GATEWAY_API__PROT": "1"})
    assert found.message == "CAMERA_GATEWAY_API__PROT: [api] has no setting 'prot'"
    assert found.hint == "did you mean port?"
    assert refusal(None, {"CAMERA_GATEWAY_API__HOST": "0.0.0.0"}).message.startswith("CAMERA_GATEWAY_API__HOST: [api]")  # noqa: S104 - the refused value


def test_variables_of_others_and_without_a_section_are_left_alone() -> None:
    assert load(None, {"CAMERA_GATEWAY_CONFIG": "x", "CAMERA": "y", "OTHER__KEY": "z"}) == Settings()


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    assert (
        refusal(tmp_path / "absent.toml").message
        == f"{tmp_path}/absent.toml: cannot be read (No such file or directory)"
    )
    (tmp_path / "latin.toml").write_bytes(b"# \xe9\n")
    assert refusal(tmp_path / "latin.toml").message == f"{tmp_path}/latin.toml: is not UTF-8"


def test_systemd_credentials_stand_in_for_the_key_files(tmp_path: Path) -> None:
    for name in ("store.access_key", "store.secret_key"):
        (tmp_path / name).write_text("secret\n")
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path), "CAMERA_GATEWAY_STORE__KIND": "s3"}
    store = load(None, environ).store
    assert (store.access_key_file, store.secret_key_file) == (
        tmp_path / "store.access_key",
        tmp_path / "store.secret_key",
    )
    chosen = load(None, {**environ, "CAMERA_GATEWAY_STORE__SECRET_KEY_FILE": "/own"}).store
    assert chosen.secret_key_file == Path("/own")


def test_a_secret_is_the_first_line_of_its_file_and_never_part_of_an_error(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("  hunter2 \nsecond line\n")
    assert read_secret(path) == "hunter2"
    path.write_bytes(b"\xff\xfehunter2")
    with pytest.raises(InvalidInput, match="is not text") as caught:
        read_secret(path)
    assert "hunter2" not in str(caught.value.as_dict())
    path.write_text("\n")
    with pytest.raises(InvalidInput, match="is empty"):
        read_secret(path)
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_secret(tmp_path / "absent")


def test_settings_do_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().api.port = 1


@pytest.mark.parametrize(
    ("value", "words"),
    [('"a third"', "no bandwidth"), ("-1", "no bandwidth"), ("true", "no bandwidth"), ('"130%"', "0% to 100%"),
     ('"0%"', "never upload")],
)  # fmt: skip
def test_a_bandwidth_that_is_none_is_named_with_its_line(tmp_path: Path, value: str, words: str) -> None:
    found = refusal(written(tmp_path, f"[upload]\nworkers = 2\nbandwidth_bps = {value}\n"))
    assert "gateway.toml:3: [upload] bandwidth_bps" in found.message
    assert words in found.message


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_loopback_needs_no_tls(host: str) -> None:
    assert load(None, {"CAMERA_GATEWAY_API__HOST": host}).api.tls is False


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.1", "example.kz"])  # noqa: S104 - the refused values
def test_beyond_loopback_the_api_needs_both_halves_of_tls(host: str) -> None:
    environ = {"CAMERA_GATEWAY_API__HOST": host, "CAMERA_GATEWAY_API__TLS_CERT_FILE": "/c"}
    assert "go together" in refusal(None, environ).message
    assert load(None, {**environ, "CAMERA_GATEWAY_API__TLS_KEY_FILE": "/k"}).api.tls is True


CHANNEL = '[[alerts.channels]]\nname = "duty"\nurl_file = "duty.url"\naudience = "administrator"\n'


def test_a_table_of_a_list_has_its_paths_beside_the_file(tmp_path: Path) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text(f'[alerts]\nlanguage = "kk"\n{CHANNEL}')
    (channel,) = load(file, {}).alerts.channels
    assert channel.url_file == tmp_path / "duty.url"
    assert (channel.audience, channel.level, channel.min_severity) == ("administrator", 0, "warning")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (CHANNEL * 2, "two channels have the same name"),
        (CHANNEL + 'level = "high"\n', "channels"),
        (CHANNEL + 'urlfile = "x"\n', "channels"),
        ('[[alerts.channels]]\nname = "Дежурный"\nurl_file = "x"\n', "channels"),
    ],
)
def test_a_wrong_table_is_an_error_that_says_where(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text(text)
    with pytest.raises(InvalidInput) as caught:
        load(file, {})
    assert told in str(caught.value)
    assert "gateway.toml" in str(caught.value)
