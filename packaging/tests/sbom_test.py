#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The software bills of materials of both packages and of the image: they fit SPDX 2.3 (spdx.schema.json), and they say
what dpkg, rpm, sha256sum and the linker's own notes say.

Usage: sbom_test.py FOLDER   (with the packages)
"""
import hashlib
import json
import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile
import unittest

import jsonschema

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
FOLDER = pathlib.Path(sys.argv.pop(1)).resolve()
DEB, = FOLDER.glob("iops-limitd_*.deb")
RPM, = (path for path in FOLDER.glob("iops-limitd-[0-9]*.rpm") if not path.name.endswith(".src.rpm"))
SCHEMA = json.loads((HERE / "spdx.schema.json").read_text())

sys.path.insert(0, str(REPOSITORY / "packaging/sbom"))
from copyright_file import licenses  # noqa: E402


def run(*command, **more):
    return subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True, **more).stdout


def load(artifact):
    return json.loads(artifact.with_name(artifact.name + ".spdx.json").read_text())


def value(element, algorithm):
    return next(one["checksumValue"] for one in element["checksums"] if one["algorithm"] == algorithm)


def main_package(document):
    ident, = related(document, "DESCRIBES")
    return next(one for one in document["packages"] if one["SPDXID"] == ident)


def related(document, kind):
    return [one["relatedSpdxElement"] for one in document["relationships"] if one["relationshipType"] == kind]


def named(document, kind):
    """{name: version} of the packages that the artifact is related to."""
    wanted = related(document, kind)
    return {one["name"]: one["versionInfo"] for one in document["packages"] if one["SPDXID"] in wanted}


class SbomTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        work = pathlib.Path(cls.scratch.name)
        cls.tree, cls.image = work / "tree", work / "image.tar"
        run("dpkg-deb", "-x", DEB, cls.tree)
        (work / "programs").mkdir()
        for program in ("usr/sbin/iops-limitd", "usr/bin/iopsctl"):
            (work / "programs" / pathlib.Path(program).name).hardlink_to(cls.tree / program)
        run("/usr/bin/python3", REPOSITORY / "packaging/container/build_image.py", f"--programs={work / 'programs'}",
            f"--output={cls.image}", f"--cache={work}")
        cls.documents = {path: load(path) for path in (DEB, RPM, cls.image)}

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def test_fits_the_format(self):
        for artifact, document in self.documents.items():
            with self.subTest(artifact.name):
                jsonschema.validate(document, SCHEMA)

    def test_identifiers_are_unique_and_relationships_lead_somewhere(self):
        for artifact, document in self.documents.items():
            with self.subTest(artifact.name):
                idents = [one["SPDXID"] for one in (document, *document["packages"], *document["files"])]
                self.assertEqual(len(idents), len(set(idents)))
                ends = {one[end] for one in document["relationships"]
                        for end in ("spdxElementId", "relatedSpdxElement")}
                self.assertEqual(set(idents), ends)  # and none is left alone

    def test_license_references_are_explained(self):
        for artifact, document in self.documents.items():
            with self.subTest(artifact.name):
                used = set(re.findall(r"LicenseRef-[A-Za-z0-9.-]+", json.dumps(document["packages"])))
                self.assertEqual(used, {one["licenseId"] for one in document["hasExtractedLicensingInfos"]})

    def test_names_the_artifact(self):
        for artifact, document in self.documents.items():
            with self.subTest(artifact.name):
                package = main_package(document)
                self.assertEqual(value(package, "SHA256"), run("sha256sum", artifact).split()[0])
                self.assertEqual(package["versionInfo"], run(REPOSITORY / "packaging/version").strip())
                self.assertIn(value(package, "SHA256"), document["documentNamespace"])
                sums = "".join(sorted(value(one, "SHA1") for one in document["files"]))
                self.assertEqual(package["packageVerificationCode"]["packageVerificationCodeValue"],
                                 hashlib.sha1(sums.encode()).hexdigest())

    def test_names_the_files_of_the_deb(self):
        text = run("bash", "-c", "find . -type f -print0 | xargs -0 sha256sum", cwd=self.tree)
        expected = {line.split("  ", 1)[1]: line.split()[0] for line in text.splitlines()}
        self.assertEqual({one["fileName"]: value(one, "SHA256") for one in self.documents[DEB]["files"]}, expected)

    def test_names_the_files_of_the_rpm(self):
        lines = run("rpm", "-qp", "--qf", r"[%{FILEDIGESTS} .%{FILENAMES}\n]", RPM).splitlines()
        expected = {path: digest for digest, path in (line.split(" ", 1) for line in lines) if digest}
        self.assertEqual({one["fileName"]: value(one, "SHA256") for one in self.documents[RPM]["files"]}, expected)
        header = run("rpm", "-qp", "--qf", "%{SHA256HEADER}", RPM)
        self.assertIn(header, main_package(self.documents[RPM])["comment"])

    def test_names_the_files_of_the_image(self):
        found = {one["fileName"]: value(one, "SHA256") for one in self.documents[self.image]["files"]}
        expected = {}
        with tarfile.open(self.image) as archive:
            for layer in json.load(archive.extractfile("manifest.json"))[0]["Layers"]:
                with tarfile.open(fileobj=archive.extractfile(layer)) as content:
                    expected.update({"./" + one.name: hashlib.sha256(content.extractfile(one).read()).hexdigest()
                                     for one in content if one.isreg()})
        self.assertEqual(found, expected)

    def test_names_the_source(self):
        unpacked = pathlib.Path(self.scratch.name, "source-rpm")
        unpacked.mkdir()
        run("bash", "-c", f"rpm2cpio {FOLDER}/iops-limitd-*.src.rpm | cpio -idm --quiet", cwd=unpacked)
        for artifact, found in ((DEB, FOLDER.glob("iops-limitd_*.tar.xz")), (RPM, unpacked.glob("*.tar.gz"))):
            source, = found
            package = next(one for one in self.documents[artifact]["packages"]
                           if one["SPDXID"] in related(self.documents[artifact], "GENERATED_FROM"))
            self.assertEqual((package["packageFileName"], value(package, "SHA256")),
                             (source.name, run("sha256sum", source).split()[0]))

    def test_names_each_library_that_a_program_needs(self):
        for artifact in (DEB, RPM):
            linked = named(self.documents[artifact], "DYNAMIC_LINK")
            for name, version in linked.items():
                self.assertEqual(run("dpkg-query", "-W", "-f", "${Version}", f"{name}:{self.architecture()}"), version)
            files = run("dpkg-query", "-L", *(f"{name}:{self.architecture()}" for name in linked)).split()
            held = {pathlib.Path(one).name for one in files}
            for program in ("usr/sbin/iops-limitd", "usr/bin/iopsctl"):
                needed = re.findall(r"NEEDED +(\S+)", run("objdump", "-p", self.tree / program))
                self.assertGreater(len(needed), 4)
                self.assertEqual([one for one in needed if one not in held], [])

    @staticmethod
    def architecture():
        return run("dpkg", "--print-architecture").strip()

    def test_the_debs_libraries_are_those_that_it_depends_on(self):
        depends = {one.split()[0] for one in run("dpkg-deb", "-f", DEB, "Depends").split(",")}
        self.assertEqual(depends - set(named(self.documents[DEB], "DYNAMIC_LINK")), set())

    def test_names_libraries_of_headers_alone(self):
        for artifact in (DEB, RPM):
            inside = named(self.documents[artifact], "STATIC_LINK")
            self.assertLessEqual({"libcli11-dev", "nlohmann-json3-dev"}, set(inside))
            self.assertNotIn("libsystemd-dev", inside)

    def test_the_image_holds_what_the_deb_is_linked_with(self):
        linked = set(named(self.documents[DEB], "DYNAMIC_LINK").items())
        held = named(self.documents[self.image], "CONTAINS")
        self.assertLessEqual({one for one in linked if one[0] in held}, set(held.items()))
        self.assertEqual({name for name, _ in linked} - set(held), set())
        self.assertNotIn("gcc-12-base", held)  # nothing but its copyright file is in it


class LicensesTest(unittest.TestCase):
    HEAD = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\n"

    def test_translates_debians_names(self):
        text = self.HEAD + "Files: *\nLicense: LGPL-2.1+\n\nFiles: a\nLicense: Expat or GPL-2\n Text.\n\n" \
            "License: LGPL-2.1+\n Text.\n"
        self.assertEqual(licenses("x", text), ("(GPL-2.0-only OR MIT) AND LGPL-2.1-or-later", {}))

    def test_gives_the_text_of_a_license_that_spdx_does_not_name(self):
        text = self.HEAD + "Files: *\nLicense: GPL-2+ with exception\n\nLicense: GPL-2+ with exception\n Two\n lines.\n"
        name = "LicenseRef-x-GPL-2-with-exception"
        self.assertEqual(licenses("x", text), (name, {name: " Two\n lines."}))

    def test_asserts_nothing_about_free_text(self):
        self.assertEqual(licenses("x", "This package was debianized by a person."), ("NOASSERTION", {}))


if __name__ == "__main__":
    unittest.main()
