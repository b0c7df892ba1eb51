# SPDX-License-Identifier: Apache-2.0
"""A software bill of materials in the format SPDX 2.3, as JSON (https://spdx.github.io/spdx-spec/v2.3/). The same input
gives the same bytes."""
import calendar
import datetime
import email.utils
import hashlib
import json
import os
import pathlib
import re
import urllib.parse

from copyright_file import licenses

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent.parent
OWN_LICENSE = "Apache-2.0"
SUPPLIER = "Organization: iops-limitd maintainers"
ROOT = "SPDXRef-DOCUMENT"


def digest(algorithm, content):
    return hashlib.new(algorithm, content).hexdigest()


def checksum(algorithm, content):
    return {"algorithm": algorithm.upper(), "checksumValue": digest(algorithm, content)}


def created():
    """SOURCE_DATE_EPOCH, or else the date of the version in debian/changelog."""
    seconds = os.environ.get("SOURCE_DATE_EPOCH")
    if seconds is None:
        trailer = re.search(r"^ -- .*>  (.*)$", (REPOSITORY / "debian/changelog").read_text(), re.M).group(1)
        seconds = calendar.timegm(email.utils.parsedate_to_datetime(trailer).utctimetuple())
    return datetime.datetime.fromtimestamp(int(seconds), datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def identifier(*parts):
    return "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]+", "-", "-".join(parts))


class Document:
    def __init__(self, artifact, version):
        """`artifact`: the path of the package or image that the document describes."""
        self.artifact, self.version = pathlib.Path(artifact), version
        self.main = identifier("Package", "iops-limitd")
        self.packages, self.files, self.relationships, self.licenses = [], [], [], {}
        self.relate(ROOT, "DESCRIBES", self.main)

    def relate(self, one, kind, other):
        self.relationships.append({"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other})

    def describe(self, purpose, files, source=None, comment=""):
        """The artifact itself. `files`: {path: (content, license)}. `source`: the path of its source archive."""
        content = self.artifact.read_bytes()
        hashes = sorted(digest("sha1", one) for one, _ in files.values())
        package = {
            "SPDXID": self.main, "name": "iops-limitd", "versionInfo": self.version, "supplier": SUPPLIER,
            "packageFileName": self.artifact.name, "downloadLocation": "NOASSERTION", "primaryPackagePurpose": purpose,
            "checksums": [checksum("sha256", content)], "filesAnalyzed": True,
            "packageVerificationCode": {"packageVerificationCodeValue": digest("sha1", "".join(hashes).encode())},
            "licenseConcluded": OWN_LICENSE if purpose == "APPLICATION" else "NOASSERTION",
            "licenseDeclared": OWN_LICENSE, "copyrightText": "NOASSERTION",
            "externalRefs": [self._purl(f"pkg:generic/iops-limitd@{self.version}")]}
        self.packages.insert(0, {**package, "comment": comment} if comment else package)
        for path, (body, expression) in sorted(files.items()):
            ident = identifier("File", digest("sha1", path.encode())[:12], pathlib.PurePath(path).name)
            self.files.append({"SPDXID": ident, "fileName": "./" + path,
                               "checksums": [checksum("sha1", body), checksum("sha256", body)],
                               "licenseConcluded": expression, "licenseInfoInFiles": ["NOASSERTION"],
                               "copyrightText": "NOASSERTION"})
            self.relate(self.main, "CONTAINS", ident)
        if source:
            self._add_source(pathlib.Path(source))

    def _add_source(self, path):
        ident = identifier("Source", path.name)
        self.packages.append({
            "SPDXID": ident, "name": "iops-limitd", "versionInfo": self.version, "supplier": SUPPLIER,
            "packageFileName": path.name, "downloadLocation": "NOASSERTION", "primaryPackagePurpose": "SOURCE",
            "checksums": [checksum("sha256", path.read_bytes())], "filesAnalyzed": False,
            "licenseConcluded": OWN_LICENSE, "licenseDeclared": OWN_LICENSE, "copyrightText": "NOASSERTION"})
        self.relate(self.main, "GENERATED_FROM", ident)

    def add_debian(self, package, copyright_text, release):
        """`package`: a dict with the fields Package, Version, Architecture and Source of dpkg. Returns its SPDXID."""
        name, version, architecture = package["Package"], package["Version"], package["Architecture"]
        ident = identifier("Debian", name, architecture)
        if any(one["SPDXID"] == ident for one in self.packages):
            return ident
        source, source_version = (package["Source"].replace("(", "").replace(")", "").split() + [version])[:2]
        expression, references = licenses(name, copyright_text)
        self.licenses.update(references)
        purl = f"pkg:deb/debian/{name}@{urllib.parse.quote(version, safe=':~')}?arch={architecture}&distro={release}"
        self.packages.append({
            "SPDXID": ident, "name": name, "versionInfo": version, "supplier": "Organization: Debian",
            "downloadLocation": "NOASSERTION", "filesAnalyzed": False,
            "sourceInfo": f"Debian source package {source} {source_version}", "licenseConcluded": "NOASSERTION",
            "licenseDeclared": expression, "copyrightText": "NOASSERTION", "externalRefs": [self._purl(purl)]})
        return ident

    @staticmethod
    def _purl(locator):
        return {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": locator}

    def write(self):
        """Writes it beside the artifact, as ARTIFACT.spdx.json, and returns that path."""
        name = self.artifact.name
        whole = {
            "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": ROOT, "name": name,
            "documentNamespace": f"https://iopslimit.org/spdx/{urllib.parse.quote(name)}-"
                                 + digest("sha256", self.artifact.read_bytes()),
            "creationInfo": {"created": created(), "creators": [SUPPLIER, f"Tool: iops-limitd-sbom-{self.version}"]},
            "packages": self.packages, "files": self.files,
            "relationships": sorted(self.relationships, key=lambda one: list(one.values())),
            "hasExtractedLicensingInfos": [{"licenseId": ident, "extractedText": text}
                                           for ident, text in sorted(self.licenses.items())]}
        path = self.artifact.with_name(name + ".spdx.json")
        path.write_text(json.dumps(whole, indent=1, sort_keys=True) + "\n")
        return path
