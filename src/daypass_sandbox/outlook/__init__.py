"""Outlook besides calendars: a mailbox's settings, its categories, and the languages and time zones to choose from."""
