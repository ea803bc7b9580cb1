"""Reading bits, as the syntax tables of ITU-T H.264, H.265 and ISO/IEC 14496-3 write them.

Promises: reading past the end or a number that cannot be is a `ParameterSetError`, never an
IndexError or an endless loop. Knows no syntax structure.
"""

from camera_gateway.media.formats import ParameterSetError

# Real sets take 10 to 200 bytes; scaling lists and long reference sets a few hundred.
MAX_SET_BYTES = 8192
_MAX_LEADING_ZEROS = 31


def without_emulation_prevention(nal: bytes) -> bytes:
    """Drop the 0x03 of each 00 00 03 (H.264 7.3.1, H.265 7.3.1.1), header left in place."""
    if len(nal) > MAX_SET_BYTES:
        raise ParameterSetError(f"a parameter set of {len(nal)} bytes; {MAX_SET_BYTES} are allowed")
    return nal.replace(b"\x00\x00\x03", b"\x00\x00")


class BitReader:
    """A position in a string of bits, most significant bit first."""

    __slots__ = ("_left", "_value")

    def __init__(self, data: bytes) -> None:
        if len(data) > MAX_SET_BYTES:
            raise ParameterSetError(f"{len(data)} bytes of configuration; {MAX_SET_BYTES} are allowed")
        self._value = int.from_bytes(data, "big")
        self._left = len(data) * 8

    @property
    def left(self) -> int:
        """Bits not yet read."""
        return self._left

    def u(self, count: int) -> int:
        """Return the next `count` bits as an unsigned number."""
        if count > self._left:
            raise ParameterSetError("the data ends in the middle of a field")
        self._left -= count
        return (self._value >> self._left) & ((1 << count) - 1)

    def flag(self) -> bool:
        """Read one bit."""
        return self.u(1) == 1

    def skip(self, count: int) -> None:
        """Pass over `count` bits."""
        self.u(count)

    def ue(self, largest: int = 0xFFFFFFFE) -> int:
        """Read an unsigned Exp-Golomb number (H.264 9.1), refused above `largest`."""
        zeros = 0
        while not self.flag():
            zeros += 1
            if zeros > _MAX_LEADING_ZEROS:
                raise ParameterSetError("an Exp-Golomb number of more than 32 bits")
        number = (1 << zeros) - 1 + self.u(zeros)
        if number > largest:
            raise ParameterSetError(f"{number} where at most {largest} is allowed")
        return number

    def se(self) -> int:
        """Read a signed Exp-Golomb number (H.264 9.1.1)."""
        number = self.ue()
        return (number + 1) // 2 if number & 1 else -(number // 2)
