"""Named classes of institutions: whether one is in, is not, or nobody has declared what decides it. Pure.

Three answers, never two: what is not declared may not narrow a law.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from camera_gateway.compliance.context import Context
    from camera_gateway.domain.facts import FactValue
    from camera_gateway.domain.standard import Condition, Group


def in_group(group: Group, context: Context) -> tuple[bool | None, str]:
    """Return whether the institution is in a group, and what must be declared where that cannot be said."""
    answers = [(_meets(condition, context), condition) for condition in group.all or group.any]
    deciding = not group.all  # one yes decides "any", one no decides "all"
    if any(answer is deciding for answer, _ in answers):
        return deciding, ""
    open_ = [condition for answer, condition in answers if answer is None]
    if open_:
        return None, f"{fact_of(open_[0].field)} is not declared, so it is not known whether the rule applies"
    return not deciding, ""


def fact_of(field: str) -> str:
    """Return the fact that a group's field means."""
    return field if "." in field else f"institution.{field}"


def _meets(condition: Condition, context: Context) -> bool | None:
    fact = context.valid(context.institution.facts, fact_of(condition.field))
    return None if fact is None else _compare(condition, fact.value)


def _compare(condition: Condition, value: FactValue) -> bool:
    if condition.op == "in":
        return bool(value in condition.value)
    if condition.op == "eq":
        return bool(value == condition.value)
    if isinstance(value, bool | str | tuple):
        return False
    answers: dict[str, bool] = {
        "lt": value < condition.value,
        "le": value <= condition.value,
        "gt": value > condition.value,
        "ge": value >= condition.value,
    }
    return answers[condition.op]
