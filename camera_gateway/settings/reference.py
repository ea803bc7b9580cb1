"""The settings' reference page and example file, made from the schema.

Promises that both name every setting with type, unit, default and reason, so that neither can be stale unnoticed.
Returns text; writing it somewhere is a script's business.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

from camera_gateway.domain.bandwidth import Share
from camera_gateway.settings.schema import Section, Settings

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

_WIDTH = 110
_TABLE_HEAD = (
    "| setting | type | unit | default | what it does | why this default |",
    "|---|---|---|---|---|---|",
)
_WORDS: dict[Any, str] = {str: "text", int: "whole number", float: "number", bool: "true or false", Path: "path"}


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting, as a reader wants to know it. `default` is TOML text, "" for none."""

    section: str
    key: str
    type: str
    unit: str
    default: str
    example: str
    what: str
    why: str

    @property
    def variable(self) -> str:
        """The environment variable that overrides it."""
        return f"CAMERA_GATEWAY_{self.section}__{self.key}".upper()


def sections() -> dict[str, str]:
    """Return every section with its description."""
    return {name: (_section(name).__doc__ or "").strip() for name in Settings.model_fields}


def settings() -> list[Setting]:
    """Return every setting, in the order of the schema."""
    return [
        _described(section, key, found)
        for section in Settings.model_fields
        for key, found in _section(section).model_fields.items()
    ]


def settings_markdown() -> str:
    """Return the reference page."""
    lines = [
        "# Settings",
        "",
        "Read from `gateway.toml`: the file given by `--config`, else by `CAMERA_GATEWAY_CONFIG`, else in the working",
        "directory, else in `/etc/camera-gateway`. Each setting can be overridden by an environment variable,",
        "`CAMERA_GATEWAY_<SECTION>__<KEY>`; lists are JSON, or one item as it is. Relative paths in the file are",
        "relative to the file. Secrets stand in files of their own, named by the `*_file` keys, or come as systemd",
        "credentials. An unknown key is an error that names file, line and the nearest known key.",
        "",
        "This page is generated from `camera_gateway/settings/schema.py`.",
        "",
    ]
    everything = settings()
    for section, doc in sections().items():
        lines += [f"## [{section}]", "", doc, ""]
        mine = [each for each in everything if each.section == section]
        if mine:
            lines += [*_TABLE_HEAD, *map(_table_row, mine), ""]
        for key, table in tables(section).items():
            lines += [f"### [[{section}.{key}]]", "", (table.__doc__ or "").strip(), "", *_TABLE_HEAD]
            lines += [_table_row(_described(section, name, found)) for name, found in table.model_fields.items()]
            lines.append("")
    return "\n".join(lines)


def example_toml() -> str:
    """Return the example file: every setting, commented out, with its default (or an example where it has none)."""
    lines = [
        "# Settings of Camera Gateway. Copy to gateway.toml and uncomment what you change: every line below shows the",
        "# default (where there is none, an example). Generated; the reference is docs/reference/settings.md.",
    ]
    everything = settings()
    for section, doc in sections().items():
        lines += ["", f"[{section}]", *_comment(doc)]
        for each in everything:
            if each.section == section:
                unit = f" ({each.unit})" if each.unit else ""
                lines += ["", *_comment(f"{each.what.rstrip('.')}{unit}. Why: {each.why}")]
                lines.append(f"#{each.key} = {each.default or each.example}")
        for key, table in tables(section).items():
            lines += ["", *_comment(f"In place of {key} = []. {(table.__doc__ or '').strip()} For example:")]
            lines.append(f"#   [[{section}.{key}]]")
            for name, found in table.model_fields.items():
                each = _described(section, name, found)
                lines.append(f"#   {each.key} = {each.default or each.example}")
    return "\n".join(lines) + "\n"


def tables(section: str) -> dict[str, type[Section]]:
    """Return the settings of a section that are lists of tables, with what each table holds."""
    found = {}
    for key, field in _section(section).model_fields.items():
        inner = next(iter(get_args(field.annotation)), None)
        if isinstance(inner, type) and issubclass(inner, Section):
            found[key] = inner
    return found


def _section(name: str) -> type[Section]:
    annotation = Settings.model_fields[name].annotation
    assert isinstance(annotation, type)  # noqa: S101 - the schema has nothing but sections
    assert issubclass(annotation, Section)  # noqa: S101 - likewise
    return annotation


def _described(section: str, key: str, found: FieldInfo) -> Setting:
    extra = found.json_schema_extra
    assert isinstance(extra, dict)  # noqa: S101 - every setting is declared by _setting
    example = str(extra["example"])
    return Setting(
        section=section,
        key=key,
        type=_type(found.annotation),
        unit=str(extra["unit"]),
        default="" if found.is_required() else _toml(found.get_default()),
        example=_toml(example) if example else "",
        what=found.description or "",
        why=str(extra["why"]),
    )


def _type(annotation: Any) -> str:  # noqa: ANN401 - any type of a setting
    if annotation in _WORDS:
        return _WORDS[annotation]
    if get_origin(annotation) is Literal:
        return " or ".join(f"`{choice}`" for choice in get_args(annotation))
    if Share in get_args(annotation):
        return "whole number, or text with %"
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return " or ".join(f"`{choice}`" for choice in annotation)
    if get_origin(annotation) is tuple:
        return "list of texts" if get_args(annotation)[0] is str else "list of tables"
    inner = [each for each in get_args(annotation) if each is not NoneType]
    return f"{_type(inner[0])}, optional"


def _toml(value: Any) -> str:  # noqa: ANN401 - any value of a setting
    """Write a value as TOML, which for these types is JSON; None has no form and gives ""."""
    if value is None:
        return ""
    return json.dumps(str(value) if isinstance(value, Path) else value, ensure_ascii=False)


def _table_row(each: Setting) -> str:
    default = f"`{each.default}`" if each.default else "none"
    cells = (f"`{each.key}`", each.type, each.unit or "–", default, each.what, each.why)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _comment(text: str) -> list[str]:
    lines, line = [], "#"
    for word in text.split():
        if len(line) + 1 + len(word) > _WIDTH:
            lines.append(line)
            line = "#"
        line += " " + word
    return [*lines, line]
