"""Files that a person names: their content, or a sentence that says why there is none."""

from __future__ import annotations

SEED_KINDS = (".json", ".toml")
LARGEST_BYTES = 8 * 1024 * 1024  # what a request may hold


def read_seed(named: str) -> str:
    """A built-in seed's name as it is, a file's content otherwise; ValueError when the file cannot be read."""
    return read_text(named, "the seed file ") if named.endswith(SEED_KINDS) else named


def read_text(named: str, what: str = "") -> str:
    """A file's content; ValueError when it cannot be read or is too large."""
    try:
        with open(named, "rb") as file:
            content = file.read(LARGEST_BYTES + 1)
        text = content.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{what}{named} cannot be read: {error}") from None
    if len(content) > LARGEST_BYTES:
        raise ValueError(f"{what}{named} is larger than {LARGEST_BYTES // 1024**2} MiB")
    return text
