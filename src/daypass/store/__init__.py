"""Where servers keep many sign-ins: a row for each."""
