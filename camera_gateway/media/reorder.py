"""Decode times for streams with B-frames, out of presentation times alone.

RTP carries only the presentation time of each access unit, in decode order; MP4 wants a decode time
too. Promises: no delay (one number in, one number out), strictly increasing decode times whatever
comes in, presentation times never touched, and no composition offset where nothing is reordered.
Pure; knows neither frames nor files.
"""

from heapq import heappush, heapreplace
from typing import Final

# max_num_reorder_frames and sps_max_num_reorder_pics end here (H.264 E.2.1, H.265 7.4.3.2.1).
MAX_DEPTH: Final = 16


class Reorder:
    """Derives decode times online for one run of one video track.

    `depth` is the declared number of frames that may follow in decode order and precede in
    presentation order (`VideoFormat.reorder_frames`); `frame_duration` is the nominal distance of
    frames, in units of the time stamps. The decode time of a frame is the smallest of the last
    `depth + 1` presentation times, which is no later than its own, so that composition offsets are
    not negative: some readers, ffmpeg among them, shift a whole track when one offset is negative,
    and sound then no longer fits. The price is that the first decode time lies `lead` before the
    first presentation time: the caller counts the times of all tracks from `lead` before the first
    frame. Without reordering `lead` is 0.

    A depth declared too small grows when a frame proves it wrong. The few frames until the larger
    window has filled get decode times one unit apart, later than their presentation: legal, and
    over within one group of pictures.
    """

    __slots__ = ("_last", "_window", "depth", "lead")

    def __init__(self, depth: int, frame_duration: int) -> None:
        self.depth = min(max(depth, 0), MAX_DEPTH)
        step = max(frame_duration, 1)
        self.lead = self.depth * step
        self._window: list[int] = []
        self._last: int | None = None

    def go_on(self, presentation_time: int) -> None:
        """Do as `decode_time` does with frames that are not reordered: times that rise, of which this is the last.

        Only while `depth` is 0, and after a frame whose decode time was its presentation time: so are theirs.
        """
        self._window[0] = self._last = presentation_time

    def decode_time(self, presentation_time: int) -> int:
        """Return the decode time of the next access unit in decode order, in the same units."""
        window, last = self._window, self._last
        if not self.depth and last is not None and presentation_time > last:  # nothing is reordered
            window[0] = self._last = presentation_time
            return presentation_time
        if last is None:
            step = self.lead // self.depth if self.depth else 0
            # pretend that frames came before the first one; an ascending list is a heap
            window += [presentation_time - back * step for back in range(self.depth, -1, -1)]
            self._last = window[0]
            return window[0]
        if presentation_time < window[0] and self.depth < MAX_DEPTH:
            self.depth += 1
            heappush(window, presentation_time)
        else:
            heapreplace(window, presentation_time)
        self._last = max(window[0], last + 1)
        return self._last
