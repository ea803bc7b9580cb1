"""What parsing costs: CPU-seconds per camera-minute of `Receiver` alone. A micro benchmark, not a test.

Feeds 60 s of synthetic 1080p25-like H.264 (or H.265) at 4 Mbit/s in 1400-byte packets over interleaved TCP,
with AAC beside it, in reads of 200 ms. Run: python tests/bench/rtsp_receive.py [h264|h265] [--no-audio] [--slow]
"""

from __future__ import annotations

import gc
import sys
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parents[1])]

from support.rtp_streams import camera_minute, tracks_for  # noqa: E402 - after the path is set

from camera_gateway.rtsp.receive import Receiver  # noqa: E402 - found only now

REPEATS = 5
READ_MS = 200


def measure(codec: str, *, audio: bool, fast: bool) -> tuple[float, int, int]:
    """Return CPU seconds, units and packets of one camera-minute."""
    reads = camera_minute(codec, audio=audio, seconds=60, read_ms=READ_MS)
    receiver = Receiver(tracks_for(codec, audio=audio), fast=fast)
    feed = receiver.feed
    buffer = bytearray(4 * 1024 * 1024)
    kept = units = 0
    gc.collect()
    spent = 0.0
    for number, read in enumerate(reads):
        # the copy stands for recv_into and is not counted
        buffer[kept : kept + len(read)] = read
        length = kept + len(read)
        began = time.process_time()
        used = feed(buffer, length, number * READ_MS * 1000)
        taken, receiver.units = receiver.units, []
        units += len(taken)
        spent += time.process_time() - began
        del taken
        kept = length - used
        buffer[:kept] = buffer[used:length]
    receiver.flush()
    return spent, units + len(receiver.units), sum(s.packets_received for s in receiver.stats)


def main() -> None:
    codec = "h265" if "h265" in sys.argv else "h264"
    audio, fast = "--no-audio" not in sys.argv, "--slow" not in sys.argv
    runs = [measure(codec, audio=audio, fast=fast) for _ in range(REPEATS)]
    best = min(spent for spent, _, _ in runs)
    middle = sorted(spent for spent, _, _ in runs)[REPEATS // 2]
    _, units, packets = runs[0]
    print(  # noqa: T201 - a benchmark speaks to a terminal
        f"{codec} 4 Mbit/s {'with AAC' if audio else 'video only'}, {packets} packets, {units} units: "
        f"{middle:.4f} CPU-s per camera-minute (best {best:.4f}, {best / packets * 1e6:.2f} us a packet)"
    )


if __name__ == "__main__":
    main()
