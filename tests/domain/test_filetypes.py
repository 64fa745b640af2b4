"""What a file is, by name and by bytes."""

import pytest

from gateway.domain.filetypes import UNKNOWN, believed, ending, fits, sniffed

PNG, PDF, EXE = b"\x89PNG\r\n\x1a\n...", b"%PDF-1.7", b"MZ\x90\x00"

HEADS = {
    "png": (PNG, "image/png"),
    "pdf": (PDF, "application/pdf"),
    "a program": (EXE, "application/x-msdownload"),
    "a page": (b"\xef\xbb\xbf  <!DOCTYPE html><html>", "text/html"),
    "a drawing behind a declaration": (b'<?xml version="1.0"?>\n<svg onload="x()">', "image/svg+xml"),
    "a phone's photo": (b"\x00\x00\x00\x18ftypheic", "image/heic"),
    "words": (b"till broken", ""),
    "nothing": (b"", ""),
}


@pytest.mark.parametrize(("head", "kind"), HEADS.values(), ids=HEADS.keys())
def test_first_bytes_say(head: bytes, kind: str) -> None:
    assert sniffed(head) == kind


BELIEVED = {
    "both agree": ("image/png", "image/png", "image/png"),
    "a program that calls itself a picture": ("image/png", "application/x-msdownload", "application/x-msdownload"),
    "a picture without a picture in it": ("image/png", "", UNKNOWN),
    "words have no mark": ("text/plain; charset=utf-8", "", "text/plain; charset=utf-8"),
    "words that are a page": ("text/plain", "text/html", "text/html"),
    "a text document is a zip": (
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/zip",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    "a picture is no zip": ("image/jpeg", "application/zip", "application/zip"),
    "nothing said": ("application/octet-stream", "application/pdf", "application/pdf"),
}  # fmt: skip


@pytest.mark.parametrize(("declared", "seen", "kind"), BELIEVED.values(), ids=BELIEVED.keys())
def test_is_taken_for(declared: str, seen: str, kind: str) -> None:
    assert believed(declared, seen) == kind


ENDINGS = {"a.PDF": ".pdf", "a.pdf.exe": ".exe", "a.exe. ": ".exe", "none": "", ".profile": ""}


@pytest.mark.parametrize(("name", "end"), ENDINGS.items())
def test_a_name_ends_in(name: str, end: str) -> None:
    assert ending(name) == end


FITS: dict[str, tuple[tuple[str, ...], str, str, bool]] = {
    "all, where nothing is named": ((), "application/x-msdownload", "a.exe", True),
    "a picture": (("image/*",), "image/png", "a.png", True),
    "a picture by its bytes, a program by its name": (("image/*",), "image/png", "a.png.exe", False),
    "a program by its bytes, a picture by its name": (("image/*",), "application/x-msdownload", "a.png", False),
    "a picture with an end that nobody knows": (("image/*",), "image/png", "a.photo", True),
    "an end": ((".pdf",), "application/pdf", "a.PDF", True),
    "another end": ((".pdf",), "application/pdf", "a.txt", False),
    "an end and a type, both": ((".pdf", "application/pdf"), "application/pdf", "a.pdf", True),
    "an end and a type, one of them": ((".pdf", "application/pdf"), "text/html", "a.pdf", False),
}  # fmt: skip


@pytest.mark.parametrize(("allowed", "media_type", "name", "passes"), FITS.values(), ids=FITS.keys())
def test_fits(allowed: tuple[str, ...], media_type: str, name: str, passes: bool) -> None:
    assert fits(allowed, media_type, name) is passes
