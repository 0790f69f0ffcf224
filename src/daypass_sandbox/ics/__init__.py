"""iCalendar files (RFC 5545) into a mailbox: what Graph can hold becomes events, what it cannot is told event by event.

`reading` takes a file apart, `zones` finds out which zone is meant by a name or by rules, `rules` turns recurrences into Graph's,
`words` everything else an event says, and `importing` puts the result into the mailbox.
"""
