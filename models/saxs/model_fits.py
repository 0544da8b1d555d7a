"""Features from a fit of a sasmodels model: build an extractor in a module of one's own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import least_squares

from models.domain.errors import BadInput, FitFailed
from models.domain.scattering import Absence, Curve, Feature, Floats, Parameter
from models.saxs.extractor import Extractor, Found
from models.saxs.fits import make_fit
from models.saxs.steady import Steady, excess, steady

ANGSTROM_PER_NM = 10.0
WHERE = "fit_model"
LINEAR = ("scale", "background")
"""What the intensity is linear in; both are always free."""
N_SIZES = 35
"""Sizes over which a relative spread (``_pd``) is averaged."""
MIN_POINTS_PER_PARAMETER = 3
"""A fit has at least so many points for each free parameter."""
STEP = 1e-5
"""Step of numerical derivatives, relative to the range of a parameter."""
NEAR_LIMIT = 1e-4
"""A parameter nearer than this to a limit, relative to its range, stands at it."""
MAX_EVALUATIONS = 200
"""Calls of the model at most, derivatives not counted."""


@dataclass(frozen=True)
class Free:
    """A parameter to fit: lengths in nm, everything else in sasmodels' units."""

    start: float
    """Where the fit begins."""
    low: float
    """Least value."""
    high: float
    """Largest value."""


@dataclass(frozen=True, eq=False)
class _Model:
    """A compiled model, and what to fit of it."""

    name: str
    free: Mapping[str, Free]
    fixed: Mapping[str, float]
    factors: Mapping[str, float]
    """sasmodels' number over ours, by parameter."""
    units: Mapping[str, str]
    compiled: Any
    """What sasmodels loaded; it has no types."""

    def shape(self, q_inv_nm: Floats) -> Callable[[Floats], Floats]:
        """The model on these points, scale 1 and background 0, as a function of the free parameters."""
        from sasmodels.direct_model import call_kernel  # slow to load

        kernel: Any = self.compiled.make_kernel([q_inv_nm / ANGSTROM_PER_NM])
        fixed = {name: value * self.factors[name] for name, value in self.fixed.items()}
        fixed |= {f"{name}_n": N_SIZES for name in (*self.fixed, *self.free) if name.endswith("_pd")}
        names = tuple(self.free)

        def evaluate(values: Floats) -> Floats:
            own = {name: value * self.factors[name] for name, value in zip(names, values, strict=True)}
            found: Any = call_kernel(kernel, {"scale": 1.0, "background": 0.0, **fixed, **own})
            return np.array(found, dtype=np.float64)

        return evaluate


def fit_model(
    name: str,
    free: Mapping[str, Free],
    fixed: Mapping[str, float] | None = None,
    window_inv_nm: tuple[float, float] = (0.0, np.inf),
) -> Extractor:
    """Make an extractor that fits a model of sasmodels.

    Scale and background are always fitted besides. Weighted least squares; sigma is propagated from the
    points' noise, and grows by the root of reduced chi squared where the model does not describe the curve.
    No resolution is taken into account.

    Parameters
    ----------
    name
        A model of sasmodels, such as ``sphere`` or ``core_shell_sphere``.
    free
        What to fit: lengths in nm, other parameters in sasmodels' units. ``radius_pd`` is the relative spread
        of ``radius``.
    fixed
        Other parameters that differ from the model's defaults, in the same units.
    window_inv_nm
        Points used, 1/nm.

    Returns
    -------
    Extractor
        It makes ``<model>_<parameter>`` for each free parameter, ``<model>_scale``,
        ``<model>_background``, and ``<model>_chi2``, reduced.

    Raises
    ------
    BadInput
        When there is no such model or parameter, a start lies outside of its limits, or the model cannot be
        compiled.
    """
    model = _load(name, free, fixed or {})
    makes = {f"{name}_{key}": model.units[key] for key in free}
    makes |= {f"{name}_scale": "a.u.", f"{name}_background": "a.u.", f"{name}_chi2": "1"}
    return Extractor(makes=makes, extract=lambda curve: _extract(model, curve.between(*window_inv_nm)))


def _load(name: str, free: Mapping[str, Free], fixed: Mapping[str, float]) -> _Model:
    """Load and compile a model, and check its parameters."""
    from sasmodels.core import load_model, load_model_info  # slow to load

    try:
        info: Any = load_model_info(name)
    except Exception as error:  # it raises whatever its own parts raise
        raise BadInput(
            WHERE, f"names {name!r}, which is no model of sasmodels", "Correct the name"
        ) from error
    known: dict[str, str] = {}
    for parameter in info.parameters.call_parameters:
        known[parameter.name] = parameter.units
        if parameter.polydisperse:
            known[f"{parameter.name}_pd"] = "" if parameter.relative_pd else parameter.units
    for key in (*free, *fixed):
        if key not in known or key in LINEAR:
            names = ", ".join(sorted(set(known) - set(LINEAR)))
            raise BadInput(WHERE, f"{name!r} has no parameter {key!r} to set", f"It has {names}")
    for key, range_ in free.items():
        if not range_.low < range_.start < range_.high:
            raise BadInput(
                WHERE,
                f"{name}.{key} starts at {range_.start:g}, outside of {range_.low:g} to {range_.high:g}",
                "Start between the limits",
            )
    try:
        compiled: Any = load_model(name, dtype="double", platform="dll")
    except Exception as error:  # no compiler, no room: whatever the system says
        raise BadInput(
            WHERE,
            f"{name!r} cannot be compiled: {' '.join(str(error).split())[:200]}",
            "Install a C compiler that is called cc",
        ) from error
    is_length = {key: units == "Ang" for key, units in known.items()}
    return _Model(
        name=name,
        free=free,
        fixed=fixed,
        factors={key: ANGSTROM_PER_NM if is_length[key] else 1.0 for key in known},
        units={key: "nm" if is_length[key] else units or "1" for key, units in known.items()},
        compiled=compiled,
    )


