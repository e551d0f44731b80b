"""`issuer.keys`: the folder of keys, its modes, restarts, rotation, and what a crash leaves."""

import stat
from pathlib import Path

import pytest

from issuer import keys
from issuer.keys import Keys, KeysUnusable
from issuer.keyset import generate_key
from issuer.ring import LEAD_S
from issuer.token import MAX_LIFETIME_S, Refused, VerifiedToken, verify
from tests.issuer.forge import AUDIENCE, ISSUER, NOW, token


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "keys"
    keys.create(made)
    return made


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def rotate(held: Keys, now: int) -> str:
    key = generate_key()
    held.rotate(key, now)
    return key.kid


def test_a_new_folder_is_for_its_owner_alone(folder: Path) -> None:
    """The folder has mode 0700, each file 0600, and the key is PKCS#8 under its thumbprint's name."""
    held = keys.load(folder)
    kid = held.signing(NOW).kid
    assert files(folder) == {"ring.json", f"{kid}.pem"}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_keys_are_made_once_and_deliberately(folder: Path, tmp_path: Path) -> None:
    """`create` refuses a folder that has keys, and `load` makes none."""
    with pytest.raises(KeysUnusable, match="already holds keys"):
        keys.create(folder)
    with pytest.raises(KeysUnusable, match="doorless init"):
        keys.load(tmp_path / "absent")
    assert not (tmp_path / "absent").exists()


def test_tokens_of_the_old_key_count_until_they_expire(folder: Path) -> None:
    """Across a rotation old tokens verify to their end; then the JWKS holds the new key alone."""
    held = keys.load(folder)
    old = held.signing(NOW)
    new = rotate(held, NOW)
    switch = NOW + LEAD_S
    assert held.signing(switch - 1).kid == old.kid
    assert held.signing(switch).kid == new
    last = token(old, iat=switch - 1, nbf=switch - 1, exp=switch - 1 + MAX_LIFETIME_S)
    before_end, end = switch - 2 + MAX_LIFETIME_S, switch - 1 + MAX_LIFETIME_S
    for now, kids, kind in ((before_end, [old.kid, new], VerifiedToken), (end + 1, [new], Refused)):
        published = held.published(now)
        assert list(published) == kids
        assert isinstance(verify(last, published, issuer=ISSUER, audience=AUDIENCE, now=now), kind)


def test_rotation_survives_a_restart_at_any_moment(folder: Path) -> None:
    """Loaded anew before, during and after the lead, the folder gives the same signer and the same JWKS."""
    held = keys.load(folder)
    rotate(held, NOW)
    for now in (NOW, NOW + LEAD_S - 1, NOW + LEAD_S, NOW + LEAD_S + MAX_LIFETIME_S):
        again = keys.load(folder)
        assert again.signing(now).kid == held.signing(now).kid
        assert list(again.published(now)) == list(held.published(now))
        assert again.pending(now) == held.pending(now)


def test_pruning_deletes_the_private_key_that_is_over(folder: Path) -> None:
    """After the window the old key's file is gone; before it, pruning changes nothing."""
    held = keys.load(folder)
    old = held.signing(NOW).kid
    new = rotate(held, NOW)
    held.prune(NOW + LEAD_S + MAX_LIFETIME_S - 1)
    assert f"{old}.pem" in files(folder)
    held.prune(NOW + LEAD_S + MAX_LIFETIME_S)
    assert files(folder) == {"ring.json", f"{new}.pem"}
    assert keys.load(folder).signing(NOW).kid == new


def test_a_crash_before_the_ring_is_written_changes_nothing(folder: Path) -> None:
    """A key file that no ring names, and half-written files, are ignored and rotation goes on."""
    held = keys.load(folder)
    stray = generate_key()
    (folder / f"{stray.kid}.pem").write_bytes(stray.key.as_pem(private=True))
    (folder / ".ring.json.partial").write_bytes(b'{"ke')
    again = keys.load(folder)
    assert list(again.published(NOW)) == list(held.published(NOW))
    assert rotate(again, NOW) in keys.load(folder).published(NOW)


def test_a_folder_that_cannot_be_written_keeps_its_keys(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the ring cannot be replaced, rotation raises and signer and JWKS are as before."""
    held = keys.load(folder)
    before = (held.signing(NOW).kid, list(held.published(NOW)))

    def full(_path: Path, _target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(OSError, match="No space"):
        rotate(held, NOW)
    monkeypatch.undo()
    assert (held.signing(NOW).kid, list(held.published(NOW))) == before
    assert list(keys.load(folder).published(NOW)) == before[1]


def _other_key(folder: Path, pem: Path) -> None:
    pem.write_bytes(generate_key().key.as_pem(private=True))
    assert folder.is_dir()


@pytest.mark.parametrize(
    ("breaks", "says"),
    [
        (lambda folder, _pem: (folder / "ring.json").write_bytes(b"{"), "ring.json"),
        (lambda folder, _pem: (folder / "ring.json").write_bytes(b'{"keys":[]}'), "ring.json"),
        (lambda _folder, pem: pem.unlink(), "restore it"),
        (lambda _folder, pem: pem.write_bytes(b""), "PEM"),
        (lambda _folder, pem: pem.chmod(0o640), "chmod 600"),
        (_other_key, "restore the right one"),
    ],
    ids=["half a ring", "empty ring", "key gone", "key empty", "key readable", "key swapped"],
)
def test_a_folder_that_is_not_right_is_not_used(folder: Path, breaks: object, says: str) -> None:
    """Each way in which the folder can be wrong raises, naming the file and what to do."""
    (pem,) = folder.glob("*.pem")
    assert callable(breaks)
    breaks(folder, pem)
    with pytest.raises(KeysUnusable, match=says):
        keys.load(folder)
