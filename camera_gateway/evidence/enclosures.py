"""What travels beside footage so that a stranger can check it: verify.py, verify.sh and how to use them.

Promises texts that need nothing of ours: Python's standard library, or openssl and sha256sum. Reads its own package
only.
"""

from __future__ import annotations

from pathlib import Path

LANGUAGES = ("kk", "ru", "en")


def enclosures() -> dict[str, bytes]:
    """Return every enclosed file by the name that it has in a package."""
    here = Path(__file__).parent
    found = {"verify.py": (here / "verifier.py").read_bytes(), "verify.sh": (here / "texts" / "verify.sh").read_bytes()}
    for language in LANGUAGES:
        name = f"HOW-TO-VERIFY.{language}.txt"
        found[name] = (here / "texts" / name).read_bytes()
    return found
