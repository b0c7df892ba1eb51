# SPDX-License-Identifier: Apache-2.0
"""The virtual-machine lab, called by ./dev: lab.py image | images | suites | earlier | sites | test | demo | vm | bench |
share | nvme-soak."""
import argparse
import pathlib
import shlex
import sys
import time

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(REPOSITORY / "tests/system/host"))


def folder(text):
    return pathlib.Path(text).resolve()


def parse():
    parser = argparse.ArgumentParser(prog="lab.py")
    parser.add_argument("command", choices=["image", "images", "suites", "earlier", "sites", "test", "demo", "vm", "bench",
                                            "share", "nvme-soak"])
    parser.add_argument("--cache", type=folder, default=REPOSITORY / "build/vm-cache")
    parser.add_argument("--work", type=folder, default=REPOSITORY / "build/vm")
    parser.add_argument("--program", type=folder, default=REPOSITORY / "build/release/iops-limitd")
    parser.add_argument("--packages", type=folder, default=REPOSITORY / "build/packages")
    parser.add_argument("--earlier", type=folder, default=REPOSITORY / "build/earlier",
                        help="with a folder of packages for each earlier version")
    parser.add_argument("--sites", type=folder, default=REPOSITORY / "build/apt-sites", help="made by apt_sites.sh")
    parser.add_argument("--started", type=float, default=time.time(), help="when the whole command began, Unix time")
    parser.add_argument("--hierarchy", choices=["v1", "v2"], default="v2")
    parser.add_argument("--machines", type=int, default=2, help="that run side by side")
    parser.add_argument("--all", action="store_true", help="the long cases too")
    parser.add_argument("--own-suite", action="store_true", help="only the cells with the host's own Debian suite")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("-k", "--filter", default="", help="only cases whose name contains this")
    parser.add_argument("--counts", default="/dev/null", help="file for the counts: passed failed skipped")
    soak = parser.add_argument_group("nvme-soak")
    soak.add_argument("--qemu", type=shlex.split, default=["qemu-system-x86_64"], help="the program, and more arguments")
    soak.add_argument("--smp", help="QEMU's -smp; without it that of the tests")
    soak.add_argument("--boots", type=int, default=5)
    soak.add_argument("--seconds", type=int, default=60, help="of fio in each boot")
    parser.add_argument("cells", nargs="*", help="of the matrix, or rows of the bench, none means all; or rounds of share")
    return parser.parse_intermixed_args()


def main():
    arguments = parse()

    def progress(text):
        print(f"[{time.time() - arguments.started:5.0f} s] {text}", flush=True)

    if arguments.command == "image":
        import image
        image.ensure(arguments.cache, progress)
        return 0
    if arguments.command == "images":  # that the cells need
        import cells
        cells.images(cells.chosen(arguments), arguments.cache, progress)
        return 0
    if arguments.command == "suites":  # that the cells need a package of, beside the host's own
        import cells
        print(*filter(None, cells.suites(cells.chosen(arguments))), sep="\n")
        return 0
    if arguments.command == "earlier":  # versions whose packages the chosen cases need, and their commits
        import cells
        for version, commit in cells.earlier(arguments):
            print(version, commit)
        return 0
    if arguments.command == "sites":  # the address of the repositories that the chosen cases need
        import cells
        print(cells.sites(arguments) or "")
        return 0
    module = __import__({"test": "tests", "demo": "demo", "vm": "login", "bench": "bench",
                         "share": "share_bench", "nvme-soak": "nvme_soak"}[arguments.command])
    return module.main(arguments, progress)


if __name__ == "__main__":
    sys.exit(main())
