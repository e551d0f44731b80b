"""An environment for jurors that holds one library under the name of a vendor's, for tests and the proof.

Nothing is installed: a link to an interpreter, and one file. Everybody may read it, as jurors have uids of their own.
"""

import sys
from pathlib import Path


def library_environment(folder: Path, library: Path, interpreter: str) -> Path:
    """Make it below `folder`: `library` is what `import openai` brings there. Where its packages lie."""
    packages = folder / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
    programs = folder / "bin"
    for made in (packages, programs):
        made.mkdir(parents=True)
    (folder / "pyvenv.cfg").write_text(f"home = {Path(interpreter).parent}\n", encoding="utf-8")
    for name in ("python", "python3"):
        (programs / name).symlink_to(interpreter)
    (packages / "openai.py").write_bytes(library.read_bytes())
    for place in (folder, *folder.rglob("*")):
        if not place.is_symlink():
            place.chmod(0o755 if place.is_dir() else 0o644)
    return packages
