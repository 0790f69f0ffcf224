"""One pass to your day: Microsoft 365 sign-in and calendar from any screen."""

__version__ = "0.1.0"
