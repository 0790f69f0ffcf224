"""The least a Python program can do to show the next events over TLS: token from a JSON file, `http.client`, print.

What `daypass agenda` is compared with; it asks for the very same thing.
"""

import http.client
import json
import ssl
import sys

token_file, ca_file, netloc, target = sys.argv[1:]
with open(token_file, encoding="utf-8") as file:
    cache = json.load(file)
token = next(iter(cache["AccessToken"].values()))["secret"]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.load_verify_locations(cafile=ca_file)
connection = http.client.HTTPSConnection(netloc, timeout=20, context=context)
prefer = 'outlook.timezone="UTC", outlook.body-content-type="text"'
connection.request("GET", target, headers={"Authorization": f"Bearer {token}", "Accept": "application/json", "Prefer": prefer})
answer = connection.getresponse()
assert answer.status == 200, answer.status
for event in json.load(answer)["value"]:
    print(event["start"]["dateTime"], event["end"]["dateTime"], event["subject"])
