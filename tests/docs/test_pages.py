"""The pages that a new user follows do what they show."""

import pytest

from tests.docs.reader import follow

PAGES = [
    "docs/denoising.md", "docs/diagnostics.md",
    "docs/exports.md", "docs/features.md", "docs/formulation.md",
    "docs/measured-data.md", "docs/objectives.md", "docs/scan.md",
]  # fmt: skip


@pytest.mark.parametrize("page", PAGES)
def test_a_page_can_be_followed_from_top_to_bottom(page, tmp_path, quick):
    follow(page, tmp_path, quick)


def test_the_readme_can_be_followed_from_top_to_bottom_with_the_program_that_is_installed(tmp_path):
    follow("README.md", tmp_path)
