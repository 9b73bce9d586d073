"""Partners' servers and vendors' APIs on loopback: for the demo, for rehearsals, for the tests."""
