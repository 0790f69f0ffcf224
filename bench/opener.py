"""A bare Python program that prints a token that rests sealed: reads the key and the file, decrypts, picks, prints.

What `daypass token` is compared with. It is told the identity that the file is bound to, and looks for nothing.
"""

import json
import sys

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

vault_file, key_file, identity = sys.argv[1:]
with open(key_file, "rb") as file:
    key = file.read()
with open(vault_file, "rb") as file:
    sealed = file.read()
line, _, rest = sealed.partition(b"\n")
state = json.loads(AESGCM(key).decrypt(rest[:12], rest[12:], line + b"\n" + identity.encode()))
print(next(iter(state["cache"]["AccessToken"].values()))["secret"])
