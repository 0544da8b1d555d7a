"""A reader who follows a page of the documentation: its commands, its Python, its campaign files."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BEFORE = {
    "README.md": "nightbeam run examples/first_light.toml",
    "docs/objectives.md": "nightbeam run examples/curves.toml",
}
"""What a reader has done before a page's first command."""
NEEDS_EPICS = re.compile(r"EPICS|flow_cell\b")
NAMED = re.compile(r"# (\S+\.toml)\n")
"""First line of a block that shows a whole file: its name."""


def blocks(page: str) -> list[tuple[str, str]]:
    return BLOCK.findall((ROOT / page).read_text())


def squeezed(text: str) -> str:
    """Runs of blanks count as one: tables are laid out for the width of the terminal."""
    return re.sub(r"\s+", " ", text).strip()


def says(expected: str, printed: str) -> bool:
    """True when the output is the expected one; ``...`` stands for anything."""
    parts = [re.escape(squeezed(part)) for part in expected.split("...")]
    return re.search(".*?".join(parts), squeezed(printed), re.DOTALL) is not None


class Reader:
    """Someone who follows a page in a folder of his own."""

    def __init__(self, folder: Path, quick: Path | None) -> None:
        self.folder = folder
        shutil.copytree(ROOT / "examples", folder / "examples")
        scripts = [str(quick)] if quick is not None else []
        scripts += [str(Path(sys.executable).parent), os.environ["PATH"]]
        self.env = os.environ | {"PATH": ":".join(scripts), "COLUMNS": "100"}
        self.python = sys.executable if quick is None else str(quick / "nightbeam")

    def type(self, command: str) -> str:
        ended = subprocess.run(
            ["bash", "-c", command], cwd=self.folder, env=self.env, capture_output=True, text=True,
            timeout=300, check=False,
        )  # fmt: skip
        assert "Traceback" not in ended.stderr, ended.stderr
        return ended.stdout + ended.stderr

    def run_python(self, source: str) -> str:
        # the quick process was loaded to do without Channel Access
        python = sys.executable if NEEDS_EPICS.search(source) else self.python
        ended = subprocess.run(
            [python, "-c", source], cwd=self.folder, env=self.env, capture_output=True, text=True,
            timeout=300, check=False,
        )  # fmt: skip
        assert ended.returncode == 0, ended.stderr
        return ended.stdout


def commands(block: str) -> list[tuple[str, str]]:
    """Each command of a console block, and what should be printed."""
    parts = re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]
    return [(part.partition("\n")[0], part.partition("\n")[2]) for part in parts]


def follow(page: str, folder: Path, quick: Path | None = None) -> None:
    """Do everything that a page shows, and hold it against what it says.

    Programs in the folder `quick` go before those that are installed.
    """
    reader = Reader(folder, quick)
    if page in BEFORE:
        reader.type(BEFORE[page])
    printed = ""
    for language, block in blocks(page):
        if language == "console":
            for command, expected in commands(block):
                printed = reader.type(command)
                assert says(expected, printed), f"$ {command}\n{printed}"
        elif language == "python":
            printed = reader.run_python(block)
        elif language == "text":
            assert says(block, printed), f"the Python above prints\n{printed}"
        elif language == "toml" and (named := NAMED.match(block)):
            (folder / named[1]).write_text(block)
