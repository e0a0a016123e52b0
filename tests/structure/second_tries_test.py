# SPDX-License-Identifier: MIT

"""tests/run.sh tries a failed test once more only where second_tries.txt names its cause, and fails for each finding of a
sanitizer. A stub stands for ctest."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TABLE = ROOT / "tests" / "second_tries.txt"
# Fails the tests in FAIL_FIRST in the real_time run, those in FAIL_AGAIN when they are selected by name, and what has
# the label of OTHERS_FAIL. With FINDING, it is a program that another user runs: it takes the suppressions, which it must
# be able to read, for its finding.
STUB = """#!/bin/bash
echo "ctest $*" >>"$CALLS"
if [ -n "$FINDING" ]; then
  another_user=()
  [ "$(id -u)" -ne 0 ] || another_user=(setpriv --reuid=65534 --regid=65534 --clear-groups)
  findings=${TSAN_OPTIONS#log_path=} suppressions=${TSAN_OPTIONS##*suppressions=}
  "${another_user[@]}" cp "${suppressions%%:*}" "${findings%%:*}.7"
fi
case " $* " in
  *" -LE real_time"*) exit "${OTHERS_FAIL:-0}" ;;
  *" -L real_time "*) names=$FAIL_FIRST ;;
  *) names=$FAIL_AGAIN ;;
esac
[ -n "$names" ] || exit 0
mkdir -p build/Testing/Temporary
printf '7:%s\\n' $names >build/Testing/Temporary/LastTestsFailed.log
exit 8
"""


def causes() -> dict[str, str]:
    lines = [line for line in TABLE.read_text().splitlines() if line and not line.startswith("#")]
    return dict(line.split(maxsplit=1) for line in lines)


class SecondTries(unittest.TestCase):
    def setUp(self) -> None:
        self.root = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        (self.root / "tests").mkdir()
        for file in (ROOT / "tests").iterdir():
            if file.is_file():
                shutil.copy(file, self.root / "tests" / file.name)
        for name in (".ci/install-packages.sh", ".ci/install-node-modules.sh", "bin/cmake", "bin/ctest"):
            file = self.root / name
            file.parent.mkdir(exist_ok=True)
            file.write_text(STUB if name == "bin/ctest" else "#!/bin/bash\n")
            file.chmod(0o755)

    def run_suite(
        self, first: str = "", again: str = "", others: int = 0, ci: bool = False, finding: bool = False
    ) -> tuple[int, str, list[str]]:
        """The exit code, the output and the calls of ctest."""
        calls = self.root / "calls"
        calls.unlink(missing_ok=True)
        environment = {**os.environ, "PATH": f"{self.root}/bin:{os.environ['PATH']}", "CALLS": str(calls)}
        environment |= {
            "FAIL_FIRST": first,
            "FAIL_AGAIN": again,
            "OTHERS_FAIL": str(others),
            "CI": "true" if ci else "",
            "FINDING": "true" if finding else "",
        }
        done = subprocess.run(
            [self.root / "tests" / "run.sh"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=30,
            check=False,
            umask=0o077,
        )
        return done.returncode, done.stdout, calls.read_text().splitlines()

    def test_a_run_without_failures_is_one_try(self) -> None:
        code, _, calls = self.run_suite()
        self.assertEqual((code, len(calls)), (0, 2))

    def test_a_named_test_is_tried_once_more_and_is_printed_with_its_cause(self) -> None:
        code, output, calls = self.run_suite(first="service.probe")
        self.assertEqual((code, len(calls)), (0, 3))
        self.assertIn(r"-R ^(service\.probe)$", calls[-1])
        self.assertIn("SECOND TRY of service.probe: " + causes()[r"service\.probe"], output)

    def test_a_second_failure_fails_the_run(self) -> None:
        code, _, calls = self.run_suite(first="service.probe", again="service.probe")
        self.assertEqual((code, len(calls)), (1, 3))

    def test_a_test_without_a_cause_fails_at_once(self) -> None:
        code, output, calls = self.run_suite(first="service.write")
        self.assertEqual((code, len(calls)), (1, 2))
        self.assertNotIn("SECOND TRY", output)

    def test_a_test_that_does_not_measure_time_fails_at_once(self) -> None:
        code, _, calls = self.run_suite(others=8)
        self.assertEqual((code, len(calls)), (1, 2))

    def test_more_than_two_fail_the_run_in_ci_only(self) -> None:
        two, three = "service.probe load.service", "service.probe load.service browser.page"
        self.assertEqual(self.run_suite(first=two, ci=True)[0], 0)
        self.assertEqual(self.run_suite(first=three, ci=True)[0], 1)
        self.assertEqual(self.run_suite(first=three, ci=False)[0], 0)

    def test_a_finding_in_a_program_of_another_user_fails_the_run_and_is_printed(self) -> None:
        self.root.chmod(0o700)
        code, output, calls = self.run_suite(finding=True)
        self.assertEqual((code, len(calls)), (1, 2))
        self.assertIn((ROOT / "tests" / "tsan.supp").read_text(), output)

    def test_every_pattern_is_valid_and_has_a_cause(self) -> None:
        for pattern, cause in causes().items():
            with self.subTest(pattern=pattern):
                re.compile(pattern)
                self.assertGreater(len(cause.split()), 4)


if __name__ == "__main__":
    unittest.main()
