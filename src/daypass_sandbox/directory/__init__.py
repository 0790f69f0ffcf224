"""The directory: people, groups, applications and places."""
