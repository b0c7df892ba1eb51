// SPDX-License-Identifier: Apache-2.0
// Asks the runtime's CRI socket for the labels and annotations of pods: each pod once, after its
// containers have their limits. See
// docs/development/decisions/0026-labels-from-the-runtimes-socket.md.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "loop/shared_text.hpp"
#include "loop/timer.hpp"
#include "report/event.hpp"
#include "runtime/cri_client.hpp"
#include "runtime/pod_facts.hpp"
#include "runtime/runtimes.hpp"

namespace iopslimit {

class PodQuestions {
 public:
  struct Handlers {
    /// The record of a container is to be read again: something is known of its pod now.
    std::function<void(const std::string& cgroup)> read_again;
    /// A socket has begun or ceased to answer.
    std::function<void(const Event& event)> announce;
    /// status() or problem() has changed.
    std::function<void()> changed;
  };
  struct Options {
    /// Where the runtimes listen with `socket = auto`.
    std::function<std::vector<RuntimeSocket>(const std::vector<std::string>& states)> places =
        known_sockets;
    CriClient::Options client = {};
    std::chrono::milliseconds first_pause{1000};  ///< after a failure; twice as long each time
    std::chrono::milliseconds late_pause{2000};   ///< before a pod that is not there is asked again
  };
  /// What kind of container wants to know about its pod.
  enum class Asker {
    container,
    sandbox,      ///< the runtime does not list it yet: a container of the pod has to ask
    new_sandbox,  ///< the same, and what is known is of an earlier sandbox of the pod
  };

  /// At most this many pods are asked about one by one; for more the runtime lists all pods.
  static constexpr std::size_t most_single = 3;
  /// How often a pod is asked about that the runtime does not list.
  static constexpr unsigned most_attempts = 5;

  PodQuestions(EventLoop& loop, Options options, Handlers handlers);

  const PodFactsTable& facts() const { return facts_; }
  /// Puts a new configuration in force. Facts stay until their pods were asked about again, which
  /// happens if the configuration wants other labels or annotations.
  void configure(const Config& config, RecordRequest request);
  /// Notes that a container's record was read, for sync(). Makes no system call. The record is that
  /// of a runtime of the kubelet; `from_socket`: it has the pod's facts.
  void want(const SharedText& cgroup, RuntimeHint runtime, Asker asker, bool from_socket);
  /// Asks, when no new container is waiting for its limit.
  void sync();
  /// The record of one of its containers has other names than the runtime has told: what it told
  /// is not used.
  void contradicted(const std::string& pod_uid);
  /// Nothing is known, and nothing waits.
  bool is_empty() const { return facts_.size() == 0 && pods_.empty(); }
  /// A pod is gone.
  void forget(const std::string& pod_uid);
  /// Forgets all pods that are not `known`.
  void forget_unless(const std::function<bool(const std::string& pod_uid)>& known);

  /// One line for `iopsctl status`.
  std::string status() const;
  /// Why a socket does not answer; empty if all that are there do.
  std::string problem() const;

 private:
  struct Wanted {
    SharedText cgroup;
    RuntimeHint runtime;
    Asker asker;
    bool from_socket;
  };
  struct Pod {
    RuntimeHint runtime = RuntimeHint::unknown;
    std::vector<SharedText> cgroups = {};  // whose records are to be read again
    bool due = false;                      // to be asked about
    unsigned attempts = 0;
    std::set<std::string> not_there = {};  // the sockets whose runtime does not list it
    std::int64_t newest = 0;               // of the sandboxes in the answer
    bool found = false;
  };
  struct Socket {
    RuntimeSocket place;
    std::unique_ptr<CriClient> client;
    std::unique_ptr<Timer> pause;  // runs while it is not asked after a failure
    CriVersion version = CriVersion::v1;
    unsigned failures = 0;        // one after the other
    std::set<std::string> asked;  // in the current question
    bool lists_all = true;        // false: the list of all pods is too large
    bool another_pod = false;     // is in the current answer to a question about one
    bool answered = false;
    std::string problem;  // said, and not over
  };

  void add_socket(RuntimeSocket place);
  bool fits(const Socket& socket, RuntimeHint runtime) const;
  bool is_there(RuntimeHint runtime) const;
  void note(const Wanted& wanted);
  void ask(Socket& socket);
  std::set<std::string> pods_for(const Socket& socket) const;
  void take(Socket& socket, ListedSandbox sandbox);
  void digest(Socket& socket, const CriAnswer& answer);
  void digest_list(Socket& socket, const CriAnswer& answer);
  void digest_failure(Socket& socket, const CriAnswer& answer);
  void not_listed(const std::string& pod_uid, const Socket& socket);
  void announce(Severity severity, const std::string& text) const {
    handlers_.announce(service_event(severity, Action::degraded, text));
  }
  void announce_unknown_labels();
  void set_problem(Socket& socket, const std::string& why);
  void ask_late_ones();

  EventLoop& loop_;
  Options options_;
  Handlers handlers_;
  RecordRequest request_;
  std::string path_;  // [runtime] socket
  std::vector<std::string> states_;
  std::vector<std::unique_ptr<Socket>> sockets_;
  std::vector<Wanted> wanted_;                    // since the last sync()
  std::map<std::string, Pod, std::less<>> pods_;  // that wait for an answer, by UID
  std::set<std::string, std::less<>> stale_;      // of facts_: to be asked about again
  PodFactsTable facts_;
  bool contradiction_said_ = false;
  bool blind_ = false;  // a container of containerd whose pod's labels nobody tells
  bool blind_said_ = false;
  Timer late_;
};

}  // namespace iopslimit
