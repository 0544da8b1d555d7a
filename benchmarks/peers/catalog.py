"""Every peer there is: what is installed for it, and how it may be set."""

from dataclasses import dataclass

OWN = "ours"
"""Name under which Nightbeam itself takes part."""


@dataclass(frozen=True)
class PeerSpec:
    """One way to choose points."""

    name: str
    """What it is called in tables and on the command line."""
    adapter: str
    """Script in `benchmarks/peers/adapters` that speaks for it."""
    requirements: tuple[str, ...] = ()
    """What is installed from the package index, the peer itself first; nothing when it needs no environment
    of its own."""
    settings: tuple[str, ...] = ("default",)
    """How it may be set; `default` is its documentation's own way."""

    @property
    def package(self) -> str | None:
        """Name of its package; None when it needs no environment of its own."""
        return self.requirements[0].partition("==")[0].partition("[")[0] if self.requirements else None


PEERS: tuple[PeerSpec, ...] = (
    PeerSpec(OWN, "nightbeam.py"),
    PeerSpec("random", "drawn.py"),
    PeerSpec("sobol", "drawn.py"),
    PeerSpec("botorch", "plain_botorch.py", ("botorch==0.18.1", "torch==2.13.0"), ("default", "best")),
    PeerSpec("gpcam", "gpcam_peer.py", ("gpcam==8.6.0",), ("default", "best")),
    PeerSpec("ax", "ax_peer.py", ("ax-platform==1.3.0", "torch==2.13.0"), ("default", "best")),
    PeerSpec("blop", "blop_peer.py", ("bluesky-adaptive[ax]==1.0.0", "torch==2.13.0")),
    PeerSpec("afl", "afl_peer.py", ("AFL-agent==1.3.1",)),
)  # fmt: skip
"""Ours first, then from the simplest on."""


def find_peer(name: str) -> PeerSpec:
    """The peer of that name; `KeyError` when there is none."""
    for peer in PEERS:
        if peer.name == name:
            return peer
    raise KeyError(name)
