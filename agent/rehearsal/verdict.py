"""What a rehearsal found, as report.json holds it."""

from pydantic import Field

from models.domain.frozen import Frozen


class Quartiles(Frozen):
    """How a number is spread over the seeds."""

    low: float
    """Lower quartile."""
    middle: float
    """Median."""
    high: float
    """Upper quartile."""


class Fared(Frozen):
    """How one strategy fared."""

    name: str
    """Its name."""
    is_plain: bool
    """True for what always runs beside: random, grid, sobol."""
    n: int
    """Campaigns."""
    final: Quartiles
    """Score at the end of the budget."""
    by_measurement: tuple[Quartiles | None, ...]
    """Score after each measurement; None where nothing was learned yet."""
    hours: tuple[float, ...]
    """Median time after each measurement, h."""
    exposed_s: tuple[float, ...]
    """Median exposure of all samples after each measurement, s."""
    share_won: float
    """Mean share of nights in which it is better than another strategy."""
    failed: dict[str, float]
    """Decisions that brought nothing, per campaign, by what went wrong."""
    repeats: float
    """Second tries, per campaign."""
    endings: dict[str, int]
    """How its campaigns ended, by code."""
    cpu_s: float
    """Processor time of a campaign, s."""


class Pairing(Frozen):
    """Two strategies, seed by seed."""

    one: str
    """The first."""
    other: str
    """The second."""
    n: int
    """Seeds on which both were rehearsed."""
    wins: float
    """On so many the first was better; a tie counts half."""
    share: float
    """Share of seeds on which the first was better."""
    low: float
    """Lower end of the 95 % interval of that share."""
    high: float
    """Upper end."""
    gap: float
    """Median difference of the final scores, second less first: above 0 the first is nearer."""
    gap_low: float
    """Lower end of its 95 % bootstrap interval."""
    gap_high: float
    """Upper end."""
    is_fresh: bool = False
    """True when the seeds are others than those that the recommendation was chosen by."""


class Calibrated(Frozen):
    """How what one strategy foretold came true."""

    name: str
    """The strategy."""
    n: int
    """Measurements that a model foretold."""
    coverage: float
    """Share of the measured values inside the 95 % band that was foretold."""
    gains: tuple[tuple[float, float, float], ...] = ()
    """Expected gain, mean gain that came, and standard error of that, in classes of the expected gain."""


class Sensitive(Frozen):
    """The recommended strategy with one thing changed."""

    variant: str
    """What was changed."""
    n: int
    """Campaigns."""
    final: Quartiles
    """Score at the end of the budget."""


class Found(Frozen):
    """How soon a strategy is as near as the recorded night came, under the same draws of the emulator."""

    name: str
    """The strategy."""
    sooner: float
    """Share of draws in which it would have been as near with fewer measurements."""
    low: float
    """Lower end of the 95 % interval of that share."""
    high: float
    """Upper end."""
    needed: Quartiles
    """Measurements that it needs to come as near as the night came; the budget where it does not."""
    reached: float
    """Share of draws in which it comes as near at all."""


class Verdict(Frozen):
    """All that a rehearsal found."""

    campaign: str
    """Name of the campaign."""
    objective: str
    """What is sought."""
    world: str
    """What was rehearsed on, in words."""
    is_emulated: bool
    """True when the truth is an emulator's."""
    trust: str = ""
    """How far that emulator can be trusted, in words."""
    caution: str = ""
    """What one has to know before intervals are believed."""
    score: str
    """What a score is called: ``regret``, ``rmse``, ``share wrong``, ``volume lost`` or ``shortfall``."""
    meaning: str = ""
    """What it is, for people."""
    unit: str
    """Unit of the score."""
    scale: float
    """What 100 % of a score is, in that unit."""
    budget: int
    """Measurements of a campaign."""
    n_seeds: int
    """Seeds of the contest."""
    n_campaigns: int
    """Campaigns in all."""
    strategies: tuple[Fared, ...]
    """The best first."""
    pairs: tuple[Pairing, ...]
    """Every pair of the contest."""
    confirmed: tuple[Pairing, ...] = ()
    """The recommended strategy on fresh seeds."""
    calibration: tuple[Calibrated, ...] = ()
    """How forecasts came true."""
    sensitivity: tuple[Sensitive, ...] = ()
    """What noise and initial design matter."""
    night: tuple[Found, ...] = ()
    """The recorded night beside each strategy, where one was emulated."""
    ideal: tuple[float | None, ...] = ()
    """For maps of any sort: score after each measurement without noise, evenly spread."""
    recommended: str
    """Name of the recommended strategy."""
    sentence: str
    """The recommendation with its evidence."""
    remarks: tuple[str, ...] = Field(default=())
    """What else one has to know to read it."""
    broken: tuple[str, ...] = ()
    """Campaigns that could not be played, and why."""
