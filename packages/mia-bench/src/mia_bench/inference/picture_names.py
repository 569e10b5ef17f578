"""Names of the pictures and maps of scored images."""

from __future__ import annotations

from hashlib import blake2b

# What nearly all file systems allow for one name.
MAX_BYTES = 255


def picture_name(image_id: str, suffix: str) -> str:
    """Return the path of an image's picture: its id and the suffix.

    A last part that no file system takes with the suffix is cut short and ends in ``~`` and a hash
    of the whole id, so that no two images share a picture.
    """
    folder, slash, name = image_id.rpartition("/")
    if len(f"{name}{suffix}".encode()) <= MAX_BYTES:
        return image_id + suffix
    ending = f"~{blake2b(image_id.encode(), digest_size=8).hexdigest()}{suffix}"
    kept = name.encode()[: MAX_BYTES - len(ending)].decode(errors="ignore")
    return f"{folder}{slash}{kept}{ending}"
