"""What the documentation explains is there, and all that is there is explained."""

import re

from models.domain.campaign import CampaignSpec
from models.domain.check_limits import CHECK_NAMES, CheckLimits
from models.domain.inputs import read_toml, validated
from models.saxs.extractors import known_names, load_extractor
from tests.docs import test_more_pages, test_pages
from tests.docs.reader import ROOT, blocks

FOLLOWED = ["README.md", *test_pages.PAGES, *test_more_pages.PAGES]


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
    assert "[load]" in (ROOT / "docs" / "liquid-handling.md").read_text()
    assert "[deck]" in (ROOT / "docs" / "formulation.md").read_text()
    assert "rehearsal." in (ROOT / "docs" / "rehearsal.md").read_text()
    # the second goes with no other example: it leaves nothing to draw
    optional = {"folder", "candidates", "people", "notify", "deck", "load", "rehearsal"}
    assert set(CampaignSpec.model_fields) - optional == set(tables) | set(of_spaces), "every key is explained"
    assert spec.objective.target == 6.0


def test_every_link_in_the_documentation_leads_somewhere():
    for page in [*FOLLOWED, "CONTRIBUTING.md"]:
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


def test_every_page_is_followed():
    pages = {str(page.relative_to(ROOT)) for page in (ROOT / "docs").glob("*.md")}
    commanded = {page for page in pages if any(language == "console" for language, _ in blocks(page))}
    assert commanded <= set(FOLLOWED)
