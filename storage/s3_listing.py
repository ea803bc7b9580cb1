"""Listing a bucket in the order of the keys' bytes, whatever order the store has (S3 API Reference, ListObjects).

Promises every key once, page for page, also on stores that sort by folders; a listing goes folder by folder and holds
one folder in memory. Speaks S3 operations through a function; knows no vendor library.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from storage.blobs import ListedBlob
from storage.s3_answers import us, version_info

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from storage.blobs import VersionInfo
    from storage.s3_answers import Call

_PAGE_MARKS = MappingProxyType(
    {
        "ContinuationToken": "NextContinuationToken",
        "KeyMarker": "NextKeyMarker",
        "VersionIdMarker": "NextVersionIdMarker",
    }
)


@dataclass(frozen=True, slots=True)
class Listing:
    """Lists one bucket, `page` rows at a time."""

    call: Call
    bucket: str
    page: int

    def blobs(self, prefix: str, after: str) -> Iterator[ListedBlob]:
        """Latest versions of the keys beyond `after`; see BlobStore."""
        for row, *_ in self._walk("ListObjectsV2", prefix, after):
            yield ListedBlob(row["Key"], int(row["Size"]), us(row["LastModified"]))

    def versions(self, prefix: str, after: str) -> Iterator[VersionInfo]:
        """All versions and delete markers of the keys beyond `after`, the latest of a key first; see BlobStore."""
        for rows in self._walk("ListObjectVersions", prefix, after):
            found = [version_info(row, is_delete_marker=row["Part"] == "DeleteMarkers") for row in rows]
            yield from sorted(found, key=lambda row: (not row.is_latest, -row.modified_us))

    def _walk(self, operation: str, prefix: str, after: str) -> Iterator[Sequence[Mapping[str, Any]]]:
        """List folder by folder, each sorted here: the order of the keys' bytes on every store.

        SeaweedFS 4.48 goes by its folders (`cam/` before `cam-1/`) while its page marks go by the
        bytes, and so a flat ListObjectVersions loses keys between pages. One folder is short and
        its names are alike, which keeps both orders the same.
        """
        rows, folders = self._folder(operation, prefix)
        for name in sorted(rows.keys() | folders):
            if name in folders:
                if name > after or after.startswith(name):
                    yield from self._walk(operation, name, after)
            elif name > after:
                yield rows[name]

    def _folder(self, operation: str, prefix: str) -> tuple[dict[str, Sequence[Mapping[str, Any]]], set[str]]:
        """List one folder whole: the rows of each key, and the folders in it."""
        rows: dict[str, Sequence[Mapping[str, Any]]] = {}
        folders: set[str] = set()
        marks: dict[str, object] = {}
        while True:
            answer = self.call(
                operation,
                Bucket=self.bucket,
                Prefix=prefix,
                Delimiter="/",
                MaxKeys=self.page,
                **marks,
            )
            for part in ("Contents", "Versions", "DeleteMarkers"):
                for row in answer.get(part, ()):
                    rows[row["Key"]] = [*rows.get(row["Key"], ()), {**row, "Part": part}]
            folders.update(each["Prefix"] for each in answer.get("CommonPrefixes", ()))
            if not answer.get("IsTruncated"):
                return rows, folders
            marks = {ours: answer[theirs] for ours, theirs in _PAGE_MARKS.items() if answer.get(theirs) is not None}
