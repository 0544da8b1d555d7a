"""What a campaign file may say but hardly anybody wants: told before the night, not refused."""

from collections.abc import Iterator

from agent.meanwhile import why_serial
from agent.strategy import bayes
from instruments.beamline import Beamline
from models.domain.campaign import CampaignSpec
from models.domain.inputs import validated

LEARNING = "bayes"
"""The strategy that makes an even start before it asks a model."""


def doubts(spec: CampaignSpec, beamline: Beamline) -> Iterator[str]:
    """Tell each in one sentence, with value, limit and remedy."""
    serial = why_serial(spec, beamline)
    if serial is not None:
        yield serial
    if spec.strategy.kind == LEARNING:
        initial = validated(bayes.Options, spec.strategy.options, "strategy").initial
        n_budget = spec.budget.measurements
        if initial >= n_budget:
            yield (
                f"strategy.initial: is {initial}, of budget.measurements = {n_budget}: all goes to the even "
                f"start, and no model is ever asked. Lower initial, or raise measurements above {initial}"
            )
