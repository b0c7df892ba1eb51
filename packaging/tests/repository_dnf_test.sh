#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# repository_dnf_test.sh FOLDER: a dnf repository of the rpm in FOLDER, served on the loopback device; the commands of
# docs/install.md install, upgrade and remove it in a root of its own, and what is not signed by the key is refused.
# Two small packages stand in for the distribution: one with a shell and a systemctl, one that provides the libraries.
set -euo pipefail
folder=$(readlink -f "$1")
# shellcheck source=packaging/tests/repository.sh
. "$(dirname "$0")/repository.sh"
heading="From a repository"
export HOME=$work/home  # rpm's configuration of this user
mkdir "$HOME"
printf '%s\n' '%_dbpath /var/lib/rpm' "%_topdir $work/rpmbuild" '%source_date_epoch_from_changelog 0' \
  '%_build_name_fmt %%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm' \
  '%__os_install_post %{nil}' >"$HOME/.rpmmacros"

# The commands of the documents run this.
dnf() {
  command dnf -y --installroot "$root" --releasever 9 --setopt=cachedir="$root/cache" --setopt=install_weak_deps=0 "$@" 2>&1
}
installed() { rpm --root "$root" -qa --qf "%{VERSION}" iops-limitd 2>/dev/null; }
expect_version() { [ "$(installed)" = "$1" ] || fail "$2: expected version $1, found $(installed)"; }

# spec NAME VERSION RELEASE: the beginning of a spec file.
spec() {
  printf '%s\n' "Name: $1" "Version: $2" "Release: $3" "Summary: For a test" "License: Apache-2.0" "AutoReq: no" "$4"
  printf '%%description\nFor a test.\n'
}

# build SPEC FOLDER
build() {
  rpmbuild -bb --define "_rpmdir $2" "$1" >"$work/rpmbuild.log" 2>&1 ||
    fail "$(tail -n 20 "$work/rpmbuild.log")"
}

# requires PATTERN: what our rpm depends on, without what grep finds for the pattern.
requires() { rpm -qp --requires "$rpm" 2>/dev/null | grep -vE "^rpmlib|^config\\(|$1"; }

