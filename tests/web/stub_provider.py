"""A small OpenID provider that lies on request: one `mood` for each way to cheat. It knows nothing of the product's code."""

import json
import threading
import time
from base64 import b64decode, urlsafe_b64encode
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

CLIENT, SECRET = "interdesk", "a-secret-of-the-tests-0123456789-0123456789"
KEY = ECKey.generate_key("P-256", {"kid": "one"})
STRANGE = ECKey.generate_key("P-256", {"kid": "one"})


def part(document: object) -> str:
    return urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=").decode()


class StubProvider(ThreadingHTTPServer):
    """`codes`: what each code was given for. `asked`: paths in the order in which they were asked for."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.issuer = f"http://127.0.0.1:{self.server_address[1]}"
        self.mood = ""
        self.key = KEY
        self._made = 0
        self.codes: dict[str, dict[str, str]] = {}
        self.asked: list[str] = []
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,))

    def __enter__(self) -> "StubProvider":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()

    def let_in(self, address: str, who: str) -> dict[str, str]:
        """What a browser brings back that was sent to that address, when `who` signs in."""
        said = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert (said["response_type"], said["scope"]) == ("code", "openid")
        assert said["code_challenge_method"] == "S256"
        self._made += 1
        code = f"code{self._made}"
        self.codes[code] = {**said, "who": who}
        return {"code": code, "state": said["state"], "iss": self.issuer}

    def token(self, given: dict[str, str]) -> str:
        """An ID token, as the mood has it."""
        now = int(time.time())
        said: dict[str, Any] = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": given["who"],
            "iat": now,
            "exp": now + 300,
            "nonce": given["nonce"],
        }
        lies: dict[str, dict[str, Any]] = {
            "wrong nonce": {"nonce": "another"},
            "another issuer": {"iss": "https://elsewhere.example"},
            "another audience": {"aud": "somebody"},
            "another party": {"aud": [CLIENT, "somebody"], "azp": "somebody"},
            "many audiences": {"aud": [CLIENT, "somebody"]},
            "expired": {"exp": now - 3600, "iat": now - 7200},
            "not yet": {"nbf": now + 3600},
            "nobody": {"sub": ""},
        }
        said |= lies.get(self.mood, {})
        if self.mood in {"no nonce", "no end"}:
            del said["nonce" if self.mood == "no nonce" else "exp"]
        if self.mood == "alg none":
            return f"{part({'alg': 'none'})}.{part(said)}."
        if self.mood == "our secret":
            return jwt.encode({"alg": "HS256"}, said, OctKey.import_key(SECRET))
        key = STRANGE if self.mood == "strange key" else self.key
        return jwt.encode({"alg": "ES256", "kid": str(key.kid)}, said, key)


class _Answers(BaseHTTPRequestHandler):
    server: StubProvider

    def log_message(self, *_: object) -> None:
        """Nothing."""

    def do_GET(self) -> None:
        stub = self.server
        stub.asked.append(self.path)
        if self.path == "/.well-known/openid-configuration":
            issuer = "https://elsewhere.example" if stub.mood == "another's metadata" else stub.issuer
            self._tell(
                {
                    "issuer": issuer,
                    "authorization_endpoint": f"{stub.issuer}/authorize",
                    "token_endpoint": f"{stub.issuer}/token",
                    "jwks_uri": f"{stub.issuer}/keys",
                    "authorization_response_iss_parameter_supported": True,
                }
            )
        elif self.path == "/keys":
            self._tell({"keys": [{"kty": "new-kind"}, stub.key.as_dict(private=False)]})
        else:
            self._tell({}, 404)

    def do_POST(self) -> None:
        stub = self.server
        stub.asked.append(self.path)
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        said = {name: values[0] for name, values in parse_qs(body).items()}
        shown = b64decode(self.headers.get("authorization", "Basic ").split(" ")[1]).decode()
        given = stub.codes.pop(said["code"], None)  # a code is good once
        made = urlsafe_b64encode(sha256(said["code_verifier"].encode()).digest()).rstrip(b"=").decode()
        good = (
            given is not None
            and shown == f"{CLIENT}:{SECRET}"
            and made == given["code_challenge"]
            and said["redirect_uri"] == given["redirect_uri"]
        )
        if not good or given is None or stub.mood == "refused":
            self._tell({"error": "invalid_grant"}, 400)
        elif stub.mood == "no token":
            self._tell({"access_token": "x"})
        elif stub.mood == "a page":
            self._send(b"<html>", 200)
        else:
            self._tell({"access_token": "x", "token_type": "Bearer", "id_token": stub.token(given)})

    def _tell(self, document: object, status: int = 200) -> None:
        self._send(json.dumps(document).encode(), status)

    def _send(self, body: bytes, status: int) -> None:
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
