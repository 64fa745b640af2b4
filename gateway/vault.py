"""Sealing secrets at rest: AES-256-GCM under a ring of keys, bound to the place where the sealed text lies. What is
opened is remembered by `gateway.redaction`, which keeps it out of logs."""

import contextlib
import hmac
import json
import os
import stat
import tempfile
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gateway.config import Settings
from gateway.errors import ConfigError
from gateway.redaction import Redaction

KEY_BYTES = 32
_NONCE_BYTES = 12
_MAGIC = "idk1"


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a sealed text lies. A text moved to another place does not open."""

    org_id: str
    table: str
    row_id: str
    column: str

    def bound(self) -> bytes:
        """The bytes that are authenticated with the text; lengths keep neighbours apart."""
        parts = (self.org_id, self.table, self.row_id, self.column)
        return b"|".join(f"{len(part)}:{part}".encode() for part in parts)


@dataclass(frozen=True, kw_only=True)
class Vault:
    """A ring of keys: `current` seals, all of them open. Keys never show in a repr."""

    current: str
    keys: Mapping[str, bytes] = field(repr=False)
    redaction: Redaction = field(default_factory=Redaction, repr=False, compare=False)

    def seal(self, text: str, place: Place) -> str:
        """`idk1.<key id>.<nonce and ciphertext>`, readable only at that place and only with that key."""
        self.redaction.remember(secrets_in(text))
        nonce = os.urandom(_NONCE_BYTES)
        sealed = AESGCM(self._key(self.current)).encrypt(nonce, text.encode(), place.bound())
        return f"{_MAGIC}.{self.current}.{_to_text(nonce + sealed)}"

    def open(self, sealed: str, place: Place) -> str:
        """The text again. Raises ConfigError if its key is not in the ring or it was altered or moved."""
        key_id, body = _parts(sealed)
        try:
            opened = AESGCM(self._key(key_id)).decrypt(
                body[:_NONCE_BYTES], body[_NONCE_BYTES:], place.bound()
            )
        except InvalidTag as error:
            raise ConfigError(
                f"the sealed {place.column} of {place.table} {place.row_id} does not open",
                why="it was altered, moved from another row, or sealed under another key of the same name",
                cure="apply the configuration again with the secret",
            ) from error
        text = opened.decode()
        self.redaction.remember(secrets_in(text))
        return text

    def is_current(self, sealed: str) -> bool:
        """Whether rotation may pass it by."""
        return _parts(sealed)[0] == self.current

    def fingerprint(self, text: str, place: Place) -> str:
        """A keyed digest: tells whether a secret changed without keeping or showing it."""
        return hmac.new(
            self._key(self.current), b"fingerprint|" + place.bound() + text.encode(), sha256
        ).hexdigest()

    def sign(self, text: str, purpose: str) -> str:
        """`<key id>.<HMAC-SHA-256 in hex>`: only who holds the ring can have written it, for this purpose."""
        return f"{self.current}.{self._signature(self.current, text, purpose)}"

    def vouches(self, text: str, signature: str, purpose: str) -> bool:
        """Whether `sign` made it. Raises ConfigError if its key is not in the ring any more."""
        key_id, _, told = signature.partition(".")
        return hmac.compare_digest(self._signature(key_id, text, purpose).encode(), told.encode())

    def _signature(self, key_id: str, text: str, purpose: str) -> str:
        bound = f"signature|{len(purpose)}:{purpose}|".encode()
        return hmac.new(self._key(key_id), bound + text.encode(), sha256).hexdigest()

    def file_key(self, key_id: str, salt: bytes) -> bytes:
        """The key of one sealed file (`gateway.sealed_files`), derived from a key of the ring. Raises ConfigError."""
        derived = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=salt, info=b"interdesk sealed file")
        return derived.derive(self._key(key_id))

    def _key(self, key_id: str) -> bytes:
        key = self.keys.get(key_id)
        if key is None:
            raise ConfigError(
                f"the key {key_id!r} that sealed this is not in the key ring",
                cure="add it to INTERDESK_KEYS or to the key file (older keys follow the current one)",
            )
        return key


def is_sealed(text: str) -> bool:
    """Whether it is what `seal` writes, and not a text from before it was sealed."""
    return text.startswith(f"{_MAGIC}.")


def secrets_in(text: str) -> list[str]:
    """What of an opened text is secret: the items of a JSON list, `secret` of a JSON object, else the text itself."""
    try:
        document = json.loads(text)
    except ValueError:
        return [text]
    if isinstance(document, list):
        return [str(item) for item in document]
    return [str(document["secret"])] if isinstance(document, dict) and "secret" in document else [text]


def _parts(sealed: str) -> tuple[str, bytes]:
    magic, _, rest = sealed.partition(".")
    key_id, _, body = rest.partition(".")
    if magic != _MAGIC or not key_id or not body:
        raise ConfigError("this is no sealed secret", why=f"it does not begin with {_MAGIC}.<key id>.")
    return key_id, _from_text(body)


def _to_text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _from_text(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def of(settings: Settings) -> Vault:
    """The installation's ring: INTERDESK_KEYS, else INTERDESK_KEY_FILE, else a file made in the data folder on first
    use. Raises ConfigError for a ring that cannot be used."""
    if settings.keys is not None:
        return ring(settings.keys.get_secret_value())
    if settings.key_file is not None:
        return from_file(settings.key_file)
    return from_file(settings.data_dir / "keys", create=True)


def ring(text: str, *, source: str = "INTERDESK_KEYS") -> Vault:
    """A ring from `id:key[,id:key…]` (or one a line), keys as 32 bytes in base64; the first is current.

    Raises ConfigError naming the source and the entry, never a key.
    """
    entries = [part.strip() for part in text.replace("\n", ",").split(",")]
    keys = dict(_entry(part, source) for part in reversed(entries) if part)
    if not keys:
        raise ConfigError(
            f"{source} holds no key", cure="write one line id:key, the key as 32 bytes in base64"
        )
    return Vault(current=list(keys)[-1], keys=keys)


def _entry(part: str, source: str) -> tuple[str, bytes]:
    key_id, _, encoded = part.partition(":")
    try:
        key = _from_text(encoded.strip().replace("+", "-").replace("/", "_").rstrip("="))
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES or not key_id.isalnum():
        named = key_id if encoded else "without a name"
        raise ConfigError(
            f"the key {named} in {source} is not usable",
            cure=f"write a name of letters and digits, a colon, and {KEY_BYTES} bytes in base64",
        )
    return key_id, key


def new_entry(key_id: str) -> str:
    """A fresh `id:key` line for the ring."""
    return f"{key_id}:{_to_text(os.urandom(KEY_BYTES))}"


def from_file(path: Path, *, create: bool = False) -> Vault:
    """The ring in a key file, one `id:key` a line. With `create` a missing file is made, readable by us alone.

    Raises ConfigError if there is none, or if a file that we would have made is open to other users.
    """
    if create and not path.exists():
        _create(path)
    try:
        text = path.read_text(encoding="ascii")
    except (OSError, ValueError) as error:
        raise ConfigError(f"the key file {path} cannot be read", why=type(error).__name__) from error
    if create and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise ConfigError(f"the key file {path} is open to other users", cure=f"chmod 600 {path}")
    return ring(text, source=str(path))


def _create(path: Path) -> None:
    """Whole or not at all, also when two processes start at once: the file appears under its name when it is complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent)  # mode 0600
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(new_entry("k1") + "\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        Path(draft).unlink()
