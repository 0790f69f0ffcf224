"""The control plane: JSON under `/sandbox/` by which tests, scripts and demos play the people and the weather around the tenant.

`door` takes the requests in and refuses what a foreign web page would send; `asked` reads what they say; each of the others
answers one kind of question and hands in a table of `Route`s. A room of the tenant that has something to steer adds a module
here, and its ROUTES to those of the door.
"""
