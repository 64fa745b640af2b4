"""Done-when 5: a stock OpenID provider (npm `oidc-provider`) signs a person in. It is installed once, from the lock beside it, into a
cache outside of the checkout."""

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urljoin

import httpx
import pytest

from gateway.app import Gateway, utc_now
from gateway.domain.permissions import Role
from gateway.flows import accounts
from gateway.flows.accounts import Wanted
from gateway.flows.identity import Identity, Provider
from tests.api import house
from tests.api.house import Doors

FOLDER = Path(__file__).resolve().parent / "oidc_provider"
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "interdesk-tests"
SECRET = "a-secret-of-the-tests-0123456789-0123456789"


@pytest.fixture(scope="module")
def packages() -> Path:
    """Where the provider's packages are."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip("a stock OpenID provider runs on node, which is not installed here (apt-get install npm)")
    lock = (FOLDER / "package-lock.json").read_bytes()
    place = CACHE / f"oidc-provider-{hashlib.sha256(lock).hexdigest()[:16]}"
    if not (place / "done").exists():
        place.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(FOLDER / name, place / name)
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        made = subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=100, check=False)
        if made.returncode:
            pytest.skip(f"npm cannot install a stock OpenID provider here: {made.stderr[-300:]}")
        (place / "done").touch()
    return place


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Gateway, Doors]]:
    with house.installed(tmp_path_factory.mktemp("stock")) as gateway, Doors(gateway) as opened:
        yield gateway, opened


@pytest.fixture(scope="module")
def issuer(packages: Path, doors: tuple[Gateway, Doors]) -> Iterator[str]:
    """The provider, which lets in whoever gives a name."""
    home = f"http://127.0.0.1:{doors[1].port}"
    back = f"{home}/sign-in/back/stock"
    command = ["node", str(FOLDER / "provider.mjs"), back, str(packages)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as node:
        assert node.stdout is not None
        assert node.stdin is not None
        said = node.stdout.readline()
        assert said.startswith("listening "), said
        yield f"http://127.0.0.1:{int(said.split()[1])}"
        node.stdin.close()
        node.wait(20)


def test_a_stock_provider_signs_a_person_in(doors: tuple[Gateway, Doors], issuer: str) -> None:
    gateway, opened = doors
    home = f"http://127.0.0.1:{opened.port}"
    provider = Provider(
        code="stock",
        name="Stock",
        issuer=issuer,
        client_id="interdesk",
        client_secret=SECRET,
        private_network=True,
    )
    known = Identity(providers={"stock": provider})
    opened.app.state.parlour = replace(opened.app.state.parlour, identity=known, address=home)
    wanted = Wanted(email="ann@example.org", role=Role.OPERATOR)
    token = accounts.invite(gateway.context, wanted, actor="test", now=utc_now())[1]
    for first in (f"{home}/sign-in/with/stock?invitation={token}", f"{home}/sign-in/with/stock"):
        browser = Browser()
        page = browser.go(first)
        while page.url.host == "127.0.0.1" and f":{opened.port}" not in str(page.url):
            page = browser.fill(page)
        assert str(page.url) == f"{home}/account"
        assert "ann@example.org" in page.text
    (account,) = accounts.listed(gateway.context)
    assert (account.issuer, account.subject) == (issuer, "ann")


class Browser:
    """Follows redirects and fills in the provider's forms; keeps cookies by port, the secure ones too, as browsers do on
    loopback."""

    def __init__(self) -> None:
        self._cookies: dict[tuple[int | None, str], str] = {}

    def go(self, address: str, form: dict[str, str] | None = None) -> httpx.Response:
        """The page in the end."""
        for _ in range(10):
            url = httpx.URL(address)
            held = "; ".join(
                f"{name}={value}" for (port, name), value in self._cookies.items() if port == url.port
            )
            headers = {"cookie": held} if held else {}
            method = "GET" if form is None else "POST"
            page = httpx.request(method, url, headers=headers, data=form, timeout=20)
            for said in page.headers.get_list("set-cookie"):
                name, _, value = said.partition(";")[0].partition("=")
                self._cookies[url.port, name] = value.strip('"')
            if not page.is_redirect:
                return page
            address, form = urljoin(address, page.headers["location"]), None
        raise AssertionError(f"sent around in circles, at last to {address}")

    def fill(self, page: httpx.Response) -> httpx.Response:
        """Post the form of a page."""
        action = re.search(r'<form[^>]*action="([^"]+)"', page.text)
        assert action is not None, page.text
        fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
        return self.go(urljoin(str(page.url), action[1]), {"login": "ann", "password": "x", **fields})
