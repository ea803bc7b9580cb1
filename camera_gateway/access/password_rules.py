"""Which passwords are taken (NIST SP 800-63B-4, 3.1.1.2): long enough, and not one that anybody would try.

Pure but for the reading of a block list. Promises no rule of composition (no "one digit, one capital"): a password is
refused for its length, because it is on the list of this installation, or because what is left of it once common
words, years, runs and the person's own name are counted as the single guesses that they are is too short.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise
from typing import TYPE_CHECKING

from camera_gateway.access.common_words import COMMON, ROWS
from camera_gateway.access.passwords import normal
from camera_gateway.errors import InvalidInput, Unavailable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

SHORTEST = 12
"""Characters. NIST demands 15 where a password is alone and 8 beside a second factor; here there always is one."""
LONGEST = 256
"""Characters. NIST demands that 64 be taken; a limit only keeps the work of hashing bounded."""
LEAST_GUESSES = 8
"""What must be left, in characters, when each common piece counts as two and each personal one as one."""
WEAK = "password-weak"
_COMMON_COSTS = 2
_PERSONAL_COSTS = 1
_SHORTEST_PIECE = 3
_LONGEST_PIECE = 40
_LEET = str.maketrans("013457@$!|", "oieastasii")
_YEAR = re.compile(r"(?:19|20)[0-9]{2}")


def demand_good(password: str, personal: Iterable[str], blocked: Path | None = None) -> None:
    """Raise `InvalidInput` (code "password-weak"), which never repeats the password, unless it may be taken.

    `personal` are words that an attacker would try first: the user's id and name, the institution, the product.
    """
    text = normal(password)
    if len(text) < SHORTEST:
        raise _weak(f"the password is shorter than {SHORTEST} characters", "a sentence is easy to keep in mind")
    if len(text) > LONGEST:
        raise _weak(f"the password is longer than {LONGEST} characters", "a sentence is enough")
    if any(unicodedata.category(character) == "Cc" for character in text):
        raise _weak("the password has a control character in it", "use what a keyboard types")
    if guesses(text, personal) < LEAST_GUESSES:
        raise _weak("the password is easily guessed", "use several words that do not belong together")
    if blocked is not None and _listed(text, blocked):
        raise _weak("the password is on the list of those that are known to be used", "choose another")


def guesses(password: str, personal: Iterable[str] = ()) -> int:
    """Return how much of a password is left to guess, in characters, by the cheapest way to put it together."""
    own = {piece for word in personal for piece in _pieces(word)}
    return min(_cheapest(form, own) for form in _forms(normal(password).casefold()))


def _forms(text: str) -> set[str]:
    """Return the ways in which the same keys may be meant: as typed, with digits for letters, in the other layout."""
    forms = {text, text.translate(_LEET)}
    forms |= {form.translate(_TO_LATIN) for form in set(forms)} | {form.translate(_TO_CYRILLIC) for form in set(forms)}
    return forms


def _cheapest(text: str, own: Collection[str]) -> int:
    """Return the least number of guesses that make up `text` (dynamic programme over its prefixes)."""
    costs = [0]
    for end in range(1, len(text) + 1):
        best = costs[end - 1] + 1
        for start in range(max(0, end - _LONGEST_PIECE), end - _SHORTEST_PIECE + 1):
            cost = _piece_cost(text, start, end, own)
            if cost is not None:
                best = min(best, costs[start] + cost)
        costs.append(best)
    return costs[-1]


def _piece_cost(text: str, start: int, end: int, own: Collection[str]) -> int | None:
    piece = text[start:end]
    if piece in own or text.find(piece, 0, start) >= 0:
        return _PERSONAL_COSTS
    if piece in COMMON or _YEAR.fullmatch(piece) or _is_run(piece):
        return _COMMON_COSTS
    return None


def _is_run(piece: str) -> bool:
    """Whether it is one character again and again, a stretch of alphabet or digits, or of a row of keys."""
    steps = {ord(after) - ord(before) for before, after in pairwise(piece)}
    if len(steps) == 1 and steps <= {-1, 0, 1}:
        return True
    return any(piece in row or piece in row[::-1] for row in ROWS)


def _pieces(words: str) -> set[str]:
    text = normal(words).casefold()
    found = {piece for piece in re.split(r"[\W_]+", text) if len(piece) >= _SHORTEST_PIECE}
    return found | ({text} if len(text) >= _SHORTEST_PIECE else set())


def _listed(password: str, blocked: Path) -> bool:
    """Whether a file of passwords, one a line, has this one in any case of letters."""
    wanted = password.casefold()
    try:
        with blocked.open(encoding="utf-8", errors="replace") as lines:
            return any(normal(line.rstrip("\r\n")).casefold() == wanted for line in lines)
    except OSError as error:
        raise Unavailable(
            f"the block list {blocked} cannot be read: {error.strerror}", hint="see [access] blocklist_file"
        ) from error


def _weak(message: str, hint: str) -> InvalidInput:
    return InvalidInput(message, hint=hint, code=WEAK)


_LATIN_KEYS = "qwertyuiop[]asdfghjkl;'zxcvbnm,."
_CYRILLIC_KEYS = "йцукенгшщзхъфывапролджэячсмитьбю"
_TO_CYRILLIC = str.maketrans(_LATIN_KEYS, _CYRILLIC_KEYS)
_TO_LATIN = str.maketrans(_CYRILLIC_KEYS, _LATIN_KEYS)
