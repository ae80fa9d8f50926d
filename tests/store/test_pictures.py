"""Pictures on the disk, and in backups."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from app.domain.errors import InvalidInput, InvariantBroken, StoreUnavailable
from app.store.backup import archive_of, restore_pictures, save_pictures
from app.store.pictures import PictureFolder


def test_a_picture_is_kept_for_its_owner_alone(tmp_path: Path) -> None:
    folder = PictureFolder(tmp_path / "pictures")
    assert folder.get("01abc") is None
    folder.put("01abc", b"first")
    assert folder.get("01abc") == b"first"
    (kept,) = (tmp_path / "pictures").iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    folder.drop("01abc")
    folder.drop("01abc")
    assert folder.get("01abc") is None


@pytest.mark.parametrize("name", ["", "../secret.key", "a/b", "A", "x.png", "a" * 65])
def test_a_name_that_is_no_id_reaches_no_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvariantBroken):
        PictureFolder(tmp_path).get(name)


def test_a_disk_that_takes_nothing_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "pictures").write_text("in the way")
    with pytest.raises(StoreUnavailable, match="The picture was not kept"):
        PictureFolder(tmp_path / "pictures").put("01abc", b"x")


def test_a_backup_has_the_pictures_and_puts_back_what_is_missing(tmp_path: Path) -> None:
    folder, backup = PictureFolder(tmp_path / "pictures"), tmp_path / "copy.db"
    assert save_pictures(tmp_path / "pictures", backup) == 0
    assert restore_pictures(tmp_path / "pictures", backup) == 0
    folder.put("01abc", b"first")
    folder.put("01abd", b"second")
    (tmp_path / "pictures" / "01abe.partial").write_bytes(b"half")
    assert save_pictures(tmp_path / "pictures", backup) == 2
    assert stat.S_IMODE(archive_of(backup).stat().st_mode) == 0o600
    folder.drop("01abc")
    folder.put("01abf", b"newer")
    assert restore_pictures(tmp_path / "pictures", backup) == 1
    assert [folder.get(each) for each in ("01abc", "01abd", "01abf")] == [
        b"first",
        b"second",
        b"newer",
    ]


def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    archive_of(tmp_path / "copy.db").write_bytes(b"no archive")
    with pytest.raises(InvalidInput, match="cannot be restored"):
        restore_pictures(tmp_path / "pictures", tmp_path / "copy.db")
