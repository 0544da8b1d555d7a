"""The other pages of the documentation do what they show."""

import pytest

from tests.docs.reader import follow

PAGES = [
    "docs/extending.md", "docs/liquid-handling.md", "docs/pending.md",
    "docs/people.md", "docs/rehearsal.md", "docs/setup.md", "docs/spaces.md",
    "docs/stopping.md", "docs/the-record.md", "docs/watch.md",
]  # fmt: skip


@pytest.mark.parametrize("page", PAGES)
def test_a_page_can_be_followed_from_top_to_bottom(page, tmp_path, quick):
    follow(page, tmp_path, quick)
