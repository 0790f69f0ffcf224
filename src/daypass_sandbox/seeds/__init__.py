"""What a tenant holds at first: people, rooms and their calendars, from documents whose times are relative to the clock's now.

`planting` reads a document and hands each of its members to whoever plants it; `ground` is the tenant while it is filled.
A room of the tenant that has something to plant adds a line to `planting.SECTIONS` or `planting.OF_A_PERSON`.
"""