# make_distribution: what the root needs beside our rpm, in a repository of its own.
make_distribution() {
  spec libraries 1 1 "$(requires '^/bin/sh$|^systemd$' | sed 's/^/Provides: /')" >"$work/libraries.spec"
  printf '%%files\n' >>"$work/libraries.spec"
  spec systemd 1 1 "Provides: /bin/sh" >"$work/systemd.spec"
  cat >>"$work/systemd.spec" <<'END'
%install
mkdir -p %{buildroot}/bin %{buildroot}/usr/bin %{buildroot}/run/systemd/system
cp /bin/busybox %{buildroot}/bin/busybox
for applet in sh rm; do ln -s busybox %{buildroot}/bin/$applet; done
printf '#!/bin/sh\necho "systemctl $*" >>/calls\n' >%{buildroot}/usr/bin/systemctl
chmod +x %{buildroot}/usr/bin/systemctl
%files
/bin/*
/usr/bin/systemctl
/run/systemd/system
END
  build "$work/libraries.spec" "$work/distribution"
  build "$work/systemd.spec" "$work/distribution"
  createrepo_c --quiet --no-database "$work/distribution"
}

# make_later: the same rpm as the version after it, with its files and scripts, in $work/later.
make_later() {
  local tree=$work/tree
  mkdir "$tree" "$work/later"
  (cd "$tree" && rpm2cpio "$rpm" | cpio --quiet -idm)
  {
    spec iops-limitd "$later" 1 "$(requires '^rpmlib' | sed 's/^/Requires: /')"
    printf '%%install\ncp -a %s/. %%{buildroot}\n' "$tree"
    rpm -qp --qf '%%post\n%{POSTIN}\n%%preun\n%{PREUN}\n%%postun\n%{POSTUN}\n' "$rpm" 2>/dev/null
    printf '%%files\n'
    rpm -qp --qf '[%{FILEMODES:perms} %{FILEFLAGS:fflags} %{FILENAMES}\n]' "$rpm" 2>/dev/null |
      sed -E 's,^d.* /,%dir /,; s,^-[^ ]* c.* /,%config(noreplace) /,; s,^[-l].* /,/,'
  } >"$work/later.spec"
  build "$work/later.spec" "$work/later"
  cp "$folder"/iops-limitd_*.deb "$work/later"
}

# make_root: with neither the package nor the repository.
make_root() {
  rm -rf "$root"
  mkdir -p "$root/etc/yum.repos.d" "$root/var/lib/rpm"
  printf '%s\n' "[distribution]" "name=distribution" "baseurl=file://$work/distribution" "gpgcheck=0" \
    >"$root/etc/yum.repos.d/distribution.repo"
}

# calls: what systemctl was asked for since the last time.
calls() { paste -sd ';' "$root/calls"; rm "$root/calls"; }
expect_calls() {
  local found
  found=$(calls)
  [ "$found" = "$1" ] || fail "expected the calls $1, found $found"
}

rpm=$(echo "$folder"/iops-limitd-[0-9]*[!c].rpm)
first=$(rpm -qp --qf '%{VERSION}' "$rpm" 2>/dev/null) later=$first.1
repository=$site/rpm/debian
new_key owner@example.org
new_key other@example.org
make_distribution
make_later
serve
publish owner@example.org "$folder"
kept=$(sha256sum "$repository"/*.rpm)
publish owner@example.org "$folder"
[ "$kept" = "$(sha256sum "$repository"/*.rpm)" ] || fail "a signed rpm that is there was made anew"

make_root
run_documented "$heading" 4 >"$work/install.log" || fail "$(cat "$work/install.log")"
expect_version "$first" install
expect_calls "systemctl --no-reload preset iops-limitd.service"

publish owner@example.org "$work/later"
run_documented "$heading" 5 >"$work/upgrade.log" || fail "$(cat "$work/upgrade.log")"
grep -qE "Upgrading +: iops-limitd-$later-" "$work/upgrade.log" || fail "no upgrade: $(cat "$work/upgrade.log")"
expect_version "" removal
expect_calls "systemctl daemon-reload;systemctl try-restart iops-limitd.service;$(
  )systemctl --no-reload disable --now iops-limitd.service"

# What rpm takes from it, without dnf.
rpmkeys --dbpath "$work/keys" --import "$site/iops-limitd.asc" 2>/dev/null
rpmkeys --dbpath "$work/keys" --checksig -v "$repository"/*.rpm >"$work/checksig.log" 2>&1 || fail "$(cat "$work/checksig.log")"
[ "$(grep -c 'Header V4 .* Signature.* OK$' "$work/checksig.log")" = "$(find "$repository" -name '*.rpm' | wc -l)" ] ||
  fail "not every rpm is signed: $(cat "$work/checksig.log")"

# publish_by KEY: all of it again, while the nodes know the first key.
publish_by() {
  cp "$site/iops-limitd.asc" "$work/owner.asc"
  rm "$repository"/*.rpm
  publish "$1" "$work/later"
  cp "$work/owner.asc" "$site/iops-limitd.asc"
}

# sign_index: as the owner does.
sign_index() {
  createrepo_c --quiet --no-database "$repository"
  gpg --batch --yes --quiet --local-user owner@example.org --armor --detach-sign "$repository/repodata/repomd.xml"
}

install_anew() {
  make_root
  run_documented "$heading" 4
}

publish_by other@example.org
refused "an index signed by another key" "GPG signature verification error" install_anew
sign_index
refused "an rpm signed by another key" "gpg check failed\|not installed" install_anew
cp "$work/later"/*.rpm "$repository"
sign_index
refused "an rpm without a signature" "is not signed" install_anew
rm "$repository"/*.rpm
publish owner@example.org "$work/later"
install_anew >"$work/install.log" || fail "the owner's again: $(cat "$work/install.log")"
expect_version "$later" "the owner's again"
damage "$repository/repodata/repomd.xml"
refused "a changed index" "GPG signature verification error" install_anew

# The role of the Ansible collection adds it, and changes nothing the second time. Its node has no other repository, no
# key and no package; Ansible finds the package manager of the machine that runs this, so the play names it.
rm "$repository"/*.rpm
publish owner@example.org "$folder"
cat >"$work/play.yml" <<END
- hosts: localhost
  connection: local
  tasks:
    - ansible.builtin.include_role: {name: $source/packaging/ansible/roles/iops_limitd, tasks_from: repository}
END
export work url
role() {
  # shellcheck disable=SC2016
  unshare -m sh -ec '
    mkdir -p /etc/yum.repos.d /var/lib/rpm /var/cache/dnf
    for folder in /etc/yum.repos.d /var/lib/rpm /var/cache/dnf; do mount -t tmpfs none "$folder"; done
    for _ in first second; do
      LC_ALL=C.UTF-8 ANSIBLE_NOCOLOR=1 ansible-playbook -i localhost, -e ansible_pkg_mgr=dnf \
        -e "iops_limitd_repository=$url" -e iops_limitd_rpm_folder=debian "$work/play.yml"
    done
    dnf -y --releasever 9 list --available iops-limitd' 2>&1
}
role >"$work/role.log" || fail "$(cat "$work/role.log")"
[ "$(sed -nE 's/.*changed=([0-9]+).*/\1/p' "$work/role.log" | paste -sd ' ')" = "2 0" ] || fail "$(cat "$work/role.log")"
grep -qE "^iops-limitd.* $first-1" "$work/role.log" || fail "dnf does not offer the package: $(cat "$work/role.log")"

# One that was built elsewhere gets into the folder of its distribution.
spec iops-limitd "$first" 1.el9 "" >"$work/el9.spec"
printf '%%files\n' >>"$work/el9.spec"
build "$work/el9.spec" "$work/el9"
publish owner@example.org "$folder" "$work/el9"/*.rpm
[ "$(cd "$site/rpm/el9" && echo *.rpm)" = "iops-limitd-$first-1.el9.$(rpm --eval '%_arch').rpm" ] || fail "el9: $(ls "$site/rpm/el9")"
grep -q "^baseurl=$url/rpm/el9$" "$site/rpm/el9/iops-limitd.repo" || fail "el9: $(cat "$site/rpm/el9/iops-limitd.repo")"
