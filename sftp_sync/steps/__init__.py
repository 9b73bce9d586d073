"""The four steps of a run: collect, dispatch, follow, publish."""
