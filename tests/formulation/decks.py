"""Decks, states and wanted compositions for tests: one of plain numbers, and random ones for properties."""

import numpy as np
from hypothesis import strategies as st

from models.domain.axis import Axis
from models.domain.deck import DeckSpec
from models.formulation.deck import Deck, read_deck
from models.formulation.state import DeckState, full_state

COMPONENTS = [
    {"name": "soap", "density": "1.05 g/mL", "molar_mass": "288.4 g/mol"},
    {"name": "oil", "density": "0.8 g/mL", "molar_mass": "142.3 g/mol"},
    {"name": "salt", "density": "2.16 g/mL", "molar_mass": "58.44 g/mol"},
    {"name": "water", "density": "0.998 g/mL", "molar_mass": "18.02 g/mol"},
]
STOCKS = [
    {"name": "S", "holds": {"soap": "0.4 g/g", "water": "rest"}, "volume": "20 mL", "where": "A1"},
    {"name": "O", "holds": {"oil": "1 g/g"}, "volume": "20 mL", "where": "A2"},
    {"name": "N", "holds": {"salt": "0.2 g/g", "water": "rest"}, "volume": "20 mL", "where": "A3"},
    {"name": "W", "holds": {"water": "rest"}, "volume": "20 mL", "where": "A4"},
]
NAMES = ("soap", "oil", "salt")
UNITS = ("g/g", "mL/mL", "mg/mL", "mol/L")


def deck_spec(**changes) -> DeckSpec:
    values = {
        "components": COMPONENTS, "stocks": STOCKS, "sample_volume": "1 mL", "wells": 96,
        "min_transfer": "20 uL",
    }  # fmt: skip
    return DeckSpec.model_validate(values | changes)


def axes(unit: str = "g/g", names: tuple[str, ...] = NAMES) -> tuple[Axis, ...]:
    return tuple(Axis(name=name, low=0.0, high=1000.0, unit=unit) for name in names)


def plain_deck(unit: str = "g/g", names: tuple[str, ...] = NAMES, **changes) -> Deck:
    return read_deck(deck_spec(**changes), axes(unit, names))


def state_with(deck: Deck, **left_ul: float) -> DeckState:
    """A full deck, but for some stocks."""
    state = full_state(deck)
    return state.model_copy(update={"left_ul": state.left_ul | left_ul})


def wanted_of(deck: Deck, **volumes_ul: float) -> dict[str, float]:
    """The composition that some volumes make."""
    volumes = np.array([volumes_ul.get(name, 0.0) for name in deck.stocks])
    return dict(zip(deck.axes, deck.made(volumes).tolist(), strict=True))


@st.composite
def decks(draw: st.DrawFn, units: tuple[str, ...] = UNITS) -> Deck:
    """Two to five components in two to five stocks, some of them alike, and one to three axes in one unit."""
    n_components = draw(st.integers(2, 5))
    n_stocks = draw(st.integers(2, 5))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    names = [f"c{index}" for index in range(n_components)]
    components = [
        {"name": name, "density": f"{random.uniform(0.7, 2.0):.3f} g/mL", "molar_mass": "100 g/mol"}
        for name in names
    ]
    stocks = []
    for index in range(n_stocks):
        parts = random.dirichlet(np.full(n_components, 0.5)).round(4)
        holds = {name: f"{part} g/g" for name, part in zip(names, parts, strict=True)}
        filler = names[int(np.argmax(parts))]
        if stocks and random.random() < 0.2:
            holds, filler = dict(stocks[-1]["holds"]), ""
        stocks.append(
            {
                "name": f"s{index}", "where": f"A{index}",
                "volume": f"{random.uniform(0.4, 1.5) if random.random() < 0.5 else 20.0:.3f} mL",
                "holds": holds | ({filler: "rest"} if filler else {}), "dead_volume": "0.3 mL",
            }
        )  # fmt: skip
    # every component is in some stock
    stocks[0]["holds"] = dict.fromkeys(names, "0.01 g/g") | {names[0]: "rest"}
    n_axes = draw(st.integers(1, min(3, n_components)))
    spec = DeckSpec.model_validate(
        {
            "components": components, "stocks": stocks, "sample_volume": "1 mL", "wells": 4,
            "min_transfer": draw(st.sampled_from(["0 uL", "20 uL", "80 uL"])),
            "tips": draw(st.sampled_from([None, 2, 3])),
            "tolerance": draw(st.sampled_from(["1 %", "5 %"])),
        }
    )  # fmt: skip
    return read_deck(spec, axes(draw(st.sampled_from(units)), tuple(names[:n_axes])))


@st.composite
def questions(draw: st.DrawFn, units: tuple[str, ...] = UNITS) -> tuple[Deck, DeckState, dict[str, float]]:
    """A deck, what is left on it, and a composition: a mixture of its stocks, or anything near them."""
    deck = draw(decks(units))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    if draw(st.booleans()):
        wanted = deck.made(random.dirichlet(np.full(len(deck.stocks), 0.7)))
    else:
        wanted = random.uniform(0.0, 1.05, len(deck.axes)) * deck.contents.max(axis=1)
    return deck, full_state(deck), dict(zip(deck.axes, wanted.tolist(), strict=True))
