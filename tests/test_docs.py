"""What the documentation shows is run: its commands, its Python, its campaign files."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from models.domain.campaign import CampaignSpec
from models.domain.check_limits import CHECK_NAMES, CheckLimits
from models.domain.inputs import read_toml, validated
from models.saxs.extractors import known_names, load_extractor

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PAGES = [
    "README.md", "docs/denoising.md", "docs/diagnostics.md", "docs/exports.md", "docs/extending.md",
    "docs/features.md", "docs/formulation.md", "docs/liquid-handling.md", "docs/measured-data.md",
    "docs/objectives.md", "docs/pending.md", "docs/people.md", "docs/scan.md", "docs/setup.md",
    "docs/spaces.md", "docs/stopping.md", "docs/the-record.md", "docs/watch.md",
]  # fmt: skip
BEFORE = {
    "README.md": "nightbeam run examples/first_light.toml",
    "docs/objectives.md": "nightbeam run examples/curves.toml",
}
"""What a reader has done before a page's first command."""
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

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(ROOT / "examples", folder / "examples")
        scripts = Path(sys.executable).parent
        self.env = os.environ | {"PATH": f"{scripts}:{os.environ['PATH']}", "COLUMNS": "100"}

    def type(self, command: str) -> str:
        ended = subprocess.run(
            ["bash", "-c", command], cwd=self.folder, env=self.env, capture_output=True, text=True,
            timeout=300, check=False,
        )  # fmt: skip
        assert "Traceback" not in ended.stderr, ended.stderr
        return ended.stdout + ended.stderr

    def run_python(self, source: str) -> str:
        ended = subprocess.run(
            [sys.executable, "-c", source], cwd=self.folder, env=self.env, capture_output=True, text=True,
            timeout=300, check=False,
        )  # fmt: skip
        assert ended.returncode == 0, ended.stderr
        return ended.stdout


def commands(block: str) -> list[tuple[str, str]]:
    """Each command of a console block, and what should be printed."""
    parts = re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]
    return [(part.partition("\n")[0], part.partition("\n")[2]) for part in parts]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_can_be_followed_from_top_to_bottom(page, tmp_path):
    reader = Reader(tmp_path)
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
            (tmp_path / named[1]).write_text(block)


def test_the_campaign_file_in_the_readme_is_a_campaign(tmp_path):
    text = next(block for language, block in blocks("README.md") if language == "toml")
    (tmp_path / "shown.toml").write_text(text)
    spec = validated(CampaignSpec, read_toml(tmp_path / "shown.toml"), "README.md")
    tables = read_toml(tmp_path / "shown.toml")
    of_spaces = read_toml(ROOT / "examples" / "spaces" / "campaign.toml")
    assert "`candidates = " in (ROOT / "docs" / "spaces.md").read_text()
    of_people = (ROOT / "docs" / "people.md").read_text()
    assert "[people]\nveto_s" in of_people
    assert "[notify]\non = " in of_people
    assert "[deck]" in (ROOT / "docs" / "formulation.md").read_text()
    # the second goes with no other example: it leaves nothing to draw
    optional = {"folder", "candidates", "people", "notify", "deck"}
    assert set(CampaignSpec.model_fields) - optional == set(tables) | set(of_spaces), "every key is explained"
    assert spec.objective.target == 6.0


def test_every_link_in_the_documentation_leads_somewhere():
    for page in [*PAGES, "CONTRIBUTING.md"]:
        for target in re.findall(r"\]\(([^)#]+)\)", (ROOT / page).read_text()):
            assert ((ROOT / page).parent / target).exists(), f"{page}: {target}"


def test_every_check_and_its_thresholds_are_explained():
    explained = (ROOT / "docs" / "diagnostics.md").read_text()
    for name in CHECK_NAMES:
        assert f"| `{name}` |" in explained
    for key in CheckLimits.model_fields:
        assert f"`{key}" in explained, key


def test_every_feature_that_ships_is_explained():
    explained = (ROOT / "docs" / "features.md").read_text()
    for extractor in known_names():
        assert f"| `{extractor}` |" in explained
        for name, unit in load_extractor(extractor).makes.items():
            assert f"`{name}`" in explained, f"{extractor}: {name} ({unit})"
