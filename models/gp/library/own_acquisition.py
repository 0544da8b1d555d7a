"""An acquisition that a user brings: found by its name, tried before the night, asked during it."""

from dataclasses import dataclass, replace

import numpy as np
import torch

from models.domain.decision import Prediction, Reason
from models.domain.errors import BadInput, FitFailed
from models.domain.objective import Extreme, Level, ObjectiveBase, Target
from models.domain.own_parts import import_attribute
from models.gp.belief import Belief, Watch
from models.gp.library.context import AcquisitionContext, Sought
from models.gp.library.models import library_models
from models.gp.library.worth import OwnWorth
from models.gp.pursuits.pursuit import Aim, Situation, expected_text
from models.gp.state import BeliefState, MemberState
from models.gp.training import Training

WHERE = "strategy.acquisition"
N_TRIED = 8
"""Made-up observations on which an acquisition is tried before the night."""
N_TRIED_POOL = 64
TRIED_LOGS = (-0.7, 0.0, -6.0)
"""Logarithms of length scales, variance and noise of the model that it is tried on."""


@dataclass(frozen=True)
class OwnAcquisition:
    """An acquisition of one's own for a campaign."""

    name: str
    """Function that makes it, ``module:function``."""
    objective: ObjectiveBase
    """What is sought."""
    columns: tuple[str, ...]
    """Names of the scaled columns."""
    seed: int
    """Seed of its draws."""

    def __call__(self, situation: Situation, aim: Aim) -> Aim:
        """The aim of the goal, with this acquisition in the place of its own.

        Raises
        ------
        FitFailed
            See `worth`.
        """
        name = self.objective.features[0]
        if name not in situation.beliefs:  # a goal of one's own may learn of something else
            raise FitFailed(f"the acquisition {self.name} needs a belief about {name}, and there is none")
        worth = self.worth(situation.beliefs[name])

        def explain(expected: tuple[Prediction, ...], is_idle: bool) -> Reason:
            del is_idle
            sentence = f"Largest value of {self.name}: {expected_text(expected[0])} here."
            return Reason(code="own_acquisition", sentence=sentence)

        return replace(
            aim, worth=worth, explain=explain, gain=np.exp, gain_unit="1", idle=None, unit_of_gain=1.0
        )

    def worth(self, belief: Belief) -> OwnWorth:
        """What it says under a belief, which watches the pool.

        Raises
        ------
        FitFailed
            When it raises, makes something else, or has a value over the pool that is no number.
        """
        pool = torch.from_numpy(
            belief.watch.points if belief.watch is not None else belief.training.unit_points
        )
        best = self._context(belief, pool, 0.0).gain_of(torch.from_numpy(belief.means_at_observations()))
        given = [
            (model, self._context(belief, pool, float(one)))
            for model, one in zip(
                library_models(belief.training, belief.state), best.amax(dim=1), strict=True
            )
        ]
        return OwnWorth(self.name, import_attribute(self.name, WHERE), given, belief.weights)

    def check(self) -> None:
        """Try it on a model of made-up observations, before anything moves.

        Raises
        ------
        BadInput
            When it cannot be had, raises, gives no numbers, or the goal is not about one feature.
        """
        if len(self.objective.features) != 1:
            raise BadInput(
                WHERE,
                f"is for goals on one feature, and the goal {self.objective.goal!r} is on "
                f"{len(self.objective.features)}",
                "Leave it out",
            )
        make = import_attribute(self.name, WHERE)
        if not callable(make):
            problem = f"is {self.name!r}, which cannot be called with (model, context)"
            raise BadInput(WHERE, problem, "Name a function of these two")
        rng, d = np.random.default_rng(self.seed), len(self.columns)
        tried = Training(rng.random((N_TRIED, d)), rng.normal(size=N_TRIED), np.full(N_TRIED, 0.1))
        length, variance, noise = TRIED_LOGS
        member = MemberState(logs=(*(length,) * d, variance, noise), weight=1.0, inflation=1.0)
        state = BeliefState(fitted_to=N_TRIED, mean=0.0, spread=1.0, members=(member,))
        pool = rng.random((N_TRIED_POOL, d))
        try:
            worth = self.worth(Belief(tried, state, Watch(pool)))
            worth.at(pool[:2])
            worth.slope(pool[0])
        except FitFailed as error:
            remedy = "Correct it; it is called with (model, context) and asked about rows of one point"
            raise BadInput(
                WHERE, f"is {self.name!r}: on a model of made-up values, {error}", remedy
            ) from error

    def _context(self, belief: Belief, pool: torch.Tensor, best: float) -> AcquisitionContext:
        return AcquisitionContext(
            columns=self.columns,
            measured=torch.from_numpy(belief.training.unit_points),
            pool=pool,
            sought=_sought(self.objective),
            mean=belief.state.mean,
            spread=belief.state.spread,
            best=torch.tensor(best, dtype=torch.float64),
            seed=self.seed,
        )


def _sought(objective: ObjectiveBase) -> Sought:
    """What is sought of the feature, in numbers."""
    if isinstance(objective, Target):
        return Sought(centre=objective.target)
    if isinstance(objective, Level):
        return Sought(centre=objective.level)
    return Sought(sign=objective.sign if isinstance(objective, Extreme) else 1.0)
