"""The unit of q is understood as people write it, and nothing else is taken for one."""

import pytest

from models.domain.units import as_q_unit, q_unit_in


@pytest.mark.parametrize(
    "text", ["1/A", "A^-1", "Å⁻¹", "1/Å", "inverse (1/Angstrom)", "Qvector_A", "q [A-1]"]
)
def test_inverse_angstrom_has_many_names(text: str):
    assert q_unit_in(text) == "1/A"


@pytest.mark.parametrize("text", ["1/nm", "nm^-1", "nm⁻¹", "q (nm-1)", "q/nm^{-1}"])
def test_inverse_nanometre_has_many_names(text: str):
    assert q_unit_in(text) == "1/nm"


@pytest.mark.parametrize("text", ["", "q", "mm", "nanometre", "A"])
def test_a_text_that_names_neither_is_not_guessed_at(text: str):
    assert q_unit_in(text) is None
    assert as_q_unit(text) == text


def test_a_text_that_names_both_is_told_apart():
    assert q_unit_in("q in 1/A or 1/nm") == "both"
