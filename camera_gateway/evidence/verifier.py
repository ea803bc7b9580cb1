"""Checks an evidence package, a zip of one, or a directory of a bucket's files: python3 verify.py PATH.

Needs nothing but Python 3.11 and its standard library: it travels in each package as verify.py, and whoever distrusts
it can read it, or use verify.sh. Promises to name each file that is not what was sealed, and to claim no more than
the seals prove: these bytes were listed by that day, and nothing in the lists has changed since. It reads, and
changes nothing; it must import nothing of the gateway.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import re
import sys
import zipfile
import zlib
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any

DAY = r"(?P<day>\d{4}-\d{2}-\d{2})(?:\.a(?P<addendum>[1-9]\d*))?"
SEAL = re.compile(rf"SEAL\.{DAY}\.txt")
MANIFEST = re.compile(rf"(?P<camera>[a-z0-9-]+)\.{DAY}\.(?P<kind>SHA256SUMS|INDEX\.jsonl|GAPS\.tsv)")
TOMBSTONES = re.compile(rf"TOMBSTONES\.{DAY}\.tsv")
REGISTRY = re.compile(rf"REGISTRY\.{DAY}\.[0-9a-f]{{16}}\.json")
SEGMENT = re.compile(r"\d{16}-[0-9a-f]{16}\.mp4")
EXPORT = re.compile(r"EXPORT\.(txt|sig|tsr|p7s)")
HEAD = re.compile(r"HEAD\.txt")
BESIDE = re.compile(
    r"verify\.(py|sh)|HOW-TO-VERIFY\.(kk|ru|en)\.txt|EXPORT\.(txt|sig|tsr|p7s)|(SEAL\..*\.(sig|tsr|p7s))|HEAD\.(txt|sig)"
)
HASH_LINE = re.compile(r"([0-9a-f]{64})  (.+)")
DER_HEAD = bytes.fromhex("302a300506032b6570032100")  # RFC 8410: an Ed25519 SubjectPublicKeyInfo but for its 32 bytes
KINDS = ("SHA256SUMS", "INDEX.jsonl", "GAPS.tsv")
CHUNK = 1 << 20
LONGEST_TEXT = 1 << 26
DAY_S = 86_400
KEY_BYTES, SIGNATURE_BYTES = 32, 64
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError)  # the last: encrypted, or packed in a strange way


class Files:
    """The files of a directory or a zip by their path, links and doubles set apart as `odd`."""

    def __init__(self, root: Path) -> None:
        self.odd: dict[str, str] = {}
        self._places: dict[str, Path | zipfile.ZipInfo] = {}
        self._hashes: dict[str, str] = {}
        self._zip = None if root.is_dir() else zipfile.ZipFile(root)
        if self._zip is None:
            for path in sorted(root.rglob("*")):
                name = path.relative_to(root).as_posix()
                if path.is_symlink() or not (path.is_dir() or path.is_file()):
                    self.odd[name] = "not a plain file"
                elif path.is_file():
                    self._places[name] = path
            return
        for info in self._zip.infolist():
            if info.filename in self._places:
                self.odd[info.filename] = "twice in the archive"
            elif info.filename.startswith("/") or ".." in info.filename.split("/") or "\\" in info.filename:
                self.odd[info.filename] = "not a name of a file in a package"
            elif not info.is_dir():
                self._places[info.filename] = info

    def names(self) -> list[str]:
        """Every path, sorted."""
        return sorted(self._places)

    def open(self, name: str) -> IO[bytes]:
        """Open a file for reading."""
        place = self._places[name]
        if isinstance(place, Path):
            return place.open("rb")
        assert self._zip is not None  # noqa: S101 - a zip's member is from a zip
        return self._zip.open(place)

    def text(self, name: str) -> bytes:
        """Return the bytes of a small file; none when the archive is damaged there."""
        try:
            with self.open(name) as file:
                return file.read(LONGEST_TEXT)
        except DAMAGED:
            return b""

    def sha256(self, name: str) -> str:
        """Return the SHA-256 of a file of any size, taken once."""
        if name not in self._hashes:
            digest = hashlib.sha256()
            try:
                with self.open(name) as file:
                    while data := file.read(CHUNK):
                        digest.update(data)
                self._hashes[name] = digest.hexdigest()
            except DAMAGED:
                self._hashes[name] = "unreadable"
        return self._hashes[name]

    def close(self) -> None:
        """Let go of the archive."""
        if self._zip is not None:
            self._zip.close()


@dataclass
class Findings:
    """What was found: failures by file, and what a reader should know besides."""

    failures: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def fail(self, name: str, reason: str) -> None:
        """Name a file that is not what was sealed."""
        if (name, reason) not in self.failures:
            self.failures.append((name, reason))

    def lines(self) -> list[str]:
        """Return what there is to say, a line each."""
        said = [f"FAIL  {name}: {reason}" for name, reason in self.failures] + [f"note  {note}" for note in self.notes]
        looked = ", ".join(f"{number} {what}" for what, number in self.counts.items()) or "nothing"
        return [*said, f"{'FAILED' if self.failures else 'OK'}: {len(self.failures)} failures; sound: {looked}"]

    def as_json(self) -> dict[str, Any]:
        """Return the document of --json."""
        failures = [{"file": name, "reason": reason} for name, reason in self.failures]
        return {"ok": not failures, "failures": failures, "notes": self.notes, "counts": dict(self.counts)}


@dataclass
class Signed:
    """A signed text: the head before `---` as names and values, the files after it. `sound` once its signature fits."""

    path: str
    head: dict[str, str]
    files: dict[str, str]
    sound: bool = False


@dataclass(frozen=True)
class Listed:
    """A segment as the manifests list it; times None where only SHA256SUMS could be used."""

    sha256: str
    day: str
    camera: str
    start: str | None = None
    end: str | None = None


def parse_signed(text: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return the head's names and values, and hashes by name; `ValueError` for anything else."""
    top, end, body = text.partition("\n---\n")
    fields = [part.partition(": ") for line in top.split("\n") for part in line.split("   ")]
    lines = [HASH_LINE.fullmatch(line) for line in body.split("\n")[:-1]]
    head = {name: value for name, _, value in fields}
    files = {match[2]: match[1] for match in lines if match is not None}
    if not end or len(head) < len(fields) or not all(colon for _, colon, _ in fields):
        msg = "no head of names and values"
        raise ValueError(msg)
    if len(files) < len(lines) or body[-1:] not in {"", "\n"}:
        msg = "no list of hashes and names"
        raise ValueError(msg)
    return head, files


