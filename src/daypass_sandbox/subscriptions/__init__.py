"""Subscriptions and change notifications: what apps watch, and the post that tells them what happened.

`watching` says what can be watched and by whom, `routes` keeps the subscriptions, `handshake` asks a webhook whether it is one,
`delivery` carries notifications to webhooks and tries again, `lifecycle` tells of the subscriptions themselves, `notices` writes
what is told, `sealing` encrypts the data of a resource, `reminders` gives the push when a reminder is due.
"""
