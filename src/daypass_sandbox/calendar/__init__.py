"""Calendars: mailboxes, events and what Graph shows of them."""
