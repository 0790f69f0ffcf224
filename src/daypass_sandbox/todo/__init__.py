"""Microsoft To Do: task lists, tasks, their steps, links, files and extensions, and what changed in them."""