def _extract(model: _Model, curve: Curve) -> Found:
    """Fit one curve."""
    part = steady(curve.between(float(np.nextafter(0, 1)), np.inf))
    n_free = len(model.free) + len(LINEAR)
    if len(part) < MIN_POINTS_PER_PARAMETER * n_free:
        raise FitFailed(f"{len(part)} points, needs {MIN_POINTS_PER_PARAMETER * n_free}")
    shape = model.shape(part.curve.q_inv_nm)
    low, high, start = (
        np.array([getattr(r, key) for r in model.free.values()]) for key in ("low", "high", "start")
    )
    root = np.sqrt(part.weight)

    def misfit(unit: Floats) -> Floats:
        values = shape(low + unit * (high - low))
        return root * (part.curve.intensity - _design(values) @ _linear(part, values))

    # parameters in units of their ranges; scale and background are solved for at each step
    result = least_squares(
        misfit, (start - low) / (high - low), bounds=(0, 1), diff_step=STEP, max_nfev=MAX_EVALUATIONS
    )
    if not result.success:
        raise FitFailed(f"the fit of {model.name} does not settle in {MAX_EVALUATIONS} steps")
    found = low + result.x * (high - low)
    return _answer(model, part, shape, found)


def _design(values: Floats) -> Floats:
    return np.stack([values, np.ones_like(values)], axis=1)


def _linear(part: Steady, values: Floats) -> Floats:
    """Scale and background that fit best, shape (2,)."""
    design = _design(values)
    weighted = design * part.weight[:, None]
    return np.asarray(
        np.linalg.pinv(weighted.T @ design) @ (weighted.T @ part.curve.intensity), dtype=np.float64
    )


def _answer(model: _Model, part: Steady, shape: Callable[[Floats], Floats], found: Floats) -> Found:
    """Covariance, and what stands at a limit."""
    values = shape(found)
    linear = _linear(part, values)
    ranges = np.array([r.high - r.low for r in model.free.values()])
    columns = [linear[0] * _slope(shape, found, n, STEP * ranges[n]) for n in range(found.size)]
    jacobian = np.stack([*columns, values, np.ones_like(values)], axis=1)
    sensitivity = (jacobian**2 * part.weight[:, None]).sum(axis=0)
    if not np.all(sensitivity > 0):
        names = ", ".join(np.array([*model.free, *LINEAR])[~(sensitivity > 0)].tolist())
        raise FitFailed(f"the curve does not depend on {names} of {model.name}")
    scale = 1 / np.sqrt(sensitivity)
    weighted = jacobian * scale * part.weight[:, None]
    operator = scale[:, None] * (np.linalg.pinv(weighted.T @ (jacobian * scale)) @ weighted.T)
    fitted = _design(values) @ linear
    chi2, n_left = float(part.weight @ (part.curve.intensity - fitted) ** 2), len(part) - jacobian.shape[1]
    sigmas = np.sqrt(operator**2 @ part.variance * excess(chi2, n_left))
    names = (*model.free, *LINEAR)
    units = (*(model.units[key] for key in model.free), part.curve.unit, part.curve.unit)
    parameters = tuple(
        Parameter(name=key, value=float(value), sigma=float(sigma), unit=unit)
        for key, value, sigma, unit in zip(names, (*found, *linear), sigmas, units, strict=True)
    )
    fit = make_fit(model.name, part.curve, fitted, parameters, jacobian.shape[1])
    chi2_feature = Feature(
        name=f"{model.name}_chi2", value=chi2 / n_left, sigma=float(np.sqrt(2 / n_left)), unit="1"
    )
    return *(_feature(model, p, part.curve) for p in parameters), chi2_feature, fit


def _slope(shape: Callable[[Floats], Floats], found: Floats, n: int, step: float) -> Floats:
    """Central difference by one parameter."""
    up, down = found.copy(), found.copy()
    up[n], down[n] = up[n] + step, down[n] - step
    return (shape(up) - shape(down)) / (2 * step)


def _feature(model: _Model, parameter: Parameter, curve: Curve) -> Feature | Absence:
    """A parameter as a feature; none where it stands at a limit."""
    name, sigma = f"{model.name}_{parameter.name}", parameter.sigma
    range_ = model.free.get(parameter.name)
    if range_ is None:  # scale and background share the curve's common factor
        sigma = float(np.hypot(sigma, curve.common_relative_sigma * parameter.value))
    else:
        near = NEAR_LIMIT * (range_.high - range_.low)
        if not range_.low + near < parameter.value < range_.high - near:
            why = f"{parameter.name} stands at its limit, {parameter.value:.4g} {parameter.unit}; widen it"
            return Absence(name=name, why=why)
    return Feature(name=name, value=parameter.value, sigma=sigma, unit=parameter.unit)
