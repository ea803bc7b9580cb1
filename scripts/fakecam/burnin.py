"""Name, clock and frame number burnt into a picture, for people and for programs.

The clock runs modulo the clip's length. In the top left corner a row of blocks
carries the frame number, to be read from a decoded picture without OCR.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NUMBER_BITS = 16
_BLACK, _WHITE, _MIDDLE = 16, 235, 126
#: White, black, then the number's bits from the highest, then odd parity over them.
_BLOCKS = 2 + NUMBER_BITS + 1
_MIN_BLOCK_PX = 8


def block_px(height: int) -> int:
    """Side of one block in a picture of this height, in pixels (even)."""
    return max(_MIN_BLOCK_PX, height // 72 * 2)


def _bits(number: int) -> list[int]:
    bits = [number >> n & 1 for n in range(NUMBER_BITS - 1, -1, -1)]
    return [1, 0, *bits, 1 - sum(bits) % 2]


def burn(luma: NDArray[Any], name: str, number: int, fps: int) -> None:
    """Draw onto a luma plane, in place: frame `number` of the clip, at `number / fps` seconds."""
    height, width = luma.shape
    side = block_px(height)
    for n, bit in enumerate(_bits(number)):
        luma[:side, n * side : (n + 1) * side] = _WHITE if bit else _BLACK
    scale, thick = height / 360, max(1, height // 270)
    clock = f"T {number / fps:06.3f}  F {number:05d}"
    lines = ((clock, height - round(12 * scale)), (name, height - round(44 * scale)))
    for text, bottom in lines:
        at = (round(8 * scale), bottom)
        cv2.putText(luma, text, at, cv2.FONT_HERSHEY_SIMPLEX, scale, _BLACK, thick * 4, cv2.LINE_AA)
        cv2.putText(luma, text, at, cv2.FONT_HERSHEY_SIMPLEX, scale, _WHITE, thick, cv2.LINE_AA)
    assert width >= side * _BLOCKS, "too narrow for the frame number"  # noqa: S101 - the author's error


def read_number(luma: NDArray[np.uint8]) -> int | None:
    """Read the frame number of a decoded luma plane; None when the row is not legible."""
    side = block_px(luma.shape[0])
    quarter = side // 4
    bits = []
    for n in range(_BLOCKS):
        block = luma[quarter : side - quarter, n * side + quarter : (n + 1) * side - quarter]
        if block.size == 0:
            return None
        bits.append(1 if float(block.mean()) > _MIDDLE else 0)
    number = int("".join(map(str, bits[2:-1])), 2)
    return number if bits == _bits(number) else None
