"""Lists are read in processes of their own, within bounds: what a file does there ends there.

`Nursery` is the parent's side. What it starts knows no secret and has no network; it forks a reader
for each file, which sees the staged file and says what is in it in lines of JSON.
"""
