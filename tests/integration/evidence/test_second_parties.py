"""Second parties that get each seal: a mailbox, a bucket on a server of their own; and the night in which they do."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError
from support.evidence_house import CAMERAS, House, evidence_house
from support.mailbox import Mailbox
from support.seaweed import Seaweed

from camera_gateway.clock import US, SystemClock
from camera_gateway.errors import Unavailable
from camera_gateway.evidence.mail_witness import MailWitness, Post
from camera_gateway.evidence.witness import opened_witness
from camera_gateway.roles.sealing import NIGHT, seal_nightly
from camera_gateway.settings.schema import WitnessSettings
from camera_gateway.supervision import Stop
from camera_gateway.timetable import Bell, timetable
from storage.s3 import S3Address, S3Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage

POST = Post("127.0.0.1", 0, "none", None, None, "gateway@kg.example.kz", "seals@auditor.example.kz")


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with Mailbox() as made:
        yield made


def attached(message: EmailMessage) -> dict[str, bytes]:
    return {str(part.get_filename()): part.get_payload(decode=True) for part in message.iter_attachments()}  # type: ignore[misc]


def sealed_texts(house: House) -> dict[str, bytes]:
    """Seals and signatures in the bucket, by name."""
    store, found = house.people.gateway.store, {}
    for blob in store.list("v1/kg-12/seals/"):
        if "/SEAL." not in blob.key:
            continue
        with store.get(blob.key) as chunks:
            found[blob.key.rpartition("/")[2]] = b"".join(chunks)
    return found


async def test_each_seal_is_one_message_with_text_and_signature_bit_for_bit(mailbox: Mailbox, tmp_path: Path) -> None:
    more = f"""[witness]
kind = "mail"
name = "Auditor, Almaty"
mail_to = "seals@auditor.example.kz"
mail_from = "gateway@kg.example.kz"
smtp_host = "127.0.0.1"
smtp_port = {mailbox.port}
smtp_tls = "none"
"""
    with evidence_house(tmp_path, more=more) as house:
        house.record(CAMERAS[0])
        mailbox.refuses = True
        house.clock.step_wall(2 * 86_400 * US)
        made = await house.people.do(house.alia, "seal.make")
        assert (made["witness"], made["waiting_for_witness"]) == ("Auditor, Almaty", len(made["sealed"]))
        mailbox.refuses = False
        assert (await house.people.do(house.alia, "seal.make"))["waiting_for_witness"] == 0
        texts = sealed_texts(house)
    assert {name: data for message in mailbox.messages for name, data in attached(message).items()} == texts
    assert len(mailbox.messages) == len(texts) // 2
    first = mailbox.messages[0]
    assert first["To"] == "seals@auditor.example.kz"
    assert first["Subject"].startswith("SEAL.")
    assert b"\nwitness: Auditor, Almaty\n" in next(iter(texts.values())) + b"".join(texts.values())


def test_a_server_without_tls_gets_nothing_when_tls_is_asked_for(mailbox: Mailbox) -> None:
    post = replace(POST, port=mailbox.port, tls="starttls", user="seals", password="not for everybody")
    witness = MailWitness("auditor", post, SystemClock().now_us)
    witness.keep("v1/kg/seals/kg/2026-11-21/SEAL.2026-11-21.txt", b"text", 0)
    with pytest.raises(Unavailable) as refused:
        witness.keep("v1/kg/seals/kg/2026-11-21/SEAL.2026-11-21.sig", b"signature", 0)
    assert mailbox.messages == []
    assert "not for everybody" not in " ".join([*mailbox.commands, str(refused.value), repr(post), repr(witness)])


def test_a_password_is_never_sent_in_the_clear_and_halves_of_settings_are_refused() -> None:
    whole: dict[str, Any] = {"kind": "mail", "mail_to": "a@b", "mail_from": "c@d", "smtp_host": "mail"}
    account = {"smtp_user": "u", "smtp_password_file": Path("p")}
    assert WitnessSettings(**whole, **account).smtp_tls == "starttls"
    for wrong in (
        {**whole, **account, "smtp_tls": "none"},
        {**whole, "smtp_user": "u"},
        {**whole, "mail_to": None},
        {**whole, "mail_to": "a b@c"},
    ):
        with pytest.raises(ValidationError):
            WitnessSettings(**wrong)


async def test_a_bucket_on_another_server_keeps_copies_that_cannot_be_replaced(tmp_path: Path) -> None:
    with Seaweed(tmp_path / "theirs") as server:
        address = S3Address(server.endpoint, "us-east-1", "their-seals", server.access_key, server.secret_key)
        store = S3Store(address, SystemClock().now_us)
        store.ensure_bucket()
        for name, secret in (("access", server.access_key), ("secret", server.secret_key)):
            (tmp_path / name).write_text(secret)
            (tmp_path / name).chmod(0o600)
        more = f"""[witness]
kind = "s3"
name = "Auditor"
endpoint = "{server.endpoint}"
bucket = "their-seals"
access_key_file = "{tmp_path}/access"
secret_key_file = "{tmp_path}/secret"
"""
        with evidence_house(tmp_path / "ours", more=more) as house:
            house.record(CAMERAS[0])
            await house.seal()
            texts = sealed_texts(house)
            theirs = {}
            for blob in store.list("v1/"):
                with store.get(blob.key) as chunks:
                    theirs[blob.key.rpartition("/")[2]] = b"".join(chunks)
            assert theirs == texts
            settings = house.loaded.settings.witness
            with opened_witness(settings, house.clock.now_us) as witness:
                assert witness is not None
                key = next(blob.key for blob in store.list("v1/") if blob.key.endswith(".txt"))
                with pytest.raises(Exception, match="has another"):
                    witness.keep(key, b"a history made anew", 0)
            server.stop()
            house.clock.step_wall(86_400 * US)
            waiting = await house.people.do(house.alia, "seal.make")
            assert (waiting["findings"], waiting["waiting_for_witness"]) == ([], len(waiting["sealed"]))
        store.close()


async def test_each_night_the_day_before_is_sealed_and_missed_nights_with_it(tmp_path: Path) -> None:
    async with timetable() as table:
        table.daily(NIGHT, "UTC", "seal")
        ring_us = table.next_ring_us("seal")
    assert ring_us is not None
    assert ring_us % (86_400 * US) == 1_800 * US, "half past midnight UTC"
    with evidence_house(tmp_path) as house:
        house.record(CAMERAS[0])
        gateway, bell, stop = house.people.gateway, Bell("seal"), Stop()
        house.clock.step_wall(86_400 * US - house.clock.now_us() % (86_400 * US))  # midnight: nothing is due yet
        async with asyncio.timeout(30), asyncio.TaskGroup() as group:
            group.create_task(seal_nightly(gateway, bell, stop))
            for nights, days in ((0, 1), (1, 2), (3, 5)):
                house.clock.step_wall(max(nights * 86_400, 1_800) * US)
                bell.ring()
                while len(sealed_texts(house)) // 2 < days:  # noqa: ASYNC110 - a bucket rings no bell
                    await asyncio.sleep(0)
            stop.request()
        assert len(sealed_texts(house)) == 10
