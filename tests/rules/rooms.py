#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The rules for the layout of src/ (docs/development/architecture.md), as a test.

Usage: rooms.py SOURCE_FOLDER. Prints each breach and exits with 1 when there is one.
"""
import io
import pathlib
import re
import statistics
import sys
import tokenize

# A folder includes only itself and what stands left of it. The folders of one inner list do not know each other.
ORDER = [["loop"], ["disk"], ["cgroup", "calibrate"], ["limit"], ["share"], ["advice"], ["config"], ["runtime"], ["policy"], ["report"], ["api"], ["control", "terminal", "diagnosis"],
         ["systemd", "metrics"], ["service", "iopsctl"]]
RANK = {room: rank for rank, rooms in enumerate(ORDER) for room in rooms}

# Headers and paths of the system, and the libraries that stand for it.
SYSTEM = re.compile(r"#include <(unistd|fcntl|sys/|linux/|errno|cerrno|ctime|time\.h|signal|csignal|dirent|poll|malloc|termios|"
                    r"fnmatch|sysexits|systemd/|libudev|ini\.h|iostream|fstream|filesystem|cstdio|cstdlib|libsmartcols|clocale|cwchar)"
                    r"|\"/(sys|proc|run|etc|dev|var)/")
# The files that may name the system. Every other file decides from values.
SURFACES = set("""
main
loop/append_file loop/clock loop/event_loop loop/event_source loop/file loop/inotify loop/local_socket loop/signal loop/timer
disk/block_devices disk/block_events disk/btrfs_members disk/disk_stats disk/mount_resolver disk/system_folders
calibrate/aio_queue calibrate/direct_file
cgroup/control_file cgroup/hierarchy cgroup/io_meter cgroup/population cgroup/pressure_trigger cgroup/tree_walk cgroup/tree_watcher
limit/drift_watcher limit/rule_key_file
share/loan_file
advice/history_file
config/edited_file config/files config/ini_reader
runtime/cri_client runtime/large_files runtime/record_files runtime/record_watcher runtime/runtimes
policy/policy
report/journal report/json_line report/log_sink
api/bus_codec api/bus_connection api/bus_service api/callers api/lists api/polkit api/private_socket
control/pause_file
systemd/notify systemd/scope systemd/unit_client
metrics/textfile
service/observer service/scheduler service/service service/sharing
iopsctl/calibrate iopsctl/client iopsctl/diff iopsctl/edit terminal/display iopsctl/kernel iopsctl/main iopsctl/source terminal/progress terminal/table terminal/terminal iopsctl/top iopsctl/verbs iopsctl/why terminal/wording
""".split())

# A library is named by these files alone: pattern of the include, files, what for.
LIBRARIES = [
    (r"<simdjson", r"runtime/(record_json|cri_messages)", "the records of all runtimes are read by one JSON reader"),
    (r"<nghttp2/", r"runtime/grpc_call", "one file speaks HTTP/2"),
    (r"<protozero/", r"runtime/cri_messages", "one file reads and writes the messages of the CRI"),
    (r"runtime/record_json\.hpp", r"runtime/[a-z_]+", "only the runtimes' own files read JSON"),
    (r"<prometheus/", r"metrics/(family|textfile)", "only the metrics name Prometheus' values"),
    (r"<sys/inotify", r"(loop/inotify|cgroup/tree_watcher|limit/drift_watcher|runtime/record_watcher)",
     "every reader of inotify is one of these"),
    (r"<(thread|mutex|atomic|future|condition_variable)>", r"-", "there is one thread"),
    (r"\"(.*/)?(utils?|common|helpers?|types|manager)\.hpp\"", r"-", "a file is named after what it is about"),
]

# Words that gave way to the field's own; no name in the code and no word of a comment brings them back.
REPLACED = (
    r"\b(carriers?|Carriers?|CarrierView|Wiring|Operating|Metering|UnitProperties|RulePlace|CgroupPlace|Places|WatchedPlaces|"
    r"SystemPlace|LimitSink|SinkError|HeldRules|Standing|Choice|Sighting|Shown|Complaints|FloodGuard|Overview|each_way|"
    r"wished_for|RecordWish|PodWish|plain_text|cut_to|width_of|look_for|look_again|tidy_up|do_a_piece|close_round|take_begun|"
    r"flawed|complain)\b|Action::(deaf|lost|caution)\b")
OLD_WORDS = re.compile(REPLACED + r"|\b(core|host)/[a-z]")

# The same for the names of modules, functions and variables in Python, and for its comments. Strings quote others' words.
OLD_PYTHON_WORDS = re.compile(REPLACED + r"|\b(crowd|[Rr]ack|RACK|racked|[Ss]tage|stages|on_stage|caution|deaf)\b")
OLD_MODULES = {"crowd", "wire", "rack", "own_limit", "stage"}

# Who decides about limits asks what a back end can do (limit/capabilities), never for a version of cgroup. The configuration
# may request one.
VERSION = re.compile(r"CgroupVersion::v[12]\b")
MAY_ASK_FOR_VERSION = re.compile(r"(cgroup|limit)/.*|config/(keys|key_setters|validation)")

MOST_LINES = 350
MOST_LINES_OF_MAIN = 100
MOST_MEDIAN = 110
MOST_SHARE = 15  # per cent of all lines, for one folder
SMALL = 20  # files; the shares of a tree with fewer say nothing

INCLUDE = re.compile(r"^#include \"([^\"]+)\"", re.M)


def code_of(text):
    return "\n".join(re.sub(r"//.*", "", line) for line in text.split("\n"))


def circles(includes):
    """Files that include themselves by way of others."""
    done, found = set(), []

    def walk(file, above):
        if file in above:
            found.append(" -> ".join(above[above.index(file):] + [file]))
        if file in done or file in above:
            return
        for other in includes.get(file, ()):
            walk(other, above + [file])
        done.add(file)

    for file in sorted(includes):
        walk(file, [])
    return found


MEMBER = re.compile(r"^(?!\s)(?:[\w:<>,&* \[\]]+ )?[*&]?(?:[a-z_]\w*::)*([A-Z]\w*)::~?\w+\(", re.M)


def classes_in_several_files(files):
    """A class is in one .cpp, so that a file's length says what its class's length is."""
    homes = {}
    for name, text in files.items():
        if name.endswith(".cpp"):
            for owner in set(MEMBER.findall(code_of(text))):
                homes.setdefault((name.rpartition("/")[0], owner), set()).add(name)
    for (_, owner), names in homes.items():
        if len(names) > 1:
            yield f"class {owner} is in {' and '.join(sorted(names))}"


def breaches(files):
    """`files`: path below src/ to text."""
    includes = {name: INCLUDE.findall(text) for name, text in files.items()}
    for name, text in files.items():
        room, stem, code = name.rpartition("/")[0], name.rpartition(".")[0], code_of(text)
        if not text.startswith("// SPDX-License-Identifier: Apache-2.0"):
            yield f"{name}: no SPDX line"
        if name != "main.cpp" and room not in RANK:
            yield f"{name}: there is no such folder in the order of rooms"
        for other in includes[name]:
            home = other.rpartition("/")[0]
            if room and home != room and RANK.get(home, 99) >= RANK.get(room, 99):
                yield f"{name}: includes {other}, which does not stand left of it"
        if SYSTEM.search(code) and stem not in SURFACES:
            yield f"{name}: names the system ({SYSTEM.search(code)[0]}) and is not in the list of those that may"
        for pattern, allowed, why in LIBRARIES:
            if re.search("#include " + pattern, code) or re.search(r"#include \"" + pattern, code):
                if not re.fullmatch(allowed, stem):
                    yield f"{name}: {why}"
        if VERSION.search(code) and not MAY_ASK_FOR_VERSION.fullmatch(stem):
            yield f"{name}: asks for a version of cgroup"
        if old := OLD_WORDS.search(text):
            yield f"{name}: {old[0]} is a word that the glossary has replaced (docs/development/architecture.md)"
        lines, most = text.count("\n"), MOST_LINES_OF_MAIN if name == "main.cpp" else MOST_LINES
        if lines > most:
            yield f"{name}: {lines} lines, at most {most}"
    yield from classes_in_several_files(files)
    for circle in circles(includes):
        yield f"circle of includes: {circle}"
    lengths = {name: text.count("\n") for name, text in files.items()}
    if len(files) < SMALL:
        return
    if statistics.median(lengths.values()) > MOST_MEDIAN:
        yield f"the median file has {statistics.median(lengths.values())} lines, at most {MOST_MEDIAN}"
    for room in RANK:
        lines = sum(length for name, length in lengths.items() if name.startswith(room + "/"))
        if 100 * lines > MOST_SHARE * sum(lengths.values()):
            yield f"{room}/ has {lines} of {sum(lengths.values())} lines, at most {MOST_SHARE} %"


def old_words_of_python(name, text):
    if (stem := pathlib.PurePath(name).stem) in OLD_MODULES:
        yield f"{name}: {stem} is a word that the glossary has replaced"
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in (tokenize.NAME, tokenize.COMMENT) and (old := OLD_PYTHON_WORDS.search(token.string)):
            yield f"{name}:{token.start[0]}: {old[0]} is a word that the glossary has replaced"


def scripts(root):
    for folder in ("tests", "bench", "packaging"):
        for path in sorted((root / folder).rglob("*.py")):
            if path.parent != root / "tests/rules":  # has them in its list
                yield str(path.relative_to(root)), path.read_text()


def sources(folder):
    return {str(path.relative_to(folder)): path.read_text()
            for path in sorted(pathlib.Path(folder).rglob("*")) if path.suffix in (".cpp", ".hpp")}


def main():
    root = pathlib.Path(sys.argv[1])
    found = list(breaches(sources(root / "src")))
    found += [f"tests/{name}: {old[0]} is a word that the glossary has replaced"
              for name, text in sources(root / "tests").items() if (old := OLD_WORDS.search(text))]
    found += [f"tests/{name}: no SPDX line" for name, text in sources(root / "tests").items()
              if not text.startswith("// SPDX-License-Identifier: Apache-2.0")]
    found += [breach for name, text in scripts(root) for breach in old_words_of_python(name, text)]
    for one in found:
        print(one)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
