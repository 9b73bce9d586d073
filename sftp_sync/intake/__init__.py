"""How a partner's file becomes rows: looked at, fetched, read, judged, tidied away."""
