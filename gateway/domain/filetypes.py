"""What kind of file something is: by what its desk says of it, by the end of its name, and by its first bytes. Which kinds
may cross is the link's word (`gateway.domain.audience`)."""

from collections.abc import Iterable

HEAD = 512
"""So many first bytes tell the kind."""
UNKNOWN = "application/octet-stream"

_PROGRAM = "application/x-msdownload"
_SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (0, b"BM", "image/bmp"),
    (0, b"II*\x00", "image/tiff"),
    (0, b"MM\x00*", "image/tiff"),
    (8, b"WEBP", "image/webp"),
    (4, b"ftypheic", "image/heic"),
    (4, b"ftyp", "video/mp4"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"PK\x03\x04", "application/zip"),
    (0, b"\x1f\x8b", "application/gzip"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"Rar!\x1a\x07", "application/vnd.rar"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (0, b"MZ", _PROGRAM),
    (0, b"\x7fELF", "application/x-executable"),
    (0, b"#!", "text/x-shellscript"),
)
"""(offset, bytes, media type), the more exact first."""
_MARKUP = ((b"<svg", "image/svg+xml"), (b"<!doctype html", "text/html"), (b"<html", "text/html"))

_ENDINGS = {
    "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif", "bmp": "image/bmp",
    "tif": "image/tiff", "tiff": "image/tiff", "webp": "image/webp", "heic": "image/heic", "mp4": "video/mp4",
    "svg": "image/svg+xml", "htm": "text/html", "html": "text/html", "xhtml": "text/html",
    "pdf": "application/pdf", "txt": "text/plain", "log": "text/plain", "csv": "text/csv", "md": "text/markdown",
    "zip": "application/zip", "gz": "application/gzip", "7z": "application/x-7z-compressed",
    "rar": "application/vnd.rar", "sh": "text/x-shellscript", "js": "text/javascript", "py": "text/x-python",
} | dict.fromkeys(
    ("exe", "com", "scr", "dll", "msi", "bat", "cmd", "ps1", "vbs", "lnk", "pif", "cpl", "hta", "jar"), _PROGRAM
)  # fmt: skip

_WRAPPED = {
    "application/zip": ("application/vnd.openxmlformats", "application/vnd.oasis", "application/x-zip", "application/java"),
    "application/x-ole-storage": ("application/msword", "application/vnd.ms-", "application/x-msi"),
    "application/gzip": ("application/x-gzip", "application/x-tar", "application/x-compressed"),
    "video/mp4": ("video/", "audio/mp4", "image/heif", "image/avif"),
}  # fmt: skip
"""Kinds whose bytes are those of another: a text document is a zip."""
_SIGNED = frozenset(kind for _, _, kind in _SIGNATURES)


def sniffed(head: bytes) -> str:
    """The media type that the first bytes (HEAD are enough) say, or nothing."""
    for offset, mark, kind in _SIGNATURES:
        if head[offset : offset + len(mark)] == mark:
            return kind
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith(b"<?xml"):
        text = text[text.find(b"?>") + 2 :].lstrip()
    return next((kind for mark, kind in _MARKUP if text.startswith(mark)), "")


def believed(declared: str, seen: str) -> str:
    """The media type of a file whose desk says `declared` and whose first bytes say `seen`: what both allow; else what the
    bytes say; else unknown."""
    said = declared.partition(";")[0].strip().lower()
    if said == seen or (not seen and said not in _SIGNED):
        return declared
    if said.startswith(_WRAPPED.get(seen, ("\0",))):
        return declared
    return seen or UNKNOWN


def ending(filename: str) -> str:
    """The end of a file's name, `.pdf`; what a desk of Windows does not show (dots and blanks behind) does not count."""
    name, dot, end = filename.rstrip(". ").rpartition(".")
    return f".{end.lower()}" if dot and name else ""


def fits(allowed: Iterable[str], media_type: str, filename: str) -> bool:
    """Whether a file is of an allowed kind: its type, the type its name promises, and its name's end. Nothing named
    allows all."""
    kinds = [one for one in allowed if not one.startswith(".")]
    ends = [one for one in allowed if one.startswith(".")]
    here = ending(filename)
    promised = _ENDINGS.get(here[1:])
    said = media_type.partition(";")[0].strip().lower()
    types = [said] if promised is None else [said, promised]
    return (not kinds or all(_is_among(one, kinds) for one in types)) and (not ends or here in ends)


def _is_among(media_type: str, kinds: Iterable[str]) -> bool:
    return any(
        media_type == kind or (kind.endswith("/*") and media_type.startswith(kind[:-1])) for kind in kinds
    )
