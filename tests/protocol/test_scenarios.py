"""Every narrow place of the protocol, passed once by hand."""

import pytest

from tests.protocol.scenarios import SCENARIOS, WITH_JOURNAL
from tests.protocol.world import World


@pytest.mark.parametrize("name", SCENARIOS)
def test_nothing_is_lost_doubled_or_used_unknown(name, template):
    with World(has_journal=name in WITH_JOURNAL, template=template) as world:
        SCENARIOS[name](world)
