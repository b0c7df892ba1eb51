// SPDX-License-Identifier: Apache-2.0
// The configuration: turns entries from files and the environment into checked values.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cgroup/path.hpp"
#include "cgroup/version.hpp"
#include "disk/placement.hpp"
#include "limit/limit.hpp"

namespace iopslimit {

/// Where a value was written, for messages.
struct Origin {
  std::string file;  ///< path, or "environment variable NAME"
  int line = 0;      ///< 0: no line (environment, a file as a whole)
  bool operator==(const Origin&) const = default;
};
std::string to_string(const Origin& origin);  ///< "file:line", or "file"

/// The text of a value, and where it was written.
struct Written {
  Origin origin;
  std::string value = {};
  bool operator==(const Written&) const = default;
};

/// One `key = value`, as written in a file or translated from an environment variable. An empty key
/// stands for the `[section]` line itself, so that a section without keys is checked too. The
/// entries of a file are in the order written.
struct ConfigEntry {
  Origin origin;
  std::string section;
  std::string key;
  std::string value;
};

/// A message for the operator about one place of the configuration.
struct ConfigMessage {
  Origin origin;
  std::string text;
};
std::string to_string(const ConfigMessage& message);  ///< "file:line: text"

enum class SharedDisk { warn, refuse, allow };
enum class LimitScope { container, pod };
enum class RuntimeType { automatic, containerd, docker, crio };
enum class Apply { automatic, files, systemd };
enum class OnStop { keep, clear };

/// How a container takes part in the sharing of a disk.
struct ShareTerms {
  bool lend = false;               ///< it is lent what others leave, above its limit
  std::uint64_t ceiling_iops = 0;  ///< the most that it is lent up to; 0 = the total
  std::uint64_t weight = 100;      ///< times its limit: its part in what is divided
  bool operator==(const ShareTerms&) const = default;
};

/// How a disk is shared.
struct TotalTerms {
  bool fair_total = true;      ///< the busy ones are cut to fair parts of the total
  std::uint64_t headroom = 3;  ///< percent of the total that is never handed out
  bool operator==(const TotalTerms&) const = default;
};

/// The keys of `[limits]`; `[device NAME]` and `[policy NAME]` may have them too. A key that is not
/// set is inherited.
struct LimitKeys {
  std::optional<std::uint64_t> iops = std::nullopt;
  std::optional<std::uint64_t> read_iops = std::nullopt;
  std::optional<std::uint64_t> write_iops = std::nullopt;
  std::optional<std::uint64_t> bps = std::nullopt;
  std::optional<std::uint64_t> read_bps = std::nullopt;
  std::optional<std::uint64_t> write_bps = std::nullopt;
  std::optional<std::uint64_t> total_iops = std::nullopt;  ///< not in a policy
  std::optional<bool> fair_total = std::nullopt;           ///< not in a policy
  std::optional<std::uint64_t> headroom = std::nullopt;    ///< not in a policy
  std::optional<bool> lend = std::nullopt;
  std::optional<std::uint64_t> ceiling_iops = std::nullopt;
  std::optional<std::uint64_t> weight = std::nullopt;
  std::optional<LimitScope> scope = std::nullopt;  ///< only in [limits]
  bool operator==(const LimitKeys&) const = default;
  /// The limit with each direction from its own key, else from the key for both directions, else
  /// from `base`.
  Limit resolved(const Limit& base) const;
  /// The same for the terms of sharing.
  ShareTerms resolved(const ShareTerms& base) const;
};

struct DeviceSection {
  std::string mount = "/data";
  LimitAt limit_at = LimitAt::volume;
  SharedDisk shared_disk = SharedDisk::warn;
  LimitKeys limits = {};  ///< empty in the plain `[device]`
  bool operator==(const DeviceSection&) const = default;
};

struct PolicySection {
  Origin origin = {};
  std::map<std::string, std::string> globs = {};  ///< "namespace", "label.KEY" ... to pattern
  LimitKeys limits = {};
  bool exempt = false;
  /// These replace the values of [annotations] for the pods that match.
  std::optional<std::uint64_t> annotation_max_iops = std::nullopt;
  std::optional<std::uint64_t> annotation_max_bps = std::nullopt;
  bool operator==(const PolicySection&) const = default;
};

/// The name of a policy and its section.
using NamedPolicy = std::pair<std::string, PolicySection>;

/// A data mount with all settings that apply to it, from `[device]` or `[device NAME]`.
struct DataMount {
  std::string section;  ///< "[device]", "[device logs]"
  std::string mount;
  LimitAt limit_at = LimitAt::volume;
  SharedDisk shared_disk = SharedDisk::warn;
  Limit limit;                   ///< of a container, before policies and annotations
  std::uint64_t total_iops = 0;  ///< of all pods together, for each direction; 0 = none
  TotalTerms sharing;
  bool operator==(const DataMount&) const = default;
};

/// Every key with its default. The values have been checked: the kernel accepts every limit.
struct Config {
  DeviceSection device = {};
  std::map<std::string, DeviceSection> more_devices = {};
  Limit limit{.read_iops = 500, .write_iops = 500};
  std::uint64_t total_iops = 3000;
  TotalTerms sharing = {};
  ShareTerms terms = {};  ///< of a container, before policies
  LimitScope scope = LimitScope::container;
  std::vector<std::string> exclude_keywords{"pause",       "istio-proxy", "psmdb",
                                            "kube-system", "koordinator", "apisix"};
  std::vector<std::string> exclude_namespaces = {};
  std::vector<NamedPolicy> policies = {};  ///< in the order written
  std::vector<std::string> annotation_prefixes{"iopslimit.org"};
  std::uint64_t annotation_min_iops = 50;
  std::uint64_t annotation_max_iops = 0;
  std::uint64_t annotation_min_bps = std::uint64_t{1} << 20U;
  std::uint64_t annotation_max_bps = 0;
  RuntimeType runtime = RuntimeType::automatic;
  Standalone standalone = {};
  std::vector<std::string> containerd_namespaces{"k8s.io"};
  std::vector<std::string> state_folders = {};
  std::string runtime_socket = "auto";  ///< of the CRI: "auto", "no" or a path
  CgroupVersion cgroup_version = CgroupVersion::automatic;
  Apply apply = Apply::automatic;
  std::chrono::seconds check_interval{30};
  OnStop on_stop = OnStop::keep;
  bool dry_run = false;
  bool observe = true;
  std::chrono::seconds half_life{24 * 3600};  ///< of what was observed
  std::string metrics = {};                   ///< the file for node_exporter; empty = off
  std::string features = {};                  ///< the file for node-feature-discovery; empty = off
  /// Maps "[section] key" to the effective value as it was written, and where. The keys "[limits]"
  /// and "[device NAME]" stand for whichever key of a container's limit was written last in that
  /// section; they have no value.
  std::map<std::string, Written> written = {};
  bool operator==(const Config&) const = default;

  /// The mount of `[device]` first, then the others in the order of their names.
  std::vector<DataMount> data_mounts() const;

  /// "[section] key (file:line)", or "[section] key (default)".
  std::string where(const std::string& key) const;
};

struct ParsedConfig {
  Config config;                      ///< meaningful only when `errors` is empty
  std::vector<ConfigMessage> errors;  ///< all of them, in the order of the entries
};

/// Checks the entries and builds the configuration from them. Later entries win over earlier ones
/// (file, conf.d, environment); the same key twice in one file is an error. An unknown section or
/// key is reported with the nearest known name as a hint.
ParsedConfig build_config(const std::vector<ConfigEntry>& entries);

}  // namespace iopslimit
