"""Drawn rooms as a camera would see them, and what can happen to a camera: for tests of picture checks.

Everything is seeded. A room is drawn at 1280 x 720 in colour; `planes` is how it comes out of the decoder, `room_loop`
how it comes out of a camera: H.264, every picture a keyframe, each with noise of its own.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

import av
import cv2
import numpy as np
from support.burnt_footage import LOOP_S, Look, Loop
from support.clips import CLOCK, AccessUnit, split_annex_b

from camera_gateway.domain.picture import HEIGHT, WIDTH

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Image = NDArray[Any]

SIZE = (1280, 720)


def room(seed: int = 1, pieces: int = 60) -> Image:
    """Draw a room: floor, wall, furniture with edges in every direction."""
    chance = np.random.default_rng(seed)
    image = np.full((SIZE[1], SIZE[0], 3), (120, 150, 160), np.uint8)
    image[420:] = (70, 100, 140)
    for _ in range(pieces):
        corner = chance.integers((0, 0), SIZE)
        side = chance.integers(40, 260, 2)
        box = cv2.RotatedRect(
            tuple(map(float, corner)), tuple(map(float, side)), float(chance.choice([0, 0, 15, 45, 75]))
        )
        colour = tuple(int(each) for each in chance.integers(30, 225, 3))
        cv2.fillConvexPoly(image, np.int32(box.points()), colour)
    return image


def wall() -> Image:
    """Draw a wall without anything on it, lit from one side."""
    row = np.linspace(90, 170, SIZE[0], dtype=np.float32)
    return np.repeat(np.repeat(row[None, :, None], SIZE[1], axis=0), 3, axis=2) * (0.8, 1.0, 1.1)  # type: ignore[no-any-return]


def with_people(image: Image, seed: int, people: int = 3) -> Image:
    """Let some people walk through."""
    chance, out = np.random.default_rng(seed), image.copy()
    for _ in range(people):
        x, y, tall = int(chance.integers(50, 1200)), int(chance.integers(200, 450)), int(chance.integers(120, 260))
        colour = tuple(int(each) for each in chance.integers(20, 120, 3))
        cv2.ellipse(out, (x, y + tall // 2), (tall // 5, tall // 2), 0, 0, 360, colour, -1)
        cv2.circle(out, (x, y), tall // 8, (140, 160, 200), -1)
    return out


def with_clock(image: Image, text: str) -> Image:
    """Draw the line that cameras draw."""
    out = image.copy()
    cv2.putText(out, text, (30, 50), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (255, 255, 255), 3)
    return out


def with_noise(image: Image, seed: int, sigma: float = 2.0) -> Image:
    noise = np.random.default_rng(seed).normal(0, sigma, (*image.shape[:2], 1))
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def times(image: Image, gain: float) -> Image:
    return np.clip(image * gain, 0, 255).astype(np.uint8)


def blurred(image: Image, sigma: float) -> Image:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma))


def turned(image: Image, across: float = 0.0, degrees: float = 0.0, zoom: float = 1.0) -> Image:
    """Turn the camera: a share of the width across, degrees about its axis, a zoom."""
    matrix = cv2.getRotationMatrix2D((SIZE[0] / 2, SIZE[1] / 2), degrees, zoom)
    matrix[0, 2] += across * SIZE[0]
    return np.asarray(cv2.warpAffine(image, matrix, SIZE, borderMode=cv2.BORDER_REFLECT))


def covered(image: Image, share: float) -> Image:
    """Hold something grey over a share of the lens, out of focus."""
    mask = np.zeros(image.shape[:2], np.float32)
    mask[:, : int(share * SIZE[0])] = 1
    mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), 25))[..., None]
    return (image * (1 - mask) + mask * (90, 110, 150)).astype(np.uint8)


def by_night(image: Image, seed: int = 0) -> Image:
    """By infrared light, roughly: no colour, other tones, dark corners, strong noise."""
    grey = image.astype(np.float32) @ np.float32([0.1, 0.3, 0.6])
    x, y = np.meshgrid(np.linspace(-1, 1, SIZE[0]), np.linspace(-1, 1, SIZE[1]))
    lit = grey * 0.7 * np.exp(-0.6 * (x * x + y * y)) + 8
    return with_noise(np.repeat(lit[..., None], 3, axis=2), seed, 5.0)


def planes(image: Image) -> bytes:
    """Return a picture as the decoder hands it out."""
    small = cv2.resize(image, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    luma, red, blue = cv2.split(cv2.cvtColor(small, cv2.COLOR_BGR2YCrCb))
    colours = [cv2.resize(each, (WIDTH // 2, HEIGHT // 2), interpolation=cv2.INTER_AREA) for each in (blue, red)]
    return b"".join(np.asarray(each).tobytes() for each in (luma, *colours))


def room_loop(draw: Callable[[int], Image], look: Look | None = None) -> Loop:
    """Encode `LOOP_S` pictures of one a second, all of them keyframes: `draw(number)` makes each."""
    look = look or Look(width=SIZE[0], height=SIZE[1], fps=1)
    context = cast("Any", av.CodecContext.create("libx264", "w"))
    context.width, context.height, context.pix_fmt = look.width, look.height, "yuv420p"
    context.time_base = Fraction(1, look.fps)
    context.options = {"preset": "ultrafast", "crf": "26", "x264-params": "keyint=1:repeat-headers=1:threads=1"}
    units: list[AccessUnit] = []
    frames: list[Any] = []
    for number in range(LOOP_S):
        frame = av.VideoFrame.from_ndarray(draw(number), format="bgr24").reformat(format="yuv420p")
        frame.pts, frame.time_base = number, Fraction(1, look.fps)
        frames.append(frame)
    for each in [*frames, None]:
        units += [
            AccessUnit(tuple(split_annex_b(bytes(packet))), packet.pts * CLOCK, keyframe=True)
            for packet in context.encode(each)
        ]
    return Loop(look, tuple(units))
