"""From a TOML file and the environment to `Settings`, or to one error that says where to look.

Every error is `InvalidInput` and names file and line (or the environment's variable), section and key, and the
nearest known key; it never repeats a value that could be a secret.
"""

from __future__ import annotations

import difflib
import json
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from pydantic import ValidationError

from camera_gateway.errors import InvalidInput
from camera_gateway.settings.lines import line_of
from camera_gateway.settings.schema import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic.fields import FieldInfo
    from pydantic_core import ErrorDetails

PREFIX = "CAMERA_GATEWAY_"
CREDENTIALS_VARIABLE = "CREDENTIALS_DIRECTORY"
"""Where systemd shows a service its credentials (systemd.exec(5))."""

_FILE_SUFFIX = "_file"
_SECRET_FILES = ("access_key_file", "secret_key_file")


@dataclass(slots=True)
class _Draft:
    """What has been read so far, and from where."""

    values: dict[str, Any] = field(default_factory=dict)
    file: Path | None = None
    text: str = ""
    from_environment: dict[tuple[str, str], str] = field(default_factory=dict)


def load(
    file: Path | None, environ: Mapping[str, str], overrides: Mapping[tuple[str, str], Any] | None = None
) -> Settings:
    """Return the settings of `file` (None: defaults), overridden by `environ`, overridden by a command's options.

    Relative paths in the file are relative to the file, those in the environment to the working directory.
    `overrides` are by (section, key), in the types of the schema.
    """
    draft = _Draft()
    if file is not None:
        _read_file(draft, file)
    _read_environment(draft, environ)
    _read_credentials(draft, environ)
    for (section, key), value in (overrides or {}).items():
        _put(draft, section, key, value)
    try:
        return Settings.model_validate(draft.values)
    except ValidationError as error:
        raise _explained(draft, error.errors(include_url=False, include_input=False)[0]) from None


def read_secret(path: Path) -> str:
    """Return the first line of a secret's file; `InvalidInput` names the file and never its content."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError as error:
        raise InvalidInput(f"{path}: cannot be read ({error.strerror})", hint="check path and mode") from error
    except UnicodeDecodeError:
        raise InvalidInput(f"{path}: is not text", hint="the file holds one line: the secret") from None
    if not lines or not lines[0].strip():
        raise InvalidInput(f"{path}: is empty", hint="the file holds one line: the secret")
    return lines[0].strip()


def _read_file(draft: _Draft, file: Path) -> None:
    try:
        text = file.read_text("utf-8")
    except OSError as error:
        raise InvalidInput(f"{file}: cannot be read ({error.strerror})", hint="check path and mode") from error
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{file}: is not UTF-8", hint="save it as UTF-8") from error
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidInput(f"{file}: {error}", hint="see config/gateway.example.toml for the form") from None
    draft.values, draft.file, draft.text = values, file, text
    base = file.absolute().parent
    for section, section_values in values.items():
        if not isinstance(section_values, dict):
            continue
        for key, value in section_values.items():
            found = _field(section, key)
            if found is not None and _is_path(found) and isinstance(value, str):
                section_values[key] = base / value
            elif isinstance(value, list):
                _place_tables(found, value, base)


def _place_tables(found: FieldInfo | None, tables: list[Any], base: Path) -> None:
    """Let relative paths in a list of tables be relative to the file."""
    inner = None if found is None else next(iter(get_args(found.annotation)), None)
    fields: dict[str, FieldInfo] = getattr(inner, "model_fields", {})
    for table in tables:
        for key, field_ in fields.items():
            if isinstance(table, dict) and _is_path(field_) and isinstance(table.get(key), str):
                table[key] = base / table[key]


def _read_environment(draft: _Draft, environ: Mapping[str, str]) -> None:
    for variable, value in sorted(environ.items()):
        section, split, key = variable.removeprefix(PREFIX).lower().partition("__")
        if not variable.startswith(PREFIX) or not split:
            continue
        found = _field(section, key)
        if found is None:
            raise _unknown(variable, section, key)
        _put(draft, section, key, _parsed(found, value))
        draft.from_environment[section, key] = variable


def _put(draft: _Draft, section: str, key: str, value: Any) -> None:  # noqa: ANN401 - what the schema then checks
    values = draft.values.setdefault(section, {})
    if isinstance(values, dict):  # else the schema refuses the section, and says where it stands
        values[key] = value


def _read_credentials(draft: _Draft, environ: Mapping[str, str]) -> None:
    directory = environ.get(CREDENTIALS_VARIABLE)
    if not directory:
        return
    store = draft.values.setdefault("store", {})
    for key in _SECRET_FILES:
        path = Path(directory) / f"store.{key.removesuffix(_FILE_SUFFIX)}"
        if isinstance(store, dict) and key not in store and path.is_file():
            store[key] = path


def _parsed(found: FieldInfo, text: str) -> Any:  # noqa: ANN401 - what the schema then checks
    """Read a variable by its setting's type: text as it is, lists as JSON or one item, the rest as JSON."""
    if _is_path(found):
        return Path(text).absolute()
    is_list = isinstance(found.get_default(), tuple)
    if not is_list and (found.annotation is str or str in get_args(found.annotation) or _is_literal(found)):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return [text] if is_list else text


