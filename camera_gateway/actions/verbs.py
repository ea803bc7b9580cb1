"""The table of verbs: the name that shell, control socket and HTTP share, its arguments, its one function.

Promises that nothing is done for a user whose grants do not allow it: each verb names the act that it is and the
places that it touches, and `perform` asks `access.permissions.may` before the verb sees its arguments (Z1). What was
refused leaves an audit row.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from camera_gateway.access.permissions import Act
from camera_gateway.access.rights import FORBIDDEN, SECOND, UNBOUND
from camera_gateway.actions import (
    accounts,
    admission,
    audit,
    backup,
    cameras,
    changing,
    discovering,
    drill,
    footage,
    health,
    holds,
    importing,
    institutions,
    jobs,
    passports,
    people,
    pictures_health,
    places,
    reports,
    reports_subject,
    retention,
    retention_rules,
    seals,
    showing,
    sites,
    system,
    timeline,
    today,
    viewings,
    watching,
)
from camera_gateway.actions.alert_verbs import ALERTS
from camera_gateway.actions.permitting import Unseen, permit, permitted_rows
from camera_gateway.actions.verb import Verb
from camera_gateway.actions.verbs_evidence import EVIDENCE
from camera_gateway.actions.verbs_judging import JUDGING
from camera_gateway.errors import InvalidInput, Refused, Unavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from camera_gateway.actions.gateway import Gateway
    from camera_gateway.actions.jobs import Job
    from camera_gateway.actions.places import Places
    from camera_gateway.catalogue.opening import Transaction
    from camera_gateway.domain.people import Actor

T = TypeVar("T")


_SEE, _MANAGE, _VIEW = Act.REGISTRY_SEE, Act.CAMERA_MANAGE, Act.FOOTAGE_VIEW

VERBS: Mapping[str, Verb] = {
    verb.name: verb
    for verb in (
        Verb("institution.add", institutions.AddInstitution, institutions.add, _MANAGE, places.new_institution),
        Verb(
            "institution.list",
            institutions.Nothing,
            institutions.list_,
            _SEE,
            places.anywhere,
            places.row_of_institution,
        ),
        Verb("institution.show", institutions.OneInstitution, institutions.show, _SEE, places.institution),
        Verb(
            "institution.change",
            changing.ChangeInstitution,
            changing.change_institution,
            _MANAGE,
            places.institution,
        ),
        Verb("site.add", sites.AddSite, sites.add, _MANAGE, places.institution),
        Verb("site.list", sites.ListSites, sites.list_, _SEE, places.anywhere, sites.row_of_site),
        Verb("camera.add", cameras.AddCamera, cameras.add, _MANAGE, places.new_camera),
        Verb("camera.list", cameras.ListCameras, cameras.list_, _SEE, places.anywhere, places.row_of_camera),
        Verb("camera.show", cameras.OneCamera, cameras.show, Act.HEALTH_SEE, places.camera),
        Verb("camera.state", cameras.OneCamera, showing.camera_state, Act.HEALTH_SEE, places.camera),
        Verb("camera.probe", cameras.ProbeCamera, cameras.probe_, _MANAGE, places.probed),
        Verb("camera.change", changing.ChangeCamera, changing.change_camera, _MANAGE, places.camera),
        Verb("camera.replace", changing.ReplaceDevice, changing.replace_device, _MANAGE, places.camera),
        Verb("camera.pause", cameras.OneCamera, cameras.pause, _MANAGE, places.camera),
        Verb("camera.resume", cameras.OneCamera, cameras.resume, _MANAGE, places.camera),
        Verb("camera.retire", cameras.OneCamera, cameras.retire, _MANAGE, places.camera),
        # where rows are to be is asked for row by row, when they are tried and when they are created
        Verb("camera.import", importing.ImportCameras, importing.cameras, _MANAGE, importing.places_of_import),
        Verb("camera.import-template", importing.OneTemplate, importing.camera_template, _MANAGE, places.anywhere),
        Verb("institution.import", importing.ImportInstitutions, importing.institutions, _MANAGE, places.anywhere),
        Verb(
            "institution.import-template",
            importing.OneTemplate,
            importing.institution_template,
            _MANAGE,
            places.anywhere,
        ),
        Verb("camera.discover", discovering.Discover, discovering.discover, _MANAGE, discovering.places_of_search),
        Verb("passport.show", passports.OneCamera, passports.show, Act.COVERAGE_SEE, places.camera),
        Verb("passport.set", passports.SetPassport, passports.set_, _MANAGE, places.camera),
        Verb("passport.picture", passports.OneCamera, passports.picture, _MANAGE, places.camera),
        Verb("passport.approve", passports.ApprovePicture, passports.approve, _MANAGE, places.camera),
        Verb("passport.reference", passports.GetPicture, passports.reference, _MANAGE, places.camera),
        Verb("passport.settle", passports.SettleDevice, passports.settle, _MANAGE, places.camera),
        # figures and verdicts, no picture: what is missing and why, like coverage
        Verb("picture.looks", footage.Span, pictures_health.list_looks, Act.COVERAGE_SEE, places.camera),
        Verb("picture.now", cameras.OneCamera, pictures_health.look_now, Act.HEALTH_SEE, places.camera),
        Verb("picture.night", pictures_health.NightPictureOf, pictures_health.night, _MANAGE, places.camera),
        Verb(
            "picture.night-approve", pictures_health.ApproveNight, pictures_health.approve_night, _MANAGE, places.camera
        ),
        Verb("footage.list", footage.Span, footage.list_, Act.COMPLIANCE_SEE, places.camera),
        Verb("footage.coverage", footage.Span, footage.coverage_, Act.COVERAGE_SEE, places.camera),
        Verb("footage.timeline", footage.Span, timeline.timeline, Act.COVERAGE_SEE, places.camera),
        Verb("footage.watch", watching.Watch, watching.watch, Act.FOOTAGE_VIEW, places.camera, asks_second=True),
        Verb(
            "footage.watch-segment",
            watching.WatchSegment,
            watching.watch_segment,
            Act.FOOTAGE_VIEW,
            places.camera,
            asks_second=True,
        ),
        # tells only whose it is; footage.watch-segment then asks for the second person
        Verb(
            "footage.segment",
            watching.OneSegment,
            watching.camera_of_segment,
            Act.FOOTAGE_VIEW,
            watching.place_of_segment,
            asks_second=True,
        ),
        Verb("footage.still", watching.WatchStill, watching.watch_still, _VIEW, places.camera, asks_second=True),
        Verb("footage.live", admission.Watcher, watching.watch_live, Act.LIVE_VIEW, places.camera),
        Verb("footage.fetch-plan", footage.Span, footage.fetch_plan, Act.FOOTAGE_VIEW, places.camera),
        *JUDGING,
        # over whom is asked by each of them, in the transaction of the change
        Verb("user.add", people.AddUser, people.add_user, Act.PEOPLE_MANAGE, places.anywhere),
        Verb("user.list", institutions.Nothing, people.list_users, Act.PEOPLE_MANAGE, places.anywhere),
        Verb("user.show", people.OneUser, showing.show_user, Act.PEOPLE_MANAGE, places.anywhere),
        Verb("user.disable", people.OneUser, people.disable_user, Act.PEOPLE_MANAGE, places.anywhere),
        Verb("user.role", people.ChangeRole, people.change_role, Act.PEOPLE_MANAGE, places.anywhere),
        Verb("user.invite", accounts.Invite, accounts.invite, Act.PEOPLE_MANAGE, places.anywhere),
        Verb(
            "user.totp-reset",
            accounts.ResetTotp,
            accounts.reset_totp,
            Act.SECOND_FACTOR_RESET,
            places.anywhere,
            asks_second=True,
        ),
        Verb("token.create", people.CreateToken, people.create_token, Act.ACCOUNT_OWN, places.anywhere),
        Verb("token.list", people.ListTokens, people.list_tokens, Act.ACCOUNT_OWN, places.anywhere),
        Verb("token.revoke", people.OneToken, people.revoke_token, Act.ACCOUNT_OWN, places.anywhere),
        Verb("retention.plan", retention.MakePlan, retention.plan, Act.RETENTION_SEE),
        Verb("retention.sweep", retention.Sweep, retention.sweep, Act.RETENTION_SWEEP),
        Verb("retention.certificate", retention.OnePlan, retention.certificate_, Act.RETENTION_SEE),
        Verb("retention.overdue", institutions.Nothing, retention.overdue, Act.RETENTION_SEE),
        Verb("retention.policy-list", institutions.Nothing, retention_rules.list_rules_, Act.RETENTION_SEE),
        Verb(
            "retention.policy-set",
            retention_rules.SetRule,
            retention_rules.set_rule,
            Act.RETENTION_SHORTEN,
            retention_rules.places_of_rule,
            asks_second=True,
        ),
        Verb("hold.place", holds.PlaceHold, holds.place, Act.HOLD_PLACE, holds.places_of_order),
        Verb("hold.list", holds.ListHolds, holds.list_, Act.HOLD_PLACE, places.anywhere, holds.row_of_hold),
        Verb("hold.show", showing.OneHold, showing.show_hold, Act.HOLD_PLACE, showing.places_of_hold),
        Verb("hold.lift", holds.LiftHold, holds.lift, Act.HOLD_LIFT, holds.places_of_hold, asks_second=True),
        Verb("hold.check", holds.CheckHolds, holds.check, Act.RETENTION_SEE),
        Verb("audit.list", audit.ListAudit, audit.list_, Act.AUDIT_SEE),
        Verb(
            "audit.viewings",
            viewings.ListViewings,
            viewings.list_,
            Act.AUDIT_SEE,
            places.anywhere,
            places.row_of_camera,
        ),
        Verb("audit.verify", institutions.Nothing, audit.verify, Act.AUDIT_SEE),
        Verb("seal.make", seals.MakeSeals, seals.make, Act.SEAL_MAKE),
        Verb("seal.rotate", seals.RotateKey, seals.rotate, Act.SEAL_KEY_CHANGE, asks_second=True),
        Verb("seal.verify", seals.VerifySeals, seals.verify, Act.AUDIT_SEE),
        *EVIDENCE,
        Verb("backup.begin", backup.BeginBackup, backup.begin, Act.SETTINGS_CHANGE),
        Verb("backup.made", backup.MadeBackup, backup.made, Act.SETTINGS_CHANGE),
        Verb(
            "report.make",
            reports_subject.MakeReport,
            reports.make,
            Act.REPORT_MAKE,
            reports_subject.places_of_making,
        ),
        # of a report on several institutions each is asked for
        Verb(
            "report.list",
            reports_subject.ListReports,
            reports.list_,
            Act.COMPLIANCE_SEE,
            reports_subject.places_of_list,
        ),
        Verb(
            "report.show",
            reports_subject.OneReport,
            reports.show,
            Act.COMPLIANCE_SEE,
            reports_subject.places_of_report,
        ),
        Verb("report.get", reports.GetReport, reports.get, Act.COMPLIANCE_SEE, reports_subject.places_of_report),
        Verb("drill", drill.DrillArgs, drill.drill, Act.COMPLIANCE_SEE),
        Verb("doctor", institutions.Nothing, health.doctor, Act.HEALTH_SEE),
        Verb("check", health.CheckArgs, health.check, Act.HEALTH_SEE),
        Verb("status", institutions.Nothing, health.status, Act.HEALTH_SEE),
        *ALERTS,
        # what needs somebody is asked for finding by finding, each job by whose it is and by what it does
        Verb("today", institutions.Nothing, today.today, _SEE, places.anywhere),
        Verb("system.show", institutions.Nothing, system.show, Act.HEALTH_SEE),
        Verb("role.list", institutions.Nothing, showing.list_roles, _SEE, places.anywhere),
        Verb("job.list", jobs.ListJobs, jobs.list_, _SEE, places.anywhere),
        Verb("job.show", jobs.OneJob, jobs.show, _SEE, places.anywhere),
        Verb("job.cancel", jobs.OneJob, jobs.cancel, _SEE, places.anywhere),
    )
}


async def perform(gateway: Gateway, actor: Actor, name: str, raw: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """Parse the arguments of a verb, ask for the right to it, and do it. `GatewayError` for everything expected."""
    verb, arguments = _parsed(name, raw)
    with_refusals = _allowed(gateway, actor, verb, arguments)
    return await _refusals_audited(gateway, actor, name, with_refusals)


async def begin(gateway: Gateway, actor: Actor, name: str, raw: Mapping[str, Any]) -> Job:
    """Let a verb be done as a job, and return that at once; what is refused is refused now.

    The right is asked for again when the job's turn comes. `Unavailable` where no service runs.
    """
    verb, arguments = _parsed(name, raw)
    if gateway.jobs is None:
        raise Unavailable("no service runs, so there are no jobs", hint="start: camera-gateway run")

    def touched(tx: Transaction) -> Places:
        if actor.kind in UNBOUND:
            return verb.places(tx, arguments)
        return permit(tx, actor, verb, arguments)

    places_of_job = await _refusals_audited(gateway, actor, name, gateway.read(touched))

    async def work(told: Callable[[int, int | None, str], None]) -> Any:  # noqa: ANN401 - JSON
        return await perform(replace(gateway, progress=told), actor, name, raw)

    return gateway.jobs.start(name, actor, verb.act, places_of_job, work)


def _parsed(name: str, raw: Mapping[str, Any]) -> tuple[Verb, BaseModel]:
    verb = VERBS.get(name)
    if verb is None:
        hint = "client and service are of different versions; restart both"
        raise InvalidInput(f"no such verb: {name[:40]!r}", hint=hint)
    try:
        return verb, verb.arguments.model_validate(dict(raw))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise InvalidInput(f"{name}: {field}: {first['msg']}", hint="see camera-gateway --help") from None


async def _refusals_audited(gateway: Gateway, actor: Actor, name: str, work: Awaitable[T]) -> T:
    """Await what may refuse; a refusal for want of a right leaves its audit row, and so does what cannot be seen."""
    try:
        return await work
    except (Refused, Unseen) as error:
        if isinstance(error, Unseen) or error.code in {FORBIDDEN, SECOND}:
            reason = error.reason if isinstance(error, Unseen) else error.message
            await gateway.write(actor, lambda tx: tx.audit("access.refused", f"verb:{name}", reason=reason))
        raise


async def _allowed(gateway: Gateway, actor: Actor, verb: Verb, arguments: BaseModel) -> Any:  # noqa: ANN401 - JSON
    """Do the verb as far as the actor's rights go: not at all (`Refused`), for some rows of a list, or whole."""
    if actor.kind in UNBOUND:
        return await verb.work(gateway, actor, arguments)
    await gateway.read(lambda tx: permit(tx, actor, verb, arguments))
    result = await verb.work(gateway, actor, arguments)
    if verb.row is None:
        return result
    return await gateway.read(lambda tx: permitted_rows(tx, actor, verb, arguments, result))
