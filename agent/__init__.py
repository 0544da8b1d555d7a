"""What decides: the loop, the command line, and the wiring."""

from agent.campaign import Campaign

__all__ = ["Campaign"]
