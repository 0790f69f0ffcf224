"""Writes src/daypass/model/windows_zones.json: the Windows names of time zones and the IANA zones that each stands for.

Source: Unicode CLDR, common/supplemental/windowsZones.xml (Unicode License V3, https://www.unicode.org/license.txt), read through the
tables that the package `tzlocal` generates from it. Run it in a throw-away environment, outside the project's own:

    python3 -m venv "$ENV" && "$ENV/bin/pip" install tzlocal && "$ENV/bin/python" tools/make_windows_zones.py
"""

from __future__ import annotations

import json
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

TARGET = Path(__file__).parents[1] / "src/daypass/model/windows_zones.json"

# CLDR never renames a zone, so some of its main names are spellings that the tz database has since replaced.
RENAMED = {
    "America/Buenos_Aires": "America/Argentina/Buenos_Aires",
    "America/Godthab": "America/Nuuk",
    "America/Indianapolis": "America/Indiana/Indianapolis",
    "Asia/Calcutta": "Asia/Kolkata",
    "Asia/Katmandu": "Asia/Kathmandu",
    "Asia/Rangoon": "Asia/Yangon",
    "Europe/Kiev": "Europe/Kyiv",
}


def table(main: dict[str, str], by_zone: dict[str, str]) -> dict[str, list[str]]:
    """Each Windows name with its IANA zones, the main one (CLDR's territory 001) first."""
    zones: dict[str, list[str]] = {name: [RENAMED.get(iana, iana)] for name, iana in main.items()}
    for iana, name in sorted(by_zone.items()):
        if iana and iana not in zones[name]:
            zones[name].append(iana)
    return dict(sorted(zones.items()))


def main() -> None:
    """Write the file anew."""
    cldr = import_module("tzlocal.windows_tz")
    content = {
        "source": f"Unicode CLDR windowsZones, through tzlocal {version('tzlocal')}",
        "licence": "Unicode License V3, https://www.unicode.org/license.txt",
        "zones": table(cldr.win_tz, cldr.tz_win),
    }
    TARGET.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
