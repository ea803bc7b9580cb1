"""How often picture checks are right, on real footage and on degradations of it, and what a look costs. No test.

The footage is a real fixed camera's (Debian's vtest.avi; `--clip` adds others); what is done to it is named in the
table. Night is made of day: no colour, other tones, dark corners, noise. Each look is coded as a keyframe of H.264,
decoded in the jail, measured and judged as the service does it. Run: scripts/bench looks [--write] [--clip FILE]
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache, partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

sys.path[:0] = [
    str(Path(__file__).parents[2]),
    str(Path(__file__).parents[1]),
    str(Path(__file__).parents[2] / "scripts"),
]

import av  # noqa: E402 - after the path is set
import cv2  # noqa: E402 - likewise
import numpy as np  # noqa: E402 - likewise
from fakecam.footage import obtain  # noqa: E402 - likewise

from camera_gateway.domain.picture import KINDS, Verdict  # noqa: E402 - likewise
from camera_gateway.health.checks import Facts, changed, compare, facts_of, kept  # noqa: E402 - likewise
from camera_gateway.health.verdicts import Beside, judge, light_of  # noqa: E402 - likewise
from camera_gateway.media.look import Keyframe, Lookers  # noqa: E402 - likewise

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Image = NDArray[Any]

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "picture-health.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
LOOKS = 10
"""Per case and light; with 10, none wrong says below 28 % with 95 % confidence (Wilson)."""


def gain(factor: float, image: Image) -> Image:
    return np.clip(image.astype(np.float32) * factor, 0, 255).astype(np.uint8)


def blur(sigma: float, image: Image) -> Image:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma * image.shape[1] / 640))


def turn(across: float, down: float, degrees: float, zoom: float, image: Image) -> Image:
    high, wide = image.shape[:2]
    matrix = cv2.getRotationMatrix2D((wide / 2, high / 2), degrees, zoom)
    matrix[:, 2] += across * wide, down * high
    return np.asarray(cv2.warpAffine(image, matrix, (wide, high), borderMode=cv2.BORDER_REFLECT))


def hand(share: float, colour: tuple[int, int, int], image: Image) -> Image:
    """Something close to the lens: out of focus, shaded, from the left."""
    high, wide = image.shape[:2]
    mask = np.zeros((high, wide), np.float32)
    mask[:, : int(wide * share)] = 1
    mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), wide * 0.02))[..., None]
    shade = np.linspace(0.85, 1.15, high, dtype=np.float32)[:, None, None]
    return np.clip(image * (1 - mask) + mask * np.float32(colour) * shade, 0, 255).astype(np.uint8)


def rain(image: Image) -> Image:
    chance = np.random.default_rng(int(image[::37, ::41].sum()))
    out = image.copy()
    for _ in range(500):
        x, y = (int(chance.integers(0, side)) for side in (image.shape[1], image.shape[0]))
        cv2.line(out, (x, y), (x - 2, y + int(chance.integers(6, 16))), (200, 200, 200), 1)
    return out


def crowd(image: Image) -> Image:
    """Five people more than there are, close to the camera."""
    chance = np.random.default_rng(int(image[::31, ::43].sum()))
    out, high, wide = image.copy(), image.shape[0], image.shape[1]
    for _ in range(5):
        x, tall = int(chance.integers(0, wide)), int(high * chance.uniform(0.25, 0.45))
        top = int(chance.integers(high // 3, high - tall // 2))
        colour = tuple(int(each) for each in chance.integers(15, 140, 3))
        cv2.ellipse(out, (x, top + tall // 2), (tall // 5, tall // 2), 0, 0, 360, colour, -1)
        cv2.circle(out, (x, top), tall // 8, (130, 150, 190), -1)
    return out


def night(image: Image) -> Image:
    b, g, r = (each.astype(np.float32) for each in cv2.split(image))
    high, wide = image.shape[:2]
    x, y = np.meshgrid(np.linspace(-1, 1, wide), np.linspace(-1, 1, high))
    lit = (0.12 * b + 0.3 * g + 0.55 * r) * 0.65 * np.exp(-0.8 * (x * x + y * y)) + 10
    grey = cv2.GaussianBlur(lit.astype(np.float32), (0, 0), 0.8)
    return np.repeat(np.clip(grey, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


def same(image: Image) -> Image:
    return image


@dataclass(frozen=True, slots=True)
class Case:
    """Something that is done to the footage: `kind` is what has to be said, None: nothing may be."""

    name: str
    change: Callable[[Image], Image]
    kind: str | None = None
    crf: int = 28
    by_night: bool = True
    noise: float = 2.0
    """Of the sensor by day, in grey levels; by night it is 6."""


CASES = (
    Case("as it is: people walk through", same),
    Case("five more people, close", crowd),
    Case("rain", rain),
    Case("compressed hard (CRF 40)", same, crf=40),
    Case("lights down to a half", partial(gain, 0.5), by_night=False),
    Case("lights down to a third", partial(gain, 0.33), by_night=False),
    Case("sun: a third brighter", partial(gain, 1.33), by_night=False),
    Case("shaken by 0.5 % of the width", partial(turn, 0.005, 0.003, 0, 1)),
    Case("out of focus a little (1 px of 640)", partial(blur, 1)),
    Case("a hand over a sixth", partial(hand, 0.16, (70, 90, 150))),
    Case("lens cap", partial(gain, 0.01), "black"),
    Case("light of a twelfth", partial(gain, 0.08), "dark", by_night=False),
    Case("night without any light (a tenth of it)", partial(gain, 0.1), "dark"),
    Case("exposure times 3", partial(gain, 3), "over-exposed", by_night=False),
    Case("exposure times 6", partial(gain, 6), "over-exposed", by_night=False),
    Case("blur 2 px", partial(blur, 2), "blurred"),
    Case("blur 3 px", partial(blur, 3), "blurred"),
    Case("blur 5 px", partial(blur, 5), "blurred"),
    Case("blur 10 px", partial(blur, 10), "blurred"),
    Case("blur 20 px", partial(blur, 20), "blurred"),
    Case("a hand over half", partial(hand, 0.5, (70, 90, 150)), "covered"),
    Case("a hand over 70 %", partial(hand, 0.7, (70, 90, 150)), "covered"),
    Case("a bag over half", partial(hand, 0.5, (190, 190, 195)), "covered"),
    Case("a bag over all of it", partial(hand, 1.2, (190, 190, 195)), "covered"),
    Case("turned by 2 % of the width", partial(turn, 0.02, 0.0, 0, 1), "moved"),
    Case("turned by 5 %", partial(turn, 0.05, 0.02, 0, 1), "moved"),
    Case("turned by 15 %", partial(turn, 0.15, 0.05, 0, 1), "moved"),
    Case("turned about its axis by 2°", partial(turn, 0, 0, 2, 1), "moved"),
    Case("turned about its axis by 5°", partial(turn, 0, 0, 5, 1), "moved"),
    Case("turned about its axis by 15°", partial(turn, 0, 0, 15, 1), "moved"),
    Case("zoomed by 10 %", partial(turn, 0, 0, 0, 1.1), "moved"),
    Case("another view (mirrored)", lambda image: image[:, ::-1].copy(), "moved"),
)
STILL = (
    Case("stands still under a running clock", same, "frozen"),
    Case("stands still, compressed hard (CRF 36)", same, "frozen", crf=36),
    Case("nobody there, sensor noise 0.5", same, noise=0.5),
    Case("nobody there, sensor noise 0.5, compressed hard (CRF 40)", same, noise=0.5, crf=40),
    Case("nobody there, sensor noise 2", same),
)


class Camera:
    """Codes pictures as keyframes, with noise of the sensor."""

    def __init__(self, lookers: Lookers, seed: int) -> None:
        self.lookers = lookers
        self.chance = np.random.default_rng(seed)

    def facts(self, images: Sequence[Image], crf: int, noise: float) -> list[Facts]:
        noisy = [with_noise(self.chance, image, noise) for image in images]
        return [facts_of(self.lookers.decode(each).planes) for each in keyframes(noisy, crf)]


@cache
def noise_of(high: int, wide: int) -> NDArray[np.float32]:
    return np.random.default_rng(5).standard_normal((2 * high, 2 * wide), np.float32)


def with_noise(chance: np.random.Generator, image: Image, sigma: float) -> Image:
    """Add noise; another part of one large field each time, because making it anew costs more than all the rest."""
    high, wide = image.shape[:2]
    top, left = int(chance.integers(0, high)), int(chance.integers(0, wide))
    part = noise_of(high, wide)[top : top + high, left : left + wide, None]
    return np.clip(image + part * np.float32(sigma), 0, 255).astype(np.uint8)


def keyframes(images: Sequence[Image], crf: int, encoder: str = "libx264") -> list[Keyframe]:
    high, wide = images[0].shape[0] & ~1, images[0].shape[1] & ~1
    context = cast("Any", av.CodecContext.create(encoder, "w"))
    context.width, context.height, context.pix_fmt = wide, high, "yuv420p"
    context.time_base = Fraction(1, 25)
    options = {"preset": "veryfast", "crf": str(crf)}
    if encoder == "libx264":
        context.options = {**options, "x264-params": "keyint=1:repeat-headers=1"}
    else:
        context.options = {**options, "x265-params": "keyint=1:repeat-headers=1:log-level=none"}
    packets: list[Any] = []
    for number, image in enumerate(images):
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image[:high, :wide]), format="bgr24")
        frame = frame.reformat(format="yuv420p")
        frame.pts = number
        packets += context.encode(frame)
    packets += context.encode(None)
    packets.sort(key=lambda packet: packet.pts)
    return [Keyframe("h264" if encoder == "libx264" else "hevc", bytes(packet)) for packet in packets]


def footage(path: Path) -> list[Image]:
    """Return a reference and `LOOKS` pictures, evenly over the clip."""
    with av.open(str(path)) as container:
        stream: Any = container.streams.video[0]
        frames = [frame.to_ndarray(format="bgr24") for frame in container.decode(stream)]
    return [frames[index] for index in np.linspace(0, len(frames) - 1, LOOKS + 1).astype(int)]


@dataclass
class Tally:
    """What was said of a case in one light."""

    looks: int = 0
    said: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    wrong: int = 0
    """Looks of which something was said that is not so."""

    def add(self, verdicts: dict[str, Verdict], kind: str | None) -> None:
        bad = [each for each in KINDS if verdicts[each] is Verdict.BAD]
        self.looks += 1
        self.said.update(bad)
        self.unknown.update(each for each in KINDS if verdicts[each] is Verdict.UNKNOWN)
        self.wrong += any(each != kind for each in bad)


def rates(path: Path, lookers: Lookers) -> dict[str, dict[str, Tally]]:
    """Judge every case by day, by night, and by night without a reference of the night."""
    camera = Camera(lookers, 1)
    first, *rest = footage(path)
    day = camera.facts([first], 28, 2)[0]
    by_night = camera.facts([night(first)], 28, 6)[0]
    found: dict[str, dict[str, Tally]] = {}
    for case in CASES:
        images = [case.change(image) for image in rest]
        lights = {"day": (camera.facts(images, case.crf, 2), [day, by_night])}
        if case.by_night:
            # what comes before the camera is lit like the rest; how much light there is is the camera's affair
            after = case.kind in {"black", "dark"}
            made = [case.change(night(image)) if after else night(case.change(image)) for image in rest]
            dark = camera.facts(made, case.crf, 6)
            lights |= {"night": (dark, [day, by_night]), "night, day's reference only": (dark, [day])}
        for light, (facts, references) in lights.items():
            tally = found.setdefault(case.name, {}).setdefault(light, Tally())
            for each in facts:
                besides = [Beside(light_of(r), r.edge_px, r.clipped, compare(each, r)) for r in references]
                tally.add(judge(each, besides, [1.0]), case.kind)
    for case in STILL:
        for light, make in (("day", same), ("night", night)):
            tally = found.setdefault(case.name, {}).setdefault(light, Tally())
            for number, image in enumerate(rest):
                tally.add(stands_still(camera, case, make(image), light, number), case.kind)
    return found


def stands_still(camera: Camera, case: Case, image: Image, light: str, number: int) -> dict[str, Verdict]:
    """Judge the last of five looks at one picture, with a clock that runs."""
    pictures = []
    noisy = with_noise(camera.chance, image, 6 if light == "night" else 2)
    for minute in range(5):
        now = noisy if case.kind == "frozen" else image
        now = now.copy()
        clock = f"2026-11-29 {number:02d}:{minute}0:07"
        cv2.putText(now, clock, (12, 34), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (255, 255, 255), 2)
        pictures.append(now)
    sigma = 0.0 if case.kind == "frozen" else case.noise
    facts = camera.facts(pictures, case.crf, sigma)
    changes = [changed(now.trace, before.trace) for before, now in pairwise(facts)]
    return judge(facts[-1], [], changes)


def children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def cost(path: Path, rounds: int) -> list[dict[str, Any]]:
    """Measure CPU seconds per look, and of a process of ffmpeg that decodes the same keyframe, turn by turn.

    Each look is laid over two references, one by day and one of the night, people elsewhere in them.
    """
    first, now = footage(path)[:2]
    result = []
    for what, encoder, size in (
        ("1080p H.264", "libx264", (1920, 1080)),
        ("1080p H.265", "libx265", (1920, 1080)),
        ("4K H.264", "libx264", (3840, 2160)),
        ("4K H.265", "libx265", (3840, 2160)),
        ("704x576 H.264", "libx264", (704, 576)),
    ):
        chance = np.random.default_rng(2)
        images = [cv2.resize(each, size, interpolation=cv2.INTER_CUBIC) for each in (now, first, night(first))]
        coded, *references = keyframes([with_noise(chance, each, 2) for each in images], 28, encoder)
        ours, theirs = one_cost(coded, references, rounds)
        result.append({"what": what, "keyframe_bytes": len(coded.data), "look_s": ours, "ffmpeg_s": theirs})
    return result


def one_cost(coded: Keyframe, references: Sequence[Keyframe], rounds: int) -> tuple[float, float | None]:
    lookers = Lookers()
    known = [facts_of(lookers.decode(each).planes) for each in references]
    lookers.close()
    before, known = known[0].trace, [kept(each) for each in known]
    own_s, decoder_s, ffmpeg_s = 0.0, -children_s(), 0.0
    lookers = Lookers()
    with tempfile.NamedTemporaryFile(suffix=f".{coded.codec}") as file:
        file.write(coded.data)
        file.flush()
        for _ in range(rounds):
            began = time.process_time()
            facts = facts_of(lookers.decode(coded).planes)
            besides = [Beside(light_of(each), each.edge_px, each.clipped, compare(facts, each)) for each in known]
            judge(facts, besides, [changed(facts.trace, before)])
            own_s += time.process_time() - began
        # the process that stays is waited for with all its forks when it ends: its start is in the sum
        lookers.close()
        decoder_s += children_s()
        began = children_s()
        command = ["ffmpeg", "-v", "error", "-threads", "1", "-i", file.name, "-frames:v", "1"]
        command += ["-vf", "scale=640:360", "-f", "rawvideo", "-"]
        try:
            for _ in range(rounds):
                subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            ffmpeg_s = children_s() - began
        except (OSError, subprocess.CalledProcessError):
            return (own_s + decoder_s) / rounds, None
    return (own_s + decoder_s) / rounds, ffmpeg_s / rounds


def table(found: dict[str, dict[str, Tally]]) -> list[str]:
    """Return the tables as Markdown."""
    kinds: dict[str, str | None] = {case.name: case.kind for case in (*CASES, *STILL)}
    lights = ("day", "night", "night, day's reference only")
    lines = [
        "| check | " + " | ".join(f"hit, {light}" for light in lights) + " | false alarms, day | false alarms, night |"
    ]
    lines.append("|---|" + "---|" * 5)
    for kind in KINDS:
        cells = []
        for light in lights:
            tallies = [each[light] for name, each in found.items() if kinds[name] == kind and light in each]
            cells.append(share(sum(t.said[kind] for t in tallies), sum(t.looks for t in tallies)))
        for light in ("day", "night"):
            tallies = [each[light] for name, each in found.items() if kinds[name] != kind and light in each]
            cells.append(share(sum(t.said[kind] for t in tallies), sum(t.looks for t in tallies)))
        lines.append(f"| {kind} | " + " | ".join(cells) + " |")
    lines += [
        "",
        "Case by case:",
        "",
        "| what was done | has to be said | " + " | ".join(lights) + " |",
        "|---|---|---|---|---|",
    ]
    for name, by_light in found.items():
        kind = kinds[name]
        cells = [told(by_light[light], kind) if light in by_light else "" for light in lights]
        lines.append(f"| {name} | {kind or 'nothing'} | " + " | ".join(cells) + " |")
    return lines


def share(number: int, of: int) -> str:
    return f"{number} of {of}" if of else ""


def told(tally: Tally, kind: str | None) -> str:
    others = ", ".join(f"{each} {number}" for each, number in sorted(tally.said.items()) if each != kind)
    if kind is None:
        return f"**{others}** of {tally.looks}" if others else f"nothing in {tally.looks}"
    words = share(tally.said[kind], tally.looks)
    if tally.unknown[kind]:
        words += f" (unknown {tally.unknown[kind]})"
    return words + (f", also {others}" if others else "")


def page_of(results: dict[str, dict[str, dict[str, Tally]]], costs: list[dict[str, Any]]) -> str:
    lines: list[str] = []
    for name, found in results.items():
        lines += [f"### {name}", "", *table(found), ""]
    lines += [
        "### CPU seconds of a look",
        "",
        "| keyframe | bytes | look | ffmpeg, one process | ratio |",
        "|---|---|---|---|---|",
    ]
    for each in costs:
        peer = each["ffmpeg_s"]
        ratio = "" if peer is None else f"{each['look_s'] / peer:.2f}"
        shown = "not there" if peer is None else f"{peer:.3f}"
        lines.append(f"| {each['what']} | {each['keyframe_bytes']} | {each['look_s']:.3f} | {shown} | {ratio} |")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench looks")
    parser.add_argument("--clip", type=Path, action="append", default=[], help="footage of one more fixed camera")
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--write", action="store_true", help=f"put the tables into {PAGE.relative_to(ROOT)}")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    folder = ROOT / "var" / "clips" / "source"
    folder.mkdir(parents=True, exist_ok=True)
    vtest = [path for path in obtain(folder, vtest=True).files if path.name == "vtest.avi"]
    clips = [*vtest, *arguments.clip]
    if not clips:
        print("no footage of a fixed camera: Debian's opencv-doc cannot be had; give --clip FILE", file=sys.stderr)  # noqa: T201 - a benchmark speaks to a terminal
        return 1
    lookers = Lookers()
    try:
        results = {path.name: rates(path, lookers) for path in clips}
    finally:
        lookers.close()
    costs = cost(clips[0], arguments.rounds)
    text = page_of(results, costs)
    if arguments.write and PAGE.exists():
        before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
        after = rest.partition(END)[2]
        PAGE.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")
    if arguments.json:
        wrong = {
            name: {case: {light: t.wrong for light, t in by.items()} for case, by in found.items()}
            for name, found in results.items()
        }
        print(json.dumps({"wrong": wrong, "cost": costs}))  # noqa: T201 - likewise
    else:
        print(text)  # noqa: T201 - likewise
    return 0 if max(each["look_s"] for each in costs if each["what"].startswith("1080p")) <= 0.05 else 1


if __name__ == "__main__":
    sys.exit(main())
