"""What the suite's own judge makes of the output of the contract's kit."""

import json
import sys

from judging import judge

# A kit that finds one thing in each exchange, and writes it as the real one does: a line of JSON each, nothing escaped.
KIT = """
import json, sys
for line in open(sys.argv[1], encoding="utf-8"):
    print(json.dumps({"findings": [{"message": json.loads(line)["subject"]}]}, ensure_ascii=False))
"""


def test_a_finding_is_one_line_whatever_hostile_text_it_quotes(tmp_path):
    exchanges = [{"subject": "Lunch\u2028Dinner\x85\x1c\x0b"}, {"subject": "Sprint review"}]
    judged = judge([sys.executable, "-X", "utf8", "-c", KIT], exchanges, tmp_path)
    assert [findings[0]["message"] for _, findings in judged] == ["Lunch\u2028Dinner\x85\x1c\x0b", "Sprint review"]
    assert json.loads((tmp_path / "exchanges.jsonl").read_text().splitlines()[0]) == exchanges[0]