def verify(root: Path, fingerprint: str | None = None) -> Findings:
    """Check everything under `root`, a directory or a zip; `fingerprint` is the one on paper, if there is one.

    Raises OSError and zipfile.BadZipFile for what cannot be read.
    """
    files = Files(root)
    try:
        check = _Check(files, fingerprint)
        check.run()
        return check.found
    finally:
        files.close()


class _Check:
    """One run over one set of files; the steps share what they learn."""

    def __init__(self, files: Files, fingerprint: str | None) -> None:
        self.files = files
        self.found = Findings()
        self.anchor, self.given = fingerprint, fingerprint is not None
        self.keys: dict[str, tuple[str, bytes]] = {}  # fingerprint -> path, key
        self.seals: list[Signed] = []
        self.paths: dict[str, list[str]] = {}  # last part of a path -> paths
        for path in files.names():
            self.paths.setdefault(path.rpartition("/")[2], []).append(path)
        self.usable: set[str] = set()  # manifests that are what a seal says
        self.listed: dict[str, Listed] = {}
        self.unlisted_days = 0
        self.gone: set[str] = set()  # hashes with a sealed tombstone

    def run(self) -> None:
        for name, reason in self.files.odd.items():
            self.found.fail(name, reason)
        self._read_keys()
        self._spread_trust()
        self._read_seals()
        self._follow_the_chain()
        self._check_manifests()
        export = self._read_export()
        self._check_segments(export)
        self._check_the_rest(export)
        self._account()

    # keys and signatures

    def _read_keys(self) -> None:
        for path in self.files.names():
            if path.endswith(".pub"):
                body = b"".join(line for line in self.files.text(path).splitlines() if not line.startswith(b"-----"))
                try:
                    der = base64.b64decode(body, validate=True)
                except binascii.Error:
                    der = b""
                if not der.startswith(DER_HEAD) or len(der) != len(DER_HEAD) + KEY_BYTES:
                    self.found.fail(path, "not an Ed25519 public key")
                    continue
                self.keys["SHA256:" + hashlib.sha256(der).hexdigest()] = path, der[len(DER_HEAD) :]
        if self.anchor is not None:
            self.anchor = "SHA256:" + self.anchor.strip().removeprefix("SHA256:").lower()
            if self.anchor not in self.keys:
                for path, _ in self.keys.values() or [("seal.pub", b"")]:
                    self.found.fail(path, f"not the key whose fingerprint was given: {self.anchor}")
        elif self.keys:
            shown = next((f for f, (path, _) in self.keys.items() if path.endswith("seal.pub")), next(iter(self.keys)))
            self.anchor = shown
            self.found.notes.append(f"signed with key {shown}: compare it with the fingerprint on paper")
        self.trusted = {self.anchor}

    def _spread_trust(self) -> None:
        """Trust the keys that a trusted one vouches for: a seal the next key, EXPORT.txt each key that it lists."""
        texts = {path for path, _ in self._named(SEAL) + self._named(re.compile(r"EXPORT\.txt"))}
        while len(self.keys) > 1 and texts:
            vouching = {path for path in texts if self._vouches(path)}
            if not vouching:
                return
            texts -= vouching

    def _vouches(self, path: str) -> bool:
        """Take over the keys that a text names, if a trusted key has signed it."""
        try:
            head, files = parse_signed(self.files.text(path).decode())
        except ValueError:
            return False
        named = head.get("key", "").removeprefix("ed25519 ")
        signature = f"{path.removesuffix('.txt')}.sig"
        if named not in self.trusted or named not in self.keys or signature not in self.files.names():
            return False
        if not ed25519_verifies(self.keys[named][1], self.files.text(path), self.files.text(signature)):
            return False
        self.trusted.add(head.get("next-key", "-").removeprefix("ed25519 "))
        base = path.removesuffix("EXPORT.txt")
        self.trusted |= {
            fingerprint
            for fingerprint, (key_path, _) in self.keys.items()
            if base != path and files.get(key_path.removeprefix(base)) == self.files.sha256(key_path)
        }
        return True

    def _is_signed(self, signed: Signed, signature_path: str) -> bool:
        """Whether the signature of a text fits; who is to blame is named."""
        named = signed.head.get("key", "").removeprefix("ed25519 ")
        if not self.keys:
            self.found.fail(signed.path, "cannot be checked: there is no public key (seal.pub)")
            return False
        if signature_path not in self.paths.get(signature_path.rpartition("/")[2], []):
            self.found.fail(signature_path, "missing: nothing shows who signed")
            return False
        signature, text = self.files.text(signature_path), self.files.text(signed.path)
        if named in self.keys and ed25519_verifies(self.keys[named][1], text, signature):
            if named in self.trusted:
                return True
            path = self.keys[named][0]
            if path not in {name for name, _ in self.found.failures}:
                self.found.fail(path, "a key that was neither given nor announced by an earlier seal")
            return False
        if named in self.keys or self.given or not named.startswith("SHA256:"):
            self.found.fail(signed.path, "its signature does not fit: text or signature was changed")
            return False
        for path, _ in self.keys.values():
            self.found.fail(path, f"not the key that {signed.path} names: {named}")
        return False

    def _signed(self, path: str) -> Signed | None:
        """Read a text of names and values, `---`, hashes and names; None, and said, when it is not one."""
        try:
            return Signed(path, *parse_signed(self.files.text(path).decode()))
        except ValueError as error:
            self.found.fail(path, f"not readable as a signed text ({error})")
            return None

    def _read_seals(self) -> None:
        found = [(m["day"], int(m["addendum"] or 0), p, m) for p, m in self._named(SEAL)]
        seen: dict[tuple[str, ...], str] = {}
        for day, addendum, path, _ in sorted(found, key=lambda item: item[:3]):
            seal = self._signed(path)
            if seal is None:
                continue
            seal.sound = self._is_signed(seal, f"{path.removesuffix('.txt')}.sig")
            self.seals.append(seal)
            said = seal.head.get("day-utc", "?"), seal.head.get("addendum", "?")
            if seal.sound and said != (day, f"a{addendum}" if addendum else "-"):
                self.found.fail(path, f"is the seal of {said[0]} ({said[1]}) under another name")
                seal.sound = False
            who = (seal.head.get("institution", ""), seal.head.get("site", ""), *said)
            if seal.sound and who in seen and self.files.sha256(seen[who]) != self.files.sha256(path):
                self.found.fail(path, f"a second seal of the day of {seen[who]}")
                seal.sound = False
            if seal.sound:
                seen.setdefault(who, path)
                self.trusted.add(seal.head.get("next-key", "-").removeprefix("ed25519 "))
                self.found.counts["seals"] += 1
                if seal.head.get("witness") == "NONE":
                    self.found.notes.append(f"{path}: witness NONE, nobody outside the installation has a copy")

    def _follow_the_chain(self) -> None:
        """Each seal names the one before it; a seal of the day names the addenda made since the last one."""
        for seal in self.seals:
            if seal.sound:
                here = {s.path.rpartition("/")[2]: s for s in self.seals if self._site(s) == self._site(seal)}
                self._look_back(seal, here)
                self._look_at_addenda(seal, here)

    def _look_back(self, seal: Signed, here: dict[str, Signed]) -> None:
        me, before = seal.path.rpartition("/")[2], seal.head.get("prev-seal", "-")
        if before in here:
            if here[before].sound and self.files.sha256(here[before].path) != seal.head.get("prev-seal-sha256"):
                self.found.fail(here[before].path, f"not the seal that {me} follows: put back or made anew")
            return
        older = [name for name in here if seal.head.get("addendum") == "-" and name[5:15] < me[5:15]]
        if older and before == "-":
            self.found.fail(seal.path, f"says that it is the first of its site, and {max(older)} is older")
        elif older:
            self.found.notes.append(f"the seals after {max(older)} up to {before} are not here")

    def _look_at_addenda(self, seal: Signed, here: dict[str, Signed]) -> None:
        me = seal.path.rpartition("/")[2]
        for name, sha256 in seal.files.items():
            match = SEAL.fullmatch(name)
            if match is not None and name in here:
                if here[name].sound and self.files.sha256(here[name].path) != sha256:
                    self.found.fail(here[name].path, f"not the addendum that {me} names")
            elif match is not None and f"SEAL.{match['day']}.txt" in here:
                self.found.fail(name, f"missing: {me} names it")

    def _site(self, seal: Signed) -> tuple[str | None, str | None]:
        return seal.head.get("institution"), seal.head.get("site")

    def _named(self, pattern: re.Pattern[str]) -> list[tuple[str, re.Match[str]]]:
        return [(p, m) for name, ps in self.paths.items() if (m := pattern.fullmatch(name)) for p in ps]

    # lists

    def _check_manifests(self) -> None:
        named = self._named_by_seals()
        days: dict[tuple[str, str, str], dict[str, str]] = {}
        for path, match in self._named(MANIFEST) + self._named(TOMBSTONES) + self._named(REGISTRY):
            name = path if path in named else match[0]
            if name not in named:
                self._fail_unnamed(path, match)
            elif named[name][1].sound and self.files.sha256(path) != named[name][0]:
                self.found.fail(path, f"not the list that {named[name][1].path} names: it was changed")
            elif named[name][1].sound:
                self.usable.add(path)
                self.found.counts["manifests"] += 1
            if match.re is MANIFEST:
                key = match["camera"], match["day"], match["addendum"] or ""
                days.setdefault(key, {})[match["kind"]] = path
            elif path in self.usable and match.re is TOMBSTONES:
                self._read_tombstones(path)
        for (camera, day, addendum), kinds in sorted(days.items()):
            for kind in KINDS:
                if kind not in kinds:
                    beside = next(iter(kinds.values())).rpartition("/")
                    added = f".a{addendum}" if addendum else ""
                    self.found.fail(f"{beside[0]}{beside[1]}{camera}.{day}{added}.{kind}", "missing")
            self._read_lists(camera, day, kinds)

    def _named_by_seals(self) -> dict[str, tuple[str, Signed]]:
        """Return hash and seal of each list, by its name and by where it would be beside its seal.

        Tombstones of two sites have one name; a package and a bucket keep them in the folder of their seal.
        """
        by_soundness = sorted(self.seals, key=lambda seal: seal.sound)  # so that a sound one has the last word
        named = {name: (sha256, seal) for seal in by_soundness for name, sha256 in seal.files.items()}
        for seal in by_soundness:
            folder = seal.path.removesuffix(seal.path.rpartition("/")[2])
            named |= {folder + name: (sha256, seal) for name, sha256 in seal.files.items()}
        return named

    def _fail_unnamed(self, path: str, match: re.Match[str]) -> None:
        added = f".a{match['addendum']}" if match["addendum"] else ""
        seal = f"SEAL.{match['day']}{added}.txt"
        here = [s for s in self.seals if s.path.rpartition("/")[2] == seal]
        if not here:
            self.found.fail(seal, "missing: without it nothing proves the lists of its day")
        elif all(s.sound for s in here):
            self.found.fail(path, f"added: {seal} does not name it")

    def _read_tombstones(self, path: str) -> None:
        rows = [line.split("\t") for line in self.files.text(path).decode().splitlines()]
        if rows and "sha256" in rows[0]:
            column = rows[0].index("sha256")
            self.gone |= {row[column] for row in rows[1:] if len(row) > column}

    def _read_lists(self, camera: str, day: str, kinds: dict[str, str]) -> None:
        """Take what SHA256SUMS and INDEX.jsonl list, as far as they are what was sealed."""
        sums, index = kinds.get("SHA256SUMS", ""), kinds.get("INDEX.jsonl", "")
        listed: dict[str, Listed] = {}
        hashes: dict[str, str] = {}
        if index in self.usable:
            try:
                for line in self.files.text(index).decode().splitlines():
                    v = json.loads(line)
                    listed[v["key"].rpartition("/")[2]] = Listed(v["sha256"], day, camera, v["start"], v["end"])
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                self.found.fail(index, f"not readable as an index ({error})")
        if sums in self.usable:
            lines = (HASH_LINE.fullmatch(line) for line in self.files.text(sums).decode().splitlines())
            hashes = {match[2]: match[1] for match in lines if match is not None}
        if {sums, index} <= self.usable and hashes != {name: item.sha256 for name, item in listed.items()}:
            self.found.fail(sums, "does not list what INDEX.jsonl lists")
        self.unlisted_days += not {sums, index} & self.usable
        self.listed |= {name: Listed(sha256, day, camera) for name, sha256 in hashes.items()} | listed

    def _read_export(self) -> Signed | None:
        paths = [path for path, _ in self._named(re.compile(r"EXPORT\.txt"))]
        for path in paths[1:]:
            self.found.fail(path, "a second EXPORT.txt")
        export = self._signed(paths[0]) if paths else None
        if export is not None:
            export.sound = self._is_signed(export, f"{export.path.removesuffix('.txt')}.sig")
        return export

    # files

    def _check_segments(self, export: Signed | None) -> None:
        by_hash = {item.sha256: name for name, item in self.listed.items()}
        named = self._exported(export)
        present: set[str] = set()
        unchecked = 0
        for path in self.files.names():
            name = path.rpartition("/")[2]
            if name in self.listed:
                present.add(name)
                sha256 = self.files.sha256(path)
                if sha256 == self.listed[name].sha256:
                    self.found.counts["segments"] += 1
                elif sha256 in by_hash:
                    self.found.fail(path, f"holds the bytes of {by_hash[sha256]}")
                else:
                    self.found.fail(path, "its bytes were changed: another SHA-256 than the listed one")
            elif path not in named and not self._belongs(name):
                known = by_hash.get(self.files.sha256(path))
                if known is not None:
                    present.add(known)
                    self.found.fail(path, f"is {known} under another name")
                elif SEGMENT.fullmatch(name) and self.unlisted_days:
                    unchecked += 1
                else:
                    self.found.fail(path, "added: no list names it")
        if unchecked:
            self.found.notes.append(f"{unchecked} segments could not be checked: no sound list names them")
        self._find_missing(present, export)

    def _find_missing(self, present: set[str], export: Signed | None) -> None:
        days = {(item.camera, item.day) for name, item in self.listed.items() if name in present}
        for name, item in sorted(self.listed.items()):
            if name in present or item.sha256 in self.gone or not _in_scope(item, export):
                continue
            if export is None and (item.camera, item.day) not in days:
                self.found.fail(f"{item.camera}.{item.day}.SHA256SUMS", "none of the segments that it lists is here")
            else:
                self.found.fail(name, "missing")

    def _belongs(self, name: str) -> bool:
        patterns = (SEAL, MANIFEST, TOMBSTONES, REGISTRY, BESIDE)
        return name.endswith(".pub") or any(pattern.fullmatch(name) for pattern in patterns)

    def _exported(self, export: Signed | None) -> dict[str, str]:
        if export is None:
            return {}
        base = export.path.removesuffix("EXPORT.txt")
        return {base + name: sha256 for name, sha256 in export.files.items()}

    def _check_the_rest(self, export: Signed | None) -> None:
        """Look whether all that EXPORT.txt lists is there and nothing else, and each signature has its text."""
        everything = set(self.files.names())
        if export is not None and export.sound:
            self._check_export(export, everything, {name for name, _ in self.found.failures})
        for path, _ in self._named(HEAD):
            head_of_audit = self._signed(path)
            if head_of_audit is not None and self._is_signed(head_of_audit, f"{path.removesuffix('.txt')}.sig"):
                self.found.counts["heads of the audit log"] += 1
        for path in sorted(everything):
            if path.endswith(".sig") and f"{path.removesuffix('.sig')}.txt" not in everything:
                self.found.fail(f"{path.removesuffix('.sig')}.txt", "missing: only its signature is here")
        head = export.head if export is not None and export.sound else {}
        said = any(SEAL.fullmatch(n.rpartition("/")[2]) for n, _ in self.found.failures)
        if not self.seals and not said and head.get("sealed-days") != "-":
            self.found.fail("SEAL.txt", "missing: there is no seal here, and so nothing is proven")
        days = head.get("unsealed-days", "-")
        if days != "-":
            self.found.notes.append(f"not sealed when it was exported: {days}; EXPORT.txt alone vouches for it")

    def _check_export(self, export: Signed, everything: set[str], failed: set[str]) -> None:
        named = self._exported(export)
        for path, sha256 in sorted(named.items()):
            if path in everything:
                if path not in failed and self.files.sha256(path) != sha256:
                    self.found.fail(path, "not the file that EXPORT.txt lists: it was changed")
            elif path.rpartition("/")[2] not in failed:
                self.found.fail(path, "missing: EXPORT.txt lists it")
        for path in sorted(everything - named.keys() - failed):
            if not EXPORT.fullmatch(path.rpartition("/")[2]):
                self.found.fail(path, "added: EXPORT.txt does not list it")

    def _account(self) -> None:
        """Say how much of each day is in no segment and no gap: it is no failure, and it is no evidence either."""
        spans: dict[tuple[str, str], list[tuple[str, str]]] = {}
        for item in self.listed.values():
            if item.start is not None and item.end is not None:
                spans.setdefault((item.camera, item.day), []).append((item.start, item.end))
        for path, match in self._named(MANIFEST):
            if match["kind"] == "GAPS.tsv" and path in self.usable:
                rows = [line.split("\t") for line in self.files.text(path).decode().splitlines()[1:]]
                spans.setdefault((match["camera"], match["day"]), []).extend((row[0], row[1]) for row in rows)
        for (camera, day), known in sorted(spans.items()):
            missing_s = DAY_S - _covered_s(day, known)
            if missing_s >= 1:
                self.found.notes.append(
                    f"{camera} {day}: {missing_s:.1f} s are in no segment and in no gap listed here"
                )


