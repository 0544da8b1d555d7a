"""What a virtual beamline measures and the agent never sees: the hidden truth."""
