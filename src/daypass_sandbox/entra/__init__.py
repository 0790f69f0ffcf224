"""Entra ID: the protocol, its pages, tokens and refusals."""
