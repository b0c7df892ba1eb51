#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""rooms.py sees a breach of every kind: a rule that cannot fail is no rule."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import rooms  # noqa: E402  the folder is known by now

SPDX = "// SPDX-License-Identifier: Apache-2.0\n"


def of(**files):
    return list(rooms.breaches({name.replace("__", "/") + ".cpp": SPDX + text for name, text in files.items()}))


class Rooms(unittest.TestCase):
    def breach(self, expected, **files):
        found = of(**files)
        self.assertEqual(1, len(found), found)
        self.assertIn(expected, found[0])

    def test_accepts_clean_tree(self):
        self.assertEqual([], of(main='#include "service/a.hpp"\n', loop__file="#include <unistd.h>\n",
                                control__a='#include "limit/a.hpp"\n#include "control/b.hpp"\n'))

    def test_sees_order(self):
        self.breach("does not stand left", loop__a='#include "disk/a.hpp"\n')
        self.breach("does not stand left", limit__a='#include "control/a.hpp"\n')
        self.breach("does not stand left", systemd__a='#include "metrics/a.hpp"\n')
        self.breach("does not stand left", iopsctl__a='#include "service/a.hpp"\n')
        self.breach("does not stand left", service__a='#include "iopsctl/a.hpp"\n')
        self.breach("no such folder", misc__a="\n")

    def test_sees_system(self):
        self.breach("names the system", control__a="#include <unistd.h>\n")
        self.breach("names the system", policy__a='auto path = "/sys/fs/cgroup";\n')
        self.breach("names the system", limit__rule="#include <systemd/sd-bus.h>\n")
        self.assertEqual([], of(control__a='// "/sys/fs/cgroup" is in a comment\n'))

    def test_sees_libraries(self):
        self.breach("one JSON reader", runtime__a="#include <simdjson.h>\n")
        self.breach("read JSON", policy__a='#include "runtime/record_json.hpp"\n')
        self.breach("Prometheus", control__a="#include <prometheus/registry.h>\n")
        self.breach("one thread", service__a="#include <thread>\n")
        self.breach("named after", loop__a='#include "loop/utils.hpp"\n')
        self.assertIn("inotify", str(of(limit__a="#include <sys/inotify.h>\n")))

    def test_sees_version(self):
        self.breach("asks for a version", control__a="bool v1 = version == CgroupVersion::v1;\n")
        self.assertEqual([], of(limit__a="bool v1 = version == CgroupVersion::v1;\n"))

    def test_sees_class_in_several_files(self):
        self.breach("class Thing is in limit/a.cpp and limit/b.cpp",
                    limit__a="void Thing::one() {\n}\n", limit__b="Thing::Thing() {}\nint Thing::two() const {\n}\n")
        self.assertEqual([], of(limit__a="void Thing::one() {\n  Other::call();\n}\n", limit__b="void Other::call() {\n}\n"))

    def test_sees_lengths(self):
        self.breach("401 lines", limit__a="\n" * 400)
        self.breach("121 lines", main="\n" * 120)
        many = {f"limit__a{i}": "\n" * 111 for i in range(30)}
        found = of(**many)
        self.assertTrue(any("median" in one for one in found), found)
        self.assertTrue(any("limit/ has" in one for one in found), found)

    def test_sees_circle(self):
        found = list(rooms.breaches({"limit/a.hpp": SPDX + '#include "limit/b.hpp"\n',
                                     "limit/b.hpp": SPDX + '#include "limit/a.hpp"\n'}))
        self.assertIn("circle", str(found))

    def test_sees_replaced_word(self):
        self.breach("glossary", limit__a="class LimitSink {\n")
        self.breach("glossary", limit__a="// what the carrier has\n")

    def test_sees_replaced_word_in_python(self):
        for name, text in (("crowd.py", ""), ("a.py", "def carrier():\n    pass\n"), ("a.py", "made = Stage()\n"),
                           ("a.py", "# deaf to events\n")):
            with self.subTest(text or name):
                self.assertIn("glossary", str(list(rooms.old_words_of_python(name, text))))
        self.assertEqual(list(rooms.old_words_of_python("a.py", "own_limit = 'of another stage'\n")), [])

    def test_sees_missing_licence(self):
        self.assertIn("no SPDX", str(list(rooms.breaches({"limit/a.cpp": "int x;\n"}))))


if __name__ == "__main__":
    unittest.main()
