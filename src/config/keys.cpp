// SPDX-License-Identifier: Apache-2.0
#include "config/keys.hpp"

#include <algorithm>
#include <array>

#include "config/key_setters.hpp"
#include "config/spelling.hpp"

namespace iopslimit {
namespace {

constexpr SectionKind main_device{"device"};
constexpr SectionKind limits{"limits"};
constexpr SectionKind exclude{"exclude"};
constexpr SectionKind annotations{"annotations"};
constexpr SectionKind runtime{"runtime"};
constexpr SectionKind cgroup{"cgroup"};
constexpr SectionKind service{"service"};
constexpr SectionKind advise{"advise"};
constexpr SectionKind named_device{"device", true};
constexpr SectionKind named_policy{"policy", true};

constexpr std::array kinds{main_device, limits,  exclude, annotations,  runtime,
                           cgroup,      service, advise,  named_device, named_policy};

using enum ConfigKey::Also;

// The texts appear in the sample file, the manual page and docs/configuration.md (./dev docs).
// `...` marks literal text.
constexpr std::array table{
    ConfigKey{main_device, "mount", "/data",
              "The data mount. Containers are limited on the disk behind it.", set_mount, devices,
              "", "DATA_MOUNT"},
    ConfigKey{
        main_device, "limit_at", "volume",
        "`volume`: limit at the device nearest the file system. `disk`: limit at every disk at "
        "the bottom.",
        set_limit_at, devices,
        "`volume` is exact: the logical volume, the md array or the encrypted volume itself "
        "carries the rule; for a partition its disk does, for btrfs every device of the file "
        "system. With `disk`, I/O to other volumes of these disks counts as well. Where I/O "
        "does not spread evenly over the disks, the log says by which factor the limit can be "
        "exceeded. Rebuilds and checks of an md raid1 or raid10 then wait for what the limits "
        "hold back."},
    ConfigKey{main_device, "shared_disk", "warn",
              "What to do when the disk also holds /, the kubelet's state or the runtime's state: "
              "`warn`, `refuse` or `allow`.",
              set_shared_disk, devices,
              "A container that waits for its limit can hold up the fsync of others on the same "
              "file system. `refuse` limits nothing on this mount. `allow` is `warn` without the "
              "warning."},

    ConfigKey{limits, "iops", "500", "IOPS of each container, in each direction; 0 = unlimited.",
              set_iops<&LimitKeys::iops>, devices_and_policies,
              "The value 1 is refused, because some kernels refuse it.", "CONTAINER_IOPS_LIMIT"},
    ConfigKey{limits, "read_iops", "500",
              "IOPS of each container, reads only; not set: the value of `iops`.",
              set_iops<&LimitKeys::read_iops>, devices_and_policies},
    ConfigKey{limits, "write_iops", "500",
              "IOPS of each container, writes only; not set: the value of `iops`.",
              set_iops<&LimitKeys::write_iops>, devices_and_policies},
    ConfigKey{limits, "bps", "0",
              "Bytes per second of each container, in each direction; suffix K, M or G (1024); 0 = "
              "unlimited.",
              set_bps<&LimitKeys::bps>, devices_and_policies},
    ConfigKey{limits, "read_bps", "0",
              "Bytes per second of each container, reads only; not set: the value of `bps`.",
              set_bps<&LimitKeys::read_bps>, devices_and_policies},
    ConfigKey{limits, "write_bps", "0",
              "Bytes per second of each container, writes only; not set: the value of `bps`.",
              set_bps<&LimitKeys::write_bps>, devices_and_policies},
    ConfigKey{
        limits, "total_iops", "3000", "IOPS of all pods together, in each direction; 0 = no total.",
        set_iops<&LimitKeys::total_iops>, devices,
        "On cgroup v2 this is a rule on the kubepods directory, which exempt containers share "
        "as well. On v1 it holds as far as `fair_total` does: with `fair_total = no` it is divided "
        "among the limited containers, busy or not. No container gets less than 10.",
        "DATA_TOTAL_IOPS"},
    ConfigKey{
        limits, "fair_total", "yes",
        "Cut the busy containers to fair parts when together they want more than `total_iops`: "
        "`yes` or `no`.",
        set_limit_key<parse_boolean, &LimitKeys::fair_total>, devices,
        "A quiet container then never waits behind a busy one. With `no` the kernel serves first "
        "what comes first. A cut container gets its limit back as soon as the others want less."},
    ConfigKey{limits, "lend", "no",
              "`yes`: `iops` is a guarantee, and what others leave of `total_iops` is lent to busy "
              "containers above it.",
              set_limit_key<parse_boolean, &LimitKeys::lend>, devices_and_policies,
              "A loan is taken back as soon as its owner wakes up. Bandwidth limits grow with the "
              "IOPS. Needs `total_iops`."},
    ConfigKey{limits, "ceiling_iops", "0",
              "The most IOPS that a container reaches with `lend = yes`; 0 = `total_iops`.",
              set_iops<&LimitKeys::ceiling_iops>, devices_and_policies,
              "A value below the container's own limit has no effect."},
    ConfigKey{limits, "weight", "100",
              "A container's part in what is lent or divided, compared with others of the same "
              "limit: 1 to 10000.",
              set_limit_key<parse_weight, &LimitKeys::weight>, devices_and_policies,
              "The part of a container is its limit times its weight: a limit of 1000 counts as "
              "much as a limit of 500 with the weight 200."},
    ConfigKey{limits, "headroom", "3%",
              "The part of `total_iops` that is never handed out while the disk is shared: 0% to "
              "50%.",
              set_limit_key<parse_headroom, &LimitKeys::headroom>, devices,
              "A container that wakes up finds it free at once."},
    ConfigKey{limits, "scope", "container",
              "`container`: each container has the limit. `pod`: the containers of a pod share it "
              "(cgroup v2 only).",
              set_scope, nowhere,
              "With `pod`, the pod's slice carries the limit before the pod's first container "
              "exists, and all its containers share it. A pod is then exempt or limited as a "
              "whole."},

    ConfigKey{exclude, "keywords", "pause, istio-proxy, psmdb, kube-system, koordinator, apisix",
              "Not limited: containers with one of these words in the name of their image, "
              "container, pod or namespace; a list.",
              set_words<&Config::exclude_keywords>, nowhere,
              "Upper and lower case differ. A keyword also matches a part of a longer word. The "
              "value replaces the default list. With `scope = pod` only the names of pod and "
              "namespace count.",
              "EXCLUDE_KEYWORDS"},
    ConfigKey{exclude, "namespaces", "",
              "Not limited: containers in these namespaces, by the whole name; a list.",
              set_words<&Config::exclude_namespaces>},

    ConfigKey{annotations, "prefix", "iopslimit.org",
              "Pods may ask for a limit by annotations such as `PREFIX/iops`; a list, the "
              "first prefix wins; empty = off.",
              set_field<parse_prefixes, &Config::annotation_prefixes>},
    ConfigKey{annotations, "min_iops", "50", "The lowest IOPS that a pod can ask for.",
              set_field<parse_iops, &Config::annotation_min_iops>},
    ConfigKey{annotations, "max_iops", "0",
              "The highest IOPS that a pod can ask for; 0 = never more than its limit without "
              "annotation.",
              set_field<parse_iops, &Config::annotation_max_iops>},
    ConfigKey{annotations, "min_bps", "1M", "The lowest bytes per second that a pod can ask for.",
              set_field<parse_bps, &Config::annotation_min_bps>},
    ConfigKey{annotations, "max_bps", "0",
              "The highest bytes per second that a pod can ask for; 0 = never more than its limit "
              "without annotation.",
              set_field<parse_bps, &Config::annotation_max_bps>},

    ConfigKey{runtime, "type", "auto",
              "Whose records are read: `auto` (by each container's path and record), `containerd`, "
              "`docker` or `crio`.",
              set_runtime, nowhere, "", "CONTAINER_RUNTIME"},
    ConfigKey{
        runtime, "standalone", "",
        "Runtimes whose containers outside of Kubernetes are limited as well: `docker`, `podman`; "
        "a list.",
        set_field<parse_standalone, &Config::standalone>},
    ConfigKey{runtime, "containerd_namespace", "k8s.io",
              "The kubelet's namespace in containerd; a list.",
              set_field<parse_names, &Config::containerd_namespaces>, nowhere, "",
              "CONTAINERD_NAMESPACE"},
    ConfigKey{runtime, "state", "",
              "Further state directories of the runtimes; a list. The usual places, and those of "
              "k3s, rke2, k0s and microk8s, are known.",
              set_field<parse_paths, &Config::state_folders>},
    ConfigKey{runtime, "socket", "auto",
              "The runtime's CRI socket, which tells the pods' labels and annotations: `auto` (the "
              "usual places), `no`, or a path.",
              set_field<parse_socket, &Config::runtime_socket>, nowhere,
              "Each pod is asked about once, after its containers are limited; then their limits "
              "follow the policies by label and the annotations. Without a socket they follow what "
              "the runtime's files say, and containerd's files have no labels. Only root's sockets "
              "are used, and only to read."},

    ConfigKey{cgroup, "version", "auto", "`auto` (the service asks the kernel), `v1` or `v2`.",
              set_cgroup_version, nowhere, "", "CGROUP_VERSION"},

    ConfigKey{
        service, "apply", "auto",
        "`files`: limits are in the cgroup files only. `systemd`: systemd knows them too, as unit "
        "properties. `auto`: systemd knows the total.",
        set_apply, nowhere,
        "The service writes every limit to the cgroup's file first, and the file decides. "
        "With `systemd` it then sets the properties `IOReadIOPSMax`, `IOWriteIOPSMax`, "
        "`IOReadBandwidthMax` and `IOWriteBandwidthMax` of the cgroup's unit, at runtime and "
        "for the device name `/dev/block/MAJOR:MINOR`. So `systemctl show` prints them, and "
        "systemd sets the same limit whenever it writes the unit's attributes again. If the "
        "kernel then holds something else, the service corrects the file. A property ends "
        "with its limit; once mirrored, a limit stays mirrored, whatever `apply` says later. "
        "Setting a property makes systemd write every attribute of the unit, the rules about "
        "devices too; this is why `auto` leaves the containers to the files and tells systemd "
        "only the total on `kubepods.slice`. Only the file can hold what systemd cannot: "
        "every limit on cgroup v1, a cgroup that is not a unit (cgroupfs driver), and a "
        "device that is not a whole disk (LVM, dm-crypt, md), in whose place systemd would "
        "limit what is below. With `systemd` the journal says so, once."},
    ConfigKey{service, "check_interval", "30",
              "Seconds between two checks that every limit is still there; 0 = off.",
              set_field<parse_seconds, &Config::check_interval>, nowhere,
              "Events tell the service of changes at once; the check finds what no event "
              "reported. At most 86400.",
              "CHECK_INTERVAL"},
    ConfigKey{service, "on_stop", "keep",
              "What happens to the limits when the service stops: `keep` or `clear`.", set_on_stop},
    ConfigKey{service, "dry_run", "no", "`yes`: decide and log every limit, but write none.",
              set_field<parse_boolean, &Config::dry_run>, nowhere,
              "Takes effect at the next start."},
    ConfigKey{service, "metrics", "",
              "A file `NAME.prom` for the textfile collector of Prometheus' node_exporter, such as "
              "`/run/iops-limitd/iops-limitd.prom`; empty = off.",
              set_field<parse_metrics, &Config::metrics>, nowhere,
              "The service replaces the whole file every 15 seconds. The unit lets the service "
              "write below `/run/iops-limitd` only; another directory needs `ReadWritePaths=` in a "
              "drop-in of the unit."},
    ConfigKey{service, "features", "",
              "A file for node-feature-discovery, such as "
              "`/etc/kubernetes/node-feature-discovery/features.d/iops-limitd`; empty = off.",
              set_field<parse_features, &Config::features>, nowhere,
              "It tells the cluster `total_iops`, the sum of the limits and the disk's model. The "
              "unit lets the service write in that directory if it exists when the service starts.",
              "NODE_FEATURES"},

    ConfigKey{advise, "observe", "yes",
              "`yes`: remember how many IOPS the containers use, for `iopsctl advise`.",
              set_field<parse_boolean, &Config::observe>, nowhere,
              "Costs one reading of each container's counters every 15 seconds while the pods do "
              "I/O, and works with `dry_run` as well. Needs a `check_interval`. The history is in "
              "`/var/lib/iops-limitd`."},
    ConfigKey{advise, "half_life", "24h", "After this time an observation counts half: 1h to 30d.",
              set_field<parse_half_life, &Config::half_life>, nowhere,
              "Longer for a load that comes once a week, shorter for one that changes all the "
              "time."},

    ConfigKey{named_policy, "namespace", "", "Pattern for the pod's namespace.", set_glob},
    ConfigKey{named_policy, "pod", "", "Pattern for the pod's name.", set_glob},
    ConfigKey{named_policy, "container", "", "Pattern for the container's name.", set_glob},
    ConfigKey{named_policy, "image", "", "Pattern for the image.", set_glob},
    ConfigKey{named_policy, "qos", "",
              "Pattern for the QoS class: `guaranteed`, `burstable` or `besteffort`.", set_glob},
    ConfigKey{named_policy, "label.KEY", "", "Pattern for the pod's label KEY.", set_glob, nowhere,
              "For instance `label.app`. containerd tells a pod's labels on its socket only, so "
              "with `[runtime] socket = no` such a policy matches none of its containers."},
    ConfigKey{named_policy, "max_iops", "",
              "The highest IOPS that these pods can ask for by annotations; not set: the value in "
              "[annotations].",
              [](const ConfigEntry& entry, KeyTarget& target) {
                return parse_iops(entry.value, target.policy.annotation_max_iops.emplace());
              }},
    ConfigKey{named_policy, "max_bps", "",
              "The highest bytes per second that these pods can ask for by annotations; not set: "
              "the value in [annotations].",
              [](const ConfigEntry& entry, KeyTarget& target) {
                return parse_bps(entry.value, target.policy.annotation_max_bps.emplace());
              }},
    ConfigKey{named_policy, "exempt", "no", "`yes`: the container has no limit at all.",
              [](const ConfigEntry& entry, KeyTarget& target) {
                return parse_boolean(entry.value, target.policy.exempt);
              }},
};

bool belongs(const ConfigKey& key, const SectionKind& kind) {
  if (key.section == kind) return true;
  if (kind == named_device) return key.also_in != nowhere;
  return kind == named_policy && key.also_in == devices_and_policies;
}

bool names(const ConfigKey& key, std::string_view name) {
  return key.key == name || (key.key == "label.KEY" && name.starts_with("label."));
}

std::vector<std::string_view> keys_of(const SectionKind& kind) {
  std::vector<std::string_view> keys;
  for (const ConfigKey& key : table) {
    if (belongs(key, kind)) keys.push_back(key.key);
  }
  return keys;
}

// "'iops' is a key of [limits]", or empty if no section has that key.
std::string other_home(std::string_view name) {
  const auto* const key =
      std::ranges::find_if(table, [name](const ConfigKey& one) { return names(one, name); });
  if (key == table.end()) return {};
  return "'" + std::string(name) + "' is a key of " + to_string(key->section);
}

}  // namespace

std::span<const ConfigKey> config_keys() {
  return table;
}

std::span<const SectionKind> section_kinds() {
  return kinds;
}

std::string to_string(const SectionKind& kind) {
  return "[" + std::string(kind.word) + (kind.named ? " NAME]" : "]");
}

const ConfigKey* find_key(const SectionKind& kind, std::string_view key) {
  for (const ConfigKey& one : table) {
    if (belongs(one, kind) && names(one, key)) return &one;
  }
  return nullptr;
}

std::string key_hint(const SectionKind& kind, std::string_view key) {
  const std::vector<std::string_view> here = keys_of(kind);
  const auto near = nearest_name(key, here);
  std::string home = other_home(key);
  if (near) return "did you mean '" + *near + "'?" + (home.empty() ? "" : " (" + home + ")");
  if (!home.empty()) return home;
  if (here.empty()) return section_hint("");
  std::string text = "its keys are:";
  for (const std::string_view one : here) text.append(text.back() == ':' ? " " : ", ").append(one);
  return text;
}

std::string section_hint(std::string_view word) {
  std::vector<std::string_view> words;
  std::string all = "the sections are:";
  for (const SectionKind& kind : kinds) {
    words.push_back(kind.word);
    all += (all.back() == ':' ? " " : ", ") + to_string(kind);
  }
  const auto near = nearest_name(word, words);
  if (!near) return all;
  return "did you mean " + to_string(SectionKind{*near, *near == named_policy.word}) + "?";
}

}  // namespace iopslimit
