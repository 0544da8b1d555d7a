"""The pages that a new user follows do what they show."""

import pytest

from tests.docs.reader import follow

PAGES = [
    "README.md", "docs/denoising.md", "docs/diagnostics.md",
    "docs/exports.md", "docs/features.md", "docs/formulation.md",
    "docs/measured-data.md", "docs/objectives.md", "docs/scan.md",
]  # fmt: skip


@pytest.mark.parametrize("page", PAGES)
def test_a_page_can_be_followed_from_top_to_bottom(page, tmp_path):
    follow(page, tmp_path)
