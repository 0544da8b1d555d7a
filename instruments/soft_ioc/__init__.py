"""Soft IOCs: devices that exist only as EPICS records, for rehearsals without hardware and for tests."""