def _in_scope(item: Listed, export: Signed | None) -> bool:
    """Whether a listed segment has to be here: all of a day, of a package what touches its span."""
    if export is None or not export.sound:
        return export is None
    cameras, since, until = (export.head.get(name, "") for name in ("camera", "from", "to"))
    if item.camera not in cameras.split() or item.start is None or item.end is None:
        return False
    return _time(item.start) < _time(until) and _time(item.end) > _time(since)


def _covered_s(day: str, spans: list[tuple[str, str]]) -> float:
    start = _time(f"{day}T00:00:00Z")
    covered, at = 0.0, start
    for since, until in sorted((_time(a), _time(b)) for a, b in spans):
        begin, end = max(since, at), min(until, start + DAY_S)
        if end > begin:
            covered, at = covered + end - begin, end
    return covered


def _time(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


# Ed25519, checking only: RFC 8032, sections 5.1.3 and 5.1.7; points in extended coordinates X, Y, Z, T

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)
Point = tuple[int, int, int, int]
ZERO: Point = (0, 1, 1, 0)


def ed25519_verifies(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether `signature` (64 bytes) of `message` was made with the private half of `key` (32 bytes)."""
    if len(key) != KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        return False
    a, r, s = _point(key), _point(signature[:32]), int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    base = _point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))
    assert base is not None  # noqa: S101 - the standard's own point
    return _same(_times(s, base), _add(r, _times(k, a)))


def _point(data: bytes) -> Point | None:
    """Decode a point; None for what is none."""
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & ((1 << 255) - 1)
    if y >= P:
        return None
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * v**3 * pow(u * v**7, (P - 5) // 8, P) % P
    if (v * x * x - u) % P:
        x = x * ROOT % P
    if (v * x * x - u) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


def _add(a: Point, b: Point) -> Point:
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    c, d = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = f - e, d - c, d + c, f + e
    return e * f % P, g * h % P, f * g % P, e * h % P


def _times(number: int, point: Point) -> Point:
    result = ZERO
    while number:
        if number & 1:
            result = _add(result, point)
        point, number = _add(point, point), number >> 1
    return result


def _same(a: Point, b: Point) -> bool:
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


def main() -> int:
    """Print a line for each failure; 0 when there is none, 1 when there is, 2 when PATH cannot be read."""
    parser = argparse.ArgumentParser(description="Check an evidence package, or a directory of a bucket's files.")
    parser.add_argument("path", type=Path, help="a directory or a zip")
    parser.add_argument("--fingerprint", help="the seal key's fingerprint on paper, SHA256:…")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    arguments = parser.parse_args()
    try:
        found = verify(arguments.path, arguments.fingerprint)
    except (OSError, zipfile.BadZipFile) as error:
        sys.stderr.write(f"{arguments.path}: cannot be read: {error}\n")
        return 2
    if arguments.json:
        sys.stdout.write(json.dumps(found.as_json(), ensure_ascii=False) + "\n")
    else:
        sys.stdout.write("\n".join(found.lines()) + "\n")
    return 1 if found.failures else 0


if __name__ == "__main__":
    sys.exit(main())
