"""One look: the first picture of a segment, decoded in jail, measured, compared with references and with the last look.

Promises that whatever goes wrong on the way is an outcome with a cause, never an exception, and that memory is
bounded: a trace of the last picture of each camera (37 KB), and the last references that were needed. Decodes nothing
itself. Synchronous; for one thread.
"""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from camera_gateway.domain.picture import LOOKED
from camera_gateway.errors import Unavailable
from camera_gateway.footage.indexing import RangedSource
from camera_gateway.footage.reader import IntegrityFailed
from camera_gateway.health.checks import Facts, changed, compare, facts_of, kept
from camera_gateway.health.verdicts import COMPARISONS, Beside, judge, light_of
from camera_gateway.media.boxes import FileSource
from camera_gateway.media.jail import JailError
from camera_gateway.media.look import Keyframe, LookFailed, first_keyframe
from camera_gateway.media.workshop import Busy, Workshop

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from camera_gateway.domain.picture import Verdict
    from camera_gateway.footage.reader import Located, Reader
    from camera_gateway.media.look import Decoded, Lookers

REFERENCES = 400
"""Measured references that are remembered, some 120 KB each: those of 200 cameras by day and by night. Others are
decoded again when they are needed; each costs a third of a look."""
STILL_WALL_S = 20.0
MOST_JPEG_BYTES = 400_000
_JPEG = b"\xff\xd8\xff"
_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Reference:
    """A picture that somebody has approved, by its hash; `jpeg` may be empty where `Looker.knows` it."""

    sha256: str
    jpeg: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of a look. `keyframe` is there where the picture could be looked at."""

    outcome: str
    measured: dict[str, Any]
    keyframe: Keyframe | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class _Last:
    segment: str
    trace: NDArray[Any]
    changes: tuple[float, ...]


class Looker:
    """Looks at segments of any camera, one at a time. Made by `roles`; `close` ends its decoder."""

    def __init__(self, reader: Reader, lookers: Lookers) -> None:
        self._reader = reader
        self._lookers = lookers
        self._turn = threading.Lock()
        self._last: dict[str, _Last] = {}
        self._known: dict[str, Facts] = {}

    def knows(self, sha256: str) -> bool:
        """Whether a reference is remembered, so that its bytes need not be read."""
        return sha256 in self._known

    def look(self, segment: Located, references: Sequence[Reference]) -> Seen:
        """Look at a segment."""
        with self._turn:
            try:
                keyframe = self._keyframe(segment)
                decoded = self._lookers.decode(keyframe)
            except LookFailed as failed:
                return Seen(failed.cause, {})
            except IntegrityFailed as error:
                return Seen("damaged", {"detail": error.detail})
            except Unavailable as error:
                return Seen("store", {"detail": error.message})
            except OSError as error:
                return Seen("disk", {"detail": error.strerror or ""})
            facts = facts_of(decoded.planes)
            besides, lacking = self._besides(facts, references)
            changes = self._changes(segment, facts)
            verdicts = judge(facts, besides, changes)
            measured = _measured(facts, decoded, besides, changes, verdicts)
            if lacking:
                measured["references_unreadable"] = lacking
            return Seen(LOOKED, measured, keyframe)

    def forget(self, cameras: Collection[str]) -> None:
        """Forget the last pictures of all but these cameras."""
        self._last = {camera: last for camera, last in self._last.items() if camera in cameras}

    def close(self) -> None:
        """End the decoder. Harmless to repeat."""
        self._lookers.close()

    def _changes(self, segment: Located, facts: Facts) -> tuple[float, ...]:
        """Return how much has changed from look to look; the same segment again says nothing of that."""
        camera, name = segment.sidecar.camera, segment.sidecar.segment
        last = self._last.get(camera)
        changes = () if last is None else last.changes
        if last is not None and last.segment != name:
            changes = (*changes, changed(facts.trace, last.trace))[-COMPARISONS:]
        self._last[camera] = _Last(name, facts.trace, changes)
        return changes

    def _keyframe(self, segment: Located) -> Keyframe:
        path = self._reader.file_of(segment)
        if path is not None:
            try:
                with path.open("rb") as file:
                    return first_keyframe(FileSource(file))
            except FileNotFoundError:
                pass  # released just now: the store has it
        return first_keyframe(RangedSource(self._reader, segment, segment.sidecar.size_bytes))

    def _besides(self, facts: Facts, references: Sequence[Reference]) -> tuple[list[Beside], list[str]]:
        """Return the comparisons, and the hashes of references that could not be read."""
        besides, lacking = [], []
        for reference in references:
            try:
                known = self._known.get(reference.sha256)
                if known is None:
                    known = kept(facts_of(self._lookers.decode(Keyframe("mjpeg", reference.jpeg)).planes))
            except LookFailed:
                lacking.append(reference.sha256)
                continue
            self._known.pop(reference.sha256, None)
            self._known[reference.sha256] = known
            besides.append(Beside(light_of(known), known.edge_px, known.clipped, compare(facts, known)))
        while len(self._known) > REFERENCES:
            del self._known[next(iter(self._known))]
        return besides, lacking


def picture_for_people(keyframe: Keyframe, width: int) -> bytes | None:
    """Return a keyframe as JPEG, decoded in a jail that is made for it alone; None where that fails."""
    workshop = Workshop(children=1, waiting=0, spare=False)
    try:
        job = {"job": "still", "codec": keyframe.codec, "width": width}
        _, jpeg = workshop.do("look", job, keyframe.data, STILL_WALL_S)
    except (Busy, JailError):
        return None
    finally:
        workshop.close()
    return jpeg if jpeg.startswith(_JPEG) and len(jpeg) <= MOST_JPEG_BYTES else None


def _measured(
    facts: Facts,
    decoded: Decoded,
    besides: Sequence[Beside],
    changes: Sequence[float],
    verdicts: Mapping[str, Verdict],
) -> dict[str, Any]:
    """Return the figures of a look. `beside` has one entry per reference, `light` says by which it was taken."""
    return {
        "width": decoded.width,
        "height": decoded.height,
        "light": light_of(facts).value,
        "colour": round(facts.colour, 2),
        "mean": round(facts.mean, 2),
        "bright": round(facts.bright, 2),
        "contrast": round(facts.contrast, 2),
        "clipped": round(facts.clipped, _DIGITS),
        "edges": round(facts.edges, _DIGITS),
        "edge_px": None if facts.edge_px is None else round(facts.edge_px, 2),
        "changed": round(changes[-1], _DIGITS) if changes else None,
        "beside": [_beside(each) for each in besides],
        "verdicts": {kind: verdict.value for kind, verdict in verdicts.items()},
    }


def _beside(beside: Beside) -> dict[str, Any]:
    figures = asdict(beside.compared)
    figures |= figures.pop("shifts") or {}
    rounded = {name: round(value, _DIGITS) if isinstance(value, float) else value for name, value in figures.items()}
    return {"light": beside.light.value, **rounded}