def _field(section: str, key: str) -> FieldInfo | None:
    outer = Settings.model_fields.get(section)
    fields: dict[str, FieldInfo] = getattr(outer.annotation, "model_fields", {}) if outer is not None else {}
    return fields.get(key)


def _is_path(found: FieldInfo) -> bool:
    return found.annotation is Path or Path in get_args(found.annotation)


def _is_literal(found: FieldInfo) -> bool:
    choices = get_args(found.annotation)
    return bool(choices) and all(isinstance(choice, str) for choice in choices)


def _explained(draft: _Draft, first: ErrorDetails) -> InvalidInput:
    place = tuple(str(part) for part in first["loc"])
    section, key = (*place, "", "")[:2]
    where = _where(draft, place)
    if first["type"] == "extra_forbidden":
        return _unknown(where, section, key)
    what = f"[{section}] {key}".rstrip() if section else "the file"
    return InvalidInput(f"{where}: {what}: {_reason(first)}", hint="see docs/reference/settings.md")


def _reason(first: ErrorDetails) -> str:
    reason = first["msg"].removeprefix("Value error, ")
    return reason[:1].lower() + reason[1:]


def _where(draft: _Draft, place: tuple[str, ...]) -> str:
    variable = draft.from_environment.get(place[:2]) if len(place) > 1 else None  # type: ignore[arg-type] # a pair
    if variable is not None:
        return variable
    names = [name for (section, _), name in draft.from_environment.items() if place[:1] == (section,)]
    if draft.file is None:
        return ", ".join(names) or "settings"
    line = line_of(draft.text, place)
    return f"{draft.file}:{line}" if line is not None else ", ".join([str(draft.file), *names])


def _unknown(where: str, section: str, key: str) -> InvalidInput:
    sections = list(Settings.model_fields)
    if section not in sections:
        near = _nearest(section, sections)
        homes = [f"[{each}] {section}" for each in sections if _field(each, section) is not None]
        choices = [f"[{near}]"] if near else homes
        hint = f"did you mean {choices[0]}?" if choices else f"sections are: {', '.join(sections)}"
        return InvalidInput(f"{where}: there is no section [{section}]", hint=hint, code="unknown-setting")
    annotation = Settings.model_fields[section].annotation
    keys = list(getattr(annotation, "model_fields", {}))
    near = _nearest(key, keys)
    elsewhere = [f"[{other}] {key}" for other in sections if other != section and _field(other, key) is not None]
    if near:
        hint = f"did you mean {near}?"
    elif elsewhere:
        hint = f"did you mean {elsewhere[0]}?"
    else:
        hint = f"keys are: {', '.join(keys)}" if keys else "the section has no settings in this version"
    return InvalidInput(f"{where}: [{section}] has no setting {key!r}", hint=hint, code="unknown-setting")


def _nearest(word: str, known: list[str]) -> str | None:
    if f"{word}{_FILE_SUFFIX}" in known:
        return f"{word}{_FILE_SUFFIX}"
    return next(iter(difflib.get_close_matches(word, known, n=1, cutoff=0.5)), None)
