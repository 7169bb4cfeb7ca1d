"""Writes files whole or not at all."""

import json
import os
from pathlib import Path


def write_atomically(file: Path, content: bytes) -> None:
    """By a temporary file in the same folder: who is killed while writing leaves nothing half-written as `file`."""
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f'.{file.name}.{os.getpid()}.tmp')
    try:
        with temporary.open('wb') as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)


def report(metrics: dict, file: Path | None) -> None:
    """Prints the metrics as JSON, and writes them to `file` too."""
    text = json.dumps(metrics, indent=2, ensure_ascii=False) + '\n'
    if file:
        write_atomically(file, text.encode())
    print(text, end='')
