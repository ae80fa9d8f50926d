"""Pictures in backups: an archive beside the copy of the database, put back without loss."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Final

from app.domain.errors import InvalidInput
from app.store.backup.contents import private
from app.store.pictures import PictureFolder

_ENDING: Final = ".pictures.zip"


def archive_of(backup: Path) -> Path:
    """Return where the pictures of the backup ``backup`` are."""
    return backup.with_name(backup.name + _ENDING)


def save_pictures(folder: Path, backup: Path) -> int:
    """Copy every picture into the archive beside ``backup``; return how many, 0 makes no archive.

    Call it after the database was copied: so nothing that the copy names is missing, but for what
    was deleted in between.  Raises ConfigError when the archive cannot be written.
    """
    files = sorted(each for each in folder.glob("*") if not each.suffix)
    if not files:
        return 0
    with (
        private(archive_of(backup)) as partial,
        zipfile.ZipFile(partial, "w", zipfile.ZIP_STORED) as archive,
    ):
        for each in files:
            archive.write(each, each.name)
    return len(files)


def restore_pictures(folder: Path, backup: Path) -> int:
    """Put back the pictures of ``backup`` that are not there; return how many.

    What is there stays: the database that was kept before the restore may name it.  Raises
    InvalidInput when the archive is damaged.
    """
    source = archive_of(backup)
    if not source.is_file():
        return 0
    kept, count = PictureFolder(folder), 0
    try:
        with zipfile.ZipFile(source) as archive:
            for each in archive.namelist():
                if kept.get(each) is None:
                    kept.put(each, archive.read(each))
                    count += 1
    except zipfile.BadZipFile as error:
        raise InvalidInput(f"{source} cannot be restored: {error}.") from None
    return count
