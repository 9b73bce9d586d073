"""The same steps as `sync`, on each campaign's schedule, sending all the time, until told to stop.

`life` is the whole: it starts, listens to signals, reloads and ends. A `duty` is what runs under
one configuration: an account's `sending`, the campaigns' `visits`. The `diary` knows what is due,
`clockwork` wakes us for it.
"""
