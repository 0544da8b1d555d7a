"""Who stands beside Nightbeam: each peer in an environment of its own, spoken to in lines of JSON."""
