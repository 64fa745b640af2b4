"""T11, what needs no browser: files with hostile names and contents come in over TM Forum's API and at a portal desk, lie on the disk under
their digest alone, and go out as bytes that no browser shows."""

import base64
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.api.furnished import Furnished, furnished

NAMES = (
    *("../../../etc/passwd", "..\\..\\a.txt", "/etc/shadow", "C:\\a.txt", "\\\\host\\share", "a/../b", "....//a", "%2e%2e%2fa", "."),
    *("..", "con", "nul.txt", "aux", "a" * 250, "a\nb.txt", "a\r\nX-Evil: 1.txt", 'a".txt', "a;filename=b.exe", "a'b", "`id`", "$(id)"),
    *("\u202egpj.exe", "invoice\u202efdp.exe", "a\u200b.txt", "ﬁle.txt", "кассир.txt", "e\u0301.txt", "😀.png", " a ", "a.", "-rf", "~root"),
    *("x.html", "x.svg", "x.xhtml", "x.php", "x.js", "x.hta", "x.lnk", "x.url", "x.docm", "x.exe.txt", "x.tar.gz", ".htaccess", "x.png.html"),
)  # fmt: skip
CONTENTS = {
    "page": b"<html><script>alert(1)</script>",
    "drawing": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "zip of zeros": base64.b64decode("UEsDBBQAAAAIAA=="),
    "png and page": b"\x89PNG\r\n\x1a\n<script>alert(1)</script>",
    "pdf and script": b"%PDF-1.4\n/JS (app.alert(1))",
}
TICKETS = "/tmf-api/troubleTicket/v5/troubleTicket"
WEAK = {"name": "n", "description": "d", "severity": "Major", "ticketType": "incident"}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Furnished]:
    with furnished(tmp_path_factory.mktemp("nasty")) as found:
        yield found


def kept(here: Furnished) -> set[Path]:
    """Every file below the folder of files."""
    root = here.gateway.settings.blobs
    return {path.relative_to(root) for path in root.rglob("*") if path.is_file() and path.name != ".still"}


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS.keys())
def test_t11_whatever_a_file_is_called_it_lies_under_its_digest_and_is_never_shown(
    here: Furnished, content: bytes
) -> None:
    taken = 0
    for first in range(0, len(NAMES), 10):
        sent = [
            {
                "name": name,
                "mimeType": "text/html",
                "content": base64.b64encode(content + name.encode()).decode(),
            }
            for name in NAMES[first : first + 10]
        ]
        answer = here.ask("far", "POST", TICKETS, {**WEAK, "attachment": sent})
        assert answer.status_code == 201, answer.text
        for wanted, told in zip(sent, answer.json()["attachment"], strict=True):
            file = here.ask(
                "far", "GET", told["url"].partition("127.0.0.1")[2].partition("/")[2] or told["url"]
            )
            assert base64.b64encode(file.content).decode() == wanted["content"]
            assert file.headers["content-disposition"] == "attachment"
            assert file.headers["content-type"] == "application/octet-stream"
            assert file.headers["x-content-type-options"] == "nosniff"
            assert file.headers["content-security-policy"] == "sandbox"
            taken += 1
    assert taken == len(NAMES)
    assert [path for path in kept(here) if set(path.as_posix()) - set("0123456789abcdef/")] == []


def test_t11_a_portal_takes_them_as_well(here: Furnished) -> None:
    statuses = set()
    for name in NAMES:
        path = f"/v1/portal/jobs/{here.job}/files?by=Mauro&filename={quote(name, safe='')}"
        answer = here.client.post(
            path, headers={**here.keys["quick"], "content-type": "text/html"}, content=CONTENTS["page"]
        )
        statuses.add(answer.status_code)
    assert statuses <= {200, 201, 409, 413, 422}
    assert [path for path in kept(here) if set(path.as_posix()) - set("0123456789abcdef/")] == []
