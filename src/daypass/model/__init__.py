"""The calendar domain: values and rules, pure."""
