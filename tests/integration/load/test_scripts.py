"""stall.sh and baseline.sh as a person runs them, against the stand-in."""

import json
import unittest

import support


class Stall(support.StandIn):
    def test_prints_before_and_during_side_by_side(self) -> None:
        code, output, progress = self.run_script("stall.sh", "sync", self.serve(1))
        self.assertEqual(code, 0, progress)
        self.assertLessEqual(max(map(len, output.splitlines())), 80)
        self.assertRegex(output, r"^/hello +before +during\n")
        self.assertRegex(output, r"(?m)^max +[\d.]+ u?m?s +1\.\d+ s$")
        self.assertIn("Loop: BLOCKED.", output)

    def test_a_refused_write_has_its_reason(self) -> None:
        code, output, progress = self.run_script("stall.sh", "bogus", self.serve(0))
        self.assertEqual((code, output), (1, ""))
        self.assertIn("method: 'bogus' is not one of", progress)


class Baseline(support.StandIn):
    def test_prints_a_table_and_the_same_as_json(self) -> None:
        code, output, progress = self.run_script("baseline.sh", "-d", "1", self.serve(0) + "/hello")
        self.assertEqual(code, 0, progress)
        *lines, last = output.splitlines()
        figures = json.loads(last)
        self.assertIn(f"{figures['requests']:,}", "\n".join(lines))
        self.assertLessEqual(max(map(len, lines)), 80)

    def test_an_error_has_a_message_and_a_status(self) -> None:
        for arguments, code, message in (
            (("-d", "0"), 2, "'0' is not a whole number"),
            (("-x",), 2, "load/baseline.sh"),
            (("-d", "1", "127.0.0.1:1"), 1, "unable to connect"),
        ):
            with self.subTest(arguments=arguments):
                done, _, progress = self.run_script("baseline.sh", *arguments)
                self.assertEqual(done, code)
                self.assertIn(message, progress)


if __name__ == "__main__":
    unittest.main()
