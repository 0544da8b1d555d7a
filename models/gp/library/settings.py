"""Keep torch, GPyTorch and BoTorch exact, and the same on every run, whatever else the process does."""

import warnings
from collections.abc import Generator
from contextlib import ExitStack, contextmanager

import gpytorch
import torch
from botorch.settings import validate_input_scaling

LARGEST = 10**6
"""Matrices up to this size are factored, not approximated by conjugate gradients."""
LEAST_NOISE = 1e-12
"""Smallest known variance that the libraries leave as it is, standardised."""
DRAW_SEED = 0
"""Seed of draws that are part of no decision's own."""


@contextmanager
def exactly(seed: int = DRAW_SEED) -> Generator[None]:
    """In 64 bits, on one thread, by Cholesky factors, every draw from one seed; as it was afterwards.

    Numbers that a user writes as Python floats become tensors of 64 bits too. What the libraries warn of is
    met by checks of our own: nobody reads warnings in the night.

    Parameters
    ----------
    seed
        Seed of every draw that is not seeded by itself.
    """
    before, n_threads = torch.get_default_dtype(), torch.get_num_threads()
    with ExitStack() as opened:
        opened.callback(torch.set_default_dtype, before)
        opened.callback(torch.set_num_threads, n_threads)
        opened.enter_context(warnings.catch_warnings())
        opened.enter_context(torch.random.fork_rng(devices=[]))
        opened.enter_context(gpytorch.settings.fast_computations(False, False, False))
        opened.enter_context(gpytorch.settings.max_cholesky_size(LARGEST))
        opened.enter_context(gpytorch.settings.min_fixed_noise(double_value=LEAST_NOISE))
        opened.enter_context(validate_input_scaling(False))
        warnings.simplefilter("ignore")
        torch.set_default_dtype(torch.float64)
        torch.set_num_threads(1)
        # torch.manual_seed would note where it was called from, for devices that are not there: 2 ms
        torch.default_generator.manual_seed(seed)
        yield
