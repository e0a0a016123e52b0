"""demo.sh on the real service: every method, with few records. LOOPSCOPE_BINARY names the binary."""

import json
import os
import unittest

import support
from claims import METHODS

COUNT = 20_000
SIZE = sum(len(f" {number} ") for number in range(COUNT))


class RealService(support.StandIn):
    def test_every_method_is_measured_complete_and_leaves_nothing_behind(self):
        out = os.path.join(self.folder, "out.json")
        code, output, progress = self.run_script("demo.sh", "--server", os.environ["LOOPSCOPE_BINARY"],
                                                 "--count", str(COUNT), "--out", out)
        self.assertEqual(code, 0, progress + output)
        with open(out, encoding="utf-8") as file:
            rows = json.load(file)["rows"]
        self.assertEqual([row["method"] for row in rows], list(METHODS))
        for row in rows:
            with self.subTest(method=row["method"]):
                self.assertEqual(row["outcome"], "measured")
                self.assertEqual(row["bytes"], SIZE)
                self.assertIs(row["complete"], True)
                if row["method"] != "callback":
                    self.assertIs(row["in_order"], True)
                self.assertEqual(sum(row["hello"]["errors"].values()), 0)
        self.assertEqual(os.listdir(self.temporary), [])


if __name__ == "__main__":
    unittest.main()
