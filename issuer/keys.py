"""The folder of signing keys: `ring.json` says which exist, `<kid>.pem` holds each (PKCS#8, mode 0600).

Only this module reads or writes that folder. It is made by `create` alone, never in passing. Every change is
written whole, synced and renamed; the comments name what is true if we crash in between.
"""

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from issuer.keyset import JwksError, SigningKey, VerifyingKey, generate_key, read_pem
from issuer.ring import WINDOW, KeyRecord, Ring, Window

_RING = "ring.json"
_read_ring = msgspec.json.Decoder(Ring)


class KeysUnusable(Exception):
    """The folder cannot be used; the text names the file and what to do."""


class Keys:
    """The keys of one issuer, in memory and in their folder. Times are unix seconds and come in as arguments."""

    def __init__(
        self, folder: Path, ring: Ring, keys: Mapping[str, SigningKey], window: Window = WINDOW
    ) -> None:
        """`keys` holds exactly the keys that `ring` names."""
        self.window = window
        self._folder = folder
        self._ring = ring
        self._keys = dict(keys)
        self._public = {kid: key.public() for kid, key in keys.items()}

    def signing(self, now: int) -> SigningKey:
        """The key that signs at `now`."""
        return self._keys[self._ring.signing(now)]

    def published(self, now: int) -> dict[str, VerifyingKey]:
        """The keys that verify at `now`, by kid, the oldest first: what the JWKS shows and what we accept."""
        return {record.kid: self._public[record.kid] for record in self._ring.pruned(now, self.window).keys}

    def pending(self, now: int) -> str | None:
        """The kid of a new key that is published and waits for its time to sign, if there is one."""
        return self._ring.pending(now)

    def rotate(self, key: SigningKey, now: int) -> None:
        """Publish a new key, which signs from `window.lead_s` seconds later on.

        Raises `OSError` if the folder cannot be written; then nothing has changed.
        """
        ring = self._ring.rotated(key.kid, now, self.window)
        _write(self._folder, f"{key.kid}.pem", key.key.as_pem(private=True))
        # Crash here: a key file that no ring names. It was never published, and is never read.
        _write(self._folder, _RING, msgspec.json.encode(ring))
        # From here on the new key exists. It is in memory a moment later, and signs long after that.
        self._keys[key.kid] = key
        self._public[key.kid] = key.public()
        self._adopt(ring)

    def prune(self, now: int) -> None:
        """Forget and delete the keys whose last token has expired. Raises `OSError`; then it is tried again."""
        ring = self._ring.pruned(now, self.window)
        if ring != self._ring:
            _write(self._folder, _RING, msgspec.json.encode(ring))
            self._adopt(ring)

    def _adopt(self, ring: Ring) -> None:
        kept = {record.kid for record in ring.keys}
        for kid in self._keys.keys() - kept:
            del self._keys[kid], self._public[kid]
            # Crash before the unlink: a private key that no ring names and no JWKS shows; it proves nothing.
            (self._folder / f"{kid}.pem").unlink(missing_ok=True)
        self._ring = ring


def create(folder: Path) -> str:
    """Make the folder (mode 0700) with a first key in it, and return its kid. Raises `KeysUnusable` if it has keys."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if (folder / _RING).exists():
        raise KeysUnusable(f"{folder}: already holds keys; rotate them instead of making new ones")
    key = generate_key()
    _write(folder, f"{key.kid}.pem", key.key.as_pem(private=True))
    # Crash here: no ring yet, so the folder still counts as empty and `create` may be called again.
    _write(folder, _RING, msgspec.json.encode(Ring(keys=(KeyRecord(key.kid, 0),))))
    return key.kid


def load(folder: Path, window: Window = WINDOW) -> Keys:
    """The keys in `folder`. Raises `KeysUnusable`: absent, unreadable, readable by others, or contradictory."""
    try:
        ring = _read_ring.decode((folder / _RING).read_bytes())
    except FileNotFoundError:
        raise KeysUnusable(f"{folder}: holds no {_RING}; make the keys with `doorless init`") from None
    except (OSError, msgspec.DecodeError) as error:
        raise KeysUnusable(f"{folder / _RING}: {error}; restore it from a copy") from None
    return Keys(folder, ring, {record.kid: _load_key(folder, record.kid) for record in ring.keys}, window)


def _load_key(folder: Path, kid: str) -> SigningKey:
    path = folder / f"{kid}.pem"
    try:
        mode = path.stat().st_mode
        key = read_pem(path.read_bytes())
    except (OSError, JwksError) as error:
        raise KeysUnusable(f"{path}: {error}; restore it from a copy") from None
    if mode & 0o077:
        raise KeysUnusable(f"{path}: others may read this private key; chmod 600 it, then rotate")
    if key.kid != kid:
        raise KeysUnusable(f"{path}: holds the key {key.kid}; restore the right one from a copy")
    return key


def _write(folder: Path, name: str, content: bytes) -> None:
    """Replace `name` by `content`, durably. After a crash the file has its old content or the new, never half."""
    partial = folder / f".{name}.partial"
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(descriptor, "wb") as file:  # noqa: PTH123 - opened with its final mode, which Path cannot do
        file.write(content)
        file.flush()
        os.fsync(descriptor)
    # Crash here: a `.partial` that the next write of this name removes.
    partial.rename(folder / name)
    _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
