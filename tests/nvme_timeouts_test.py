# SPDX-License-Identifier: Apache-2.0
"""The system tests repeat a cell once if QEMU's NVMe disk stopped answering, and for no other failure.

Usage: nvme_timeouts_test.py
"""
import contextlib
import io
import math
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "system/host"))
import nvme_timeouts  # noqa: E402
import tests as system_tests  # noqa: E402

# Recorded in the machine (Linux 6.1, nvme_core.io_timeout=5).
RECORDED = """\
[    5.511525] nvme nvme0: 1/0/0 default/read/poll queues
[    5.524073] nvme nvme0: Ignoring bogus Namespace Identifiers
[  112.070506] nvme nvme0: I/O 64 (I/O Cmd) QID 1 timeout, aborting
[  112.071015] nvme nvme0: Abort status: 0x0
[  118.209402] nvme nvme0: I/O 64 QID 1 timeout, reset controller
[  118.667846] nvme nvme0: 1/0/0 default/read/poll queues
"""
NEWER_KERNEL = "[   99.371306] nvme nvme1: I/O tag 263 (1107) opcode 0x1 (I/O Cmd) QID 2 timeout, aborting req_op:WRITE(1)\n"
# What cases do to disks on purpose, and lines that only look similar.
OTHER_LINES = """\
[   12.000001] nvme nvme1: I/O 457 QID 1 timeout, completion polled
[   20.250000] pcieport 0000:00:04.0: Slot(0): Card not present
[   20.500000] I/O error, dev nvme0n1, sector 1336320 op 0x0:(READ) flags 0x80700 phys_seg 4 prio class 2
[   20.750000] nvme nvme0: Abort status: 0x0
[   21.000000] nvme nvme0: Device not ready; aborting initialisation, CSTS=0x0
[   22.000000] iops-limitd: nvme nvme0: I/O 1 QID 1 timeout, aborting
nvme nvme0: I/O 1 QID 1 timeout, aborting
"""
FIRST_TIMEOUT = 112.070506


class FindTimeoutsTest(unittest.TestCase):
    def test_finds_recorded_lines_with_their_time(self):
        self.assertEqual(nvme_timeouts.find_timeouts(RECORDED), [
            (FIRST_TIMEOUT, "nvme nvme0: I/O 64 (I/O Cmd) QID 1 timeout, aborting"),
            (118.209402, "nvme nvme0: I/O 64 QID 1 timeout, reset controller")])

    def test_finds_wording_of_newer_kernels(self):
        self.assertEqual([timeout.at for timeout in nvme_timeouts.find_timeouts(NEWER_KERNEL)], [99.371306])

    def test_ignores_other_lines(self):
        self.assertEqual(nvme_timeouts.find_timeouts(OTHER_LINES), [])

    def test_accepts_carriage_returns(self):
        self.assertEqual(nvme_timeouts.find_timeouts(RECORDED.replace("\n", "\r\n")),
                         nvme_timeouts.find_timeouts(RECORDED))


class RunCellTest(unittest.TestCase):
    def run_cell(self, *runs):
        """Each run is (console, [(result, at)...]). Returns the counts, the number of runs and what was printed."""
        results, started = system_tests.Results(), []

        def run_once(run):
            console, outcomes = runs[len(started)]
            started.append(console)
            (folder / "cell").mkdir()
            (folder / "cell/console.log").write_text(console)
            for number, (result, at) in enumerate(outcomes):
                run.add(f"cell.case-{number}", result, at=at, place=f"{number + 1}/{len(outcomes)}")
            run.texts.append(f"table of run {len(started)}")
            return console

        with tempfile.TemporaryDirectory() as temporary, contextlib.redirect_stdout(io.StringIO()) as printed:
            folder = pathlib.Path(temporary)
            nvme_timeouts.run_cell(folder / "cell", run_once, results)
            results.show_texts()
            kept = [path.parent.name for path in sorted(folder.glob("*/console.log"))]
        self.assertEqual(kept, ["cell", "cell.first-run"][:len(started)])
        return results.counts, len(started), printed.getvalue()

    def assert_not_repeated(self, console, *outcomes):
        counts, runs, printed = self.run_cell((console, outcomes))
        self.assertEqual(runs, 1)
        self.assertNotIn("REPEAT", printed)
        return counts

    def test_repeats_cell_and_counts_only_second_run(self):
        counts, runs, printed = self.run_cell(
            (RECORDED, [("pass", 50), ("fail", 130)]),
            ("", [("pass", 50), ("pass", 130), ("pass", 200), ("skip", 201)]))
        self.assertEqual((counts, runs), ({"pass": 3, "fail": 0, "skip": 1}, 2))
        self.assertIn("REPEAT  cell: QEMU's NVMe disk stopped answering", printed)
        self.assertIn("      | [112.070506] nvme nvme0: I/O 64 (I/O Cmd) QID 1 timeout, aborting\n", printed)
        self.assertIn("PASS  cell.case-1  (2/4, 0.0 s)", printed)
        self.assertIn("table of run 2", printed)
        self.assertNotIn("table of run 1", printed)

    def test_second_nvme_failure_counts(self):
        failed = (RECORDED, [("pass", 50), ("fail", 130)])
        counts, runs, printed = self.run_cell(failed, failed)
        self.assertEqual((counts, runs), ({"pass": 1, "fail": 1, "skip": 0}, 2))
        self.assertIn("in the second run too", printed)

    def test_other_failure_in_second_run_counts(self):
        counts, runs, _ = self.run_cell((RECORDED, [("fail", 130)]), ("", [("fail", 20)]))
        self.assertEqual((counts["fail"], runs), (1, 2))

    def test_repeats_cell_whose_machine_hung(self):
        self.assertEqual(self.run_cell((RECORDED, [("fail", math.inf)]), ("", [("pass", 50)]))[1], 2)

    def test_repeats_cell_that_failed_while_command_waited(self):
        at = FIRST_TIMEOUT - nvme_timeouts.COMMAND_SECONDS + 1
        self.assertEqual(self.run_cell((RECORDED, [("fail", at)]), ("", [("pass", 50)]))[1], 2)

    def test_does_not_repeat_failure_without_timeouts(self):
        self.assertEqual(self.assert_not_repeated(OTHER_LINES, ("fail", 130))["fail"], 1)
        self.assertEqual(self.assert_not_repeated("", ("fail", 130))["fail"], 1)

    def test_does_not_repeat_failure_before_first_lost_command(self):
        self.assertEqual(self.assert_not_repeated(RECORDED, ("fail", 50), ("fail", 130))["fail"], 2)

    def test_does_not_repeat_failure_that_no_disk_causes(self):
        self.assertEqual(self.assert_not_repeated(RECORDED, ("fail", 130), ("fail", None))["fail"], 2)

    def test_does_not_repeat_cell_that_passed(self):
        self.assertEqual(self.assert_not_repeated(RECORDED, ("pass", 130)), {"pass": 1, "fail": 0, "skip": 0})


if __name__ == "__main__":
    unittest.main()
