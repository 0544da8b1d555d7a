"""A suite that proves something finds each fault that is put in: here are its proofs."""

import pytest

from tests.protocol.__main__ import caught_by
from tests.protocol.mutants import MUTANTS, Mutant


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.install.__name__)
def test_each_fault_of_the_protocol_is_caught(mutant: Mutant, template):
    assert caught_by(mutant, template) == mutant.caught_by
