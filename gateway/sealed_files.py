"""Files that only this installation's keys open: a stream in pieces of 1 MiB, each sealed by AES-256-GCM under a key of its own file,
in an order that cannot be changed and with an end that cannot be cut off.

    idkb1 <key id> <salt in base64>\\n   then for each piece: 4 bytes of length, ciphertext
"""

import io
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.errors import ConfigError
from gateway.vault import Vault

PIECE = 1024 * 1024
_MAGIC, _SALT, _LONGEST_HEAD, _TAG = b"idkb1", 32, 200, 16
_LAST, _MORE = b"\1", b"\0"


class SealedWriter(io.RawIOBase):
    """Takes bytes, writes sealed pieces to `file`. `close` seals the end; without it the file does not open."""

    def __init__(self, file: BinaryIO, vault: Vault) -> None:
        salt = os.urandom(_SALT)
        head = b" ".join((_MAGIC, vault.current.encode(), urlsafe_b64encode(salt))) + b"\n"
        self._file, self._head, self._key = file, head, AESGCM(vault.file_key(vault.current, salt))
        self._held, self._number = bytearray(), 0
        file.write(head)

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, chunk: object) -> int:
        """Take some bytes."""
        given = memoryview(chunk).tobytes()  # type: ignore[arg-type]  # what RawIOBase is handed is a buffer
        self._held += given
        while len(self._held) > PIECE:
            self._put(bytes(self._held[:PIECE]), _MORE)
            del self._held[:PIECE]
        return len(given)

    def close(self) -> None:
        """Seal what is left, and that it is the end."""
        if not self.closed:
            self._put(bytes(self._held), _LAST)
            super().close()

    def _put(self, piece: bytes, end: bytes) -> None:
        sealed = self._key.encrypt(_nonce(self._number, end), piece, self._head)
        self._file.write(len(sealed).to_bytes(4, "big") + sealed)
        self._number += 1


class SealedReader(io.RawIOBase):
    """Gives the bytes again. Raises ConfigError for what is no such file, was altered or cut, or whose key is not in the ring."""

    def __init__(self, file: BinaryIO, vault: Vault) -> None:
        self._file, self._head = file, file.readline(_LONGEST_HEAD)
        parts = self._head.rstrip(b"\n").split(b" ")
        if len(parts) != 3 or parts[0] != _MAGIC:
            raise ConfigError("this is no backup of ours", why="it does not begin as one")
        try:
            salt = urlsafe_b64decode(parts[2])
        except ValueError as error:
            raise _altered() from error
        self._key = AESGCM(vault.file_key(parts[1].decode("ascii", "replace"), salt))
        self._held, self._number, self._ended = b"", 0, False

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: object) -> int:
        """As RawIOBase has it."""
        room = memoryview(buffer)  # type: ignore[arg-type]  # a writable buffer
        while not self._held and not self._ended:
            self._held = self._piece()
        taken, self._held = self._held[: len(room)], self._held[len(room) :]
        room[: len(taken)] = taken
        return len(taken)

    def _piece(self) -> bytes:
        length = int.from_bytes(self._file.read(4), "big")
        if not _TAG <= length <= PIECE + _TAG:
            raise _altered()
        sealed = self._file.read(length)
        try:
            piece = self._key.decrypt(_nonce(self._number, _MORE), sealed, self._head)
        except InvalidTag:
            piece = self._last(sealed)
        self._number += 1
        return piece

    def _last(self, sealed: bytes) -> bytes:
        try:
            piece = self._key.decrypt(_nonce(self._number, _LAST), sealed, self._head)
        except InvalidTag as error:
            raise _altered() from error
        if self._file.read(1):
            raise _altered()
        self._ended = True
        return piece


def _nonce(number: int, end: bytes) -> bytes:
    return number.to_bytes(11, "big") + end


def _altered() -> ConfigError:
    return ConfigError(
        "the backup does not open",
        why="it was altered or cut off, or sealed under another key of the same name",
        cure="put the key ring in place that it was made with, or take another copy of it",
    )
