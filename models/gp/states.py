"""All that a belief needs besides the observations, whichever kernel is behind it."""

from models.gp.library.state import LibraryState
from models.gp.state import BeliefState

AnyState = BeliefState | LibraryState
"""Hyperparameters, and how values are standardised: of our own kernel, or of one that a user brings."""
