"""One's own acquisition, written for BoTorch: the upper confidence bound, from draws of the posterior."""

import torch
from botorch.acquisition import AcquisitionFunction, qUpperConfidenceBound
from botorch.models.model import Model
from botorch.sampling import SobolQMCNormalSampler

from models.gp.library.context import AcquisitionContext

BETA = 2.0
"""Squares of standard deviations that count in favour."""


def make(model: Model, context: AcquisitionContext) -> AcquisitionFunction:
    """`context.objective` turns values about where the smallest, or a target, is sought."""
    sampler = SobolQMCNormalSampler(torch.Size([128]), seed=context.seed)
    return qUpperConfidenceBound(model, beta=BETA, sampler=sampler, objective=context.objective)
