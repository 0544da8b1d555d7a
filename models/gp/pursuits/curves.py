"""All curves: the fall of the variance of whole curves, averaged over the space."""

import numpy as np

from models.domain.decision import Prediction, Reason
from models.domain.scattering import Floats
from models.gp.acquisitions.curves import CurveVariance
from models.gp.pursuits.curve_lesson import belief_in, of_curves
from models.gp.pursuits.pursuit import Aim, Pursuit, Situation, predictions


def learn_curves(situation: Situation) -> Aim:
    """How much a measurement lessens the uncertainty of all curves."""
    quantity = situation.objective.quantity
    belief = belief_in(situation)
    worth = CurveVariance(belief)

    def expect(points: Floats) -> tuple[tuple[Prediction, ...], ...]:
        rms = belief.band(points).rms_sigmas
        logs = predictions(quantity, "1", *belief.mean_logs(points))
        return tuple(zip(logs, predictions("curve_sigma", "1", rms, np.zeros_like(rms)), strict=True))

    def explain(expected: tuple[Prediction, ...], is_idle: bool) -> Reason:
        del is_idle
        average = float(np.sqrt((belief.watched_rms_sigmas() ** 2).mean()))
        sentence = (
            f"Teaches most about all curves: the one here is known to {expected[1].mean:.1%} rms, "
            f"the average to {average:.1%}{belief.basis.bins_text}."
        )
        return Reason(code="integrated_variance", sentence=sentence)

    return Aim(worth=worth, expect=expect, explain=explain, gain=worth.fall_of_sigma, gain_unit="1")


PURSUIT = Pursuit(learn_curves, of_curves, is_pairwise=True)
