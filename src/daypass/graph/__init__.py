"""Microsoft Graph as flows, pure."""
