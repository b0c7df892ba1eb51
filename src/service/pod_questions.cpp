// SPDX-License-Identifier: Apache-2.0
#include "service/pod_questions.hpp"

#include <algorithm>
#include <utility>

namespace iopslimit {
namespace {

constexpr std::size_t usual_burst = 256;  // containers; what wanted_ keeps room for
constexpr std::chrono::milliseconds longest_pause = std::chrono::minutes(1);
constexpr unsigned most_doublings = 6;

// The labels and annotations come from nowhere else, so these runtimes are worth asking.
bool has_cri(RuntimeHint runtime) {
  return runtime == RuntimeHint::containerd || runtime == RuntimeHint::crio ||
         runtime == RuntimeHint::docker;
}

}  // namespace

PodQuestions::PodQuestions(EventLoop& loop, Options options, Handlers handlers)
    : loop_(loop),
      options_(std::move(options)),
      handlers_(std::move(handlers)),
      late_(
          loop, [this] { ask_late_ones(); }, Priority::idle) {}

void PodQuestions::configure(const Config& config, RecordRequest request) {
  if (config.runtime_socket != path_ || config.state_folders != states_) {
    path_ = config.runtime_socket;
    states_ = config.state_folders;
    sockets_.clear();
    if (path_ == "auto") {
      for (RuntimeSocket& place : options_.places(states_)) add_socket(std::move(place));
    } else if (path_ != "no") {
      add_socket({path_, RuntimeHint::unknown});
    }
  }
  blind_said_ = false;
  const bool other = request_ != request;
  request_ = std::move(request);
  const bool nothing_requested = request_.labels.empty() && request_.annotation_prefixes.empty();
  if (nothing_requested) sockets_.clear();
  if (sockets_.empty()) {
    wanted_.clear();
    pods_.clear();
    stale_.clear();
    facts_.clear();
    path_ = nothing_requested ? "" : path_;
  } else {
    wanted_.reserve(usual_burst);
  }
  facts_.forget_unknown();
  if (other) facts_.each([this](const std::string& pod_uid) { stale_.insert(pod_uid); });
}

void PodQuestions::add_socket(RuntimeSocket place) {
  auto socket = std::make_unique<Socket>();
  Socket& added = *socket;
  added.client = std::make_unique<CriClient>(
      loop_, place.path, options_.client,
      CriClient::Handlers{
          .take = [this, &added](ListedSandbox sandbox) { take(added, std::move(sandbox)); },
          .done =
              [this, &added](const CriAnswer& answer) {
                digest(added, answer);
                sync();
              }});
  added.pause = std::make_unique<Timer>(
      loop_, [this] { sync(); }, Priority::idle);
  added.place = std::move(place);
  sockets_.push_back(std::move(socket));
}

void PodQuestions::want(const SharedText& cgroup, RuntimeHint runtime, Asker asker,
                        bool from_socket) {
  if (sockets_.empty() && runtime == RuntimeHint::containerd) blind_ = true;
  if (sockets_.empty() || !has_cri(runtime)) return;
  wanted_.push_back({cgroup, runtime, asker, from_socket});
}

bool PodQuestions::fits(const Socket& socket, RuntimeHint runtime) const {
  return socket.place.runtime == RuntimeHint::unknown || socket.place.runtime == runtime;
}

bool PodQuestions::is_there(RuntimeHint runtime) const {
  return std::ranges::any_of(sockets_, [&](const auto& socket) {
    return fits(*socket, runtime) && socket->client->is_there();
  });
}

void PodQuestions::sync() {
  std::map<RuntimeHint, bool> there;
  for (const Wanted& wanted : wanted_) {
    const auto [known, is_new] = there.try_emplace(wanted.runtime, false);
    if (is_new) known->second = is_there(wanted.runtime);
    if (known->second) note(wanted);  // else the next scan of all containers wants it again
    if (!known->second && wanted.runtime == RuntimeHint::containerd) blind_ = true;
  }
  announce_unknown_labels();
  wanted_.clear();
  if (wanted_.capacity() > usual_burst) {
    wanted_.shrink_to_fit();
    wanted_.reserve(usual_burst);
  }
  for (const auto& socket : sockets_) ask(*socket);
}

void PodQuestions::announce_unknown_labels() {
  if (!std::exchange(blind_, false) || request_.labels.empty()) return;
  if (!std::exchange(blind_said_, true)) announce(Severity::warning, labels_not_known());
}

void PodQuestions::note(const Wanted& wanted) {
  const ContainerPath path = parse_cgroup(wanted.cgroup.str());
  if (path.pod_uid.empty()) return;
  const auto waiting = pods_.find(path.pod_uid);
  const bool known = facts_.knows(path.pod_uid) && !stale_.contains(path.pod_uid);
  if (known && waiting == pods_.end() && wanted.asker != Asker::new_sandbox) {
    if (!wanted.from_socket && facts_.has(path.pod_uid)) handlers_.read_again(wanted.cgroup);
    return;
  }
  Pod& pod = waiting == pods_.end() ? pods_[path.pod_uid] : waiting->second;
  pod.runtime = wanted.runtime;
  if (std::ranges::find(pod.cgroups, wanted.cgroup.str(), &SharedText::str) == pod.cgroups.end())
    pod.cgroups.push_back(wanted.cgroup);
  if (wanted.asker == Asker::container) pod.due = true;
}

std::set<std::string> PodQuestions::pods_for(const Socket& socket) const {
  std::set<std::string> all;
  for (const auto& [pod_uid, pod] : pods_) {
    if (!socket.lists_all && !all.empty()) break;
    if (pod.due && fits(socket, pod.runtime) && !pod.not_there.contains(socket.place.path))
      all.insert(pod_uid);
  }
  return all;
}

void PodQuestions::ask(Socket& socket) {
  while (!socket.client->busy() && !socket.pause->running()) {
    if (path_ == "auto" && !socket.answered && !socket.client->is_there()) return;
    std::set<std::string> pods = pods_for(socket);
    if (pods.empty()) return;
    const bool all = pods.size() > most_single;
    if (!all) pods.erase(std::next(pods.begin()), pods.end());
    const std::string one = all ? "" : *pods.begin();
    socket.asked = std::move(pods);
    const auto answer = socket.client->ask(socket.version, one, request_);
    if (!answer) return;
    digest(socket, *answer);
  }
}

void PodQuestions::take(Socket& socket, ListedSandbox sandbox) {
  if (!socket.asked.contains(sandbox.pod_uid)) {
    socket.another_pod = socket.another_pod || socket.asked.size() == 1;
    return;
  }
  const auto waiting = pods_.find(sandbox.pod_uid);
  if (waiting == pods_.end()) return;  // gone meanwhile
  Pod& pod = waiting->second;
  if (pod.found && pod.newest > sandbox.created_at) return;
  pod.found = true;
  pod.newest = sandbox.created_at;
  facts_.set(sandbox.pod_uid, std::move(sandbox.facts));
}

void PodQuestions::digest(Socket& socket, const CriAnswer& answer) {
  if (answer.kind == CriAnswer::Kind::answered) {
    digest_list(socket, answer);
  } else if (answer.kind == CriAnswer::Kind::unimplemented && socket.version == CriVersion::v1) {
    socket.version = CriVersion::v1alpha2;
  } else {
    socket.version = CriVersion::v1;
    digest_failure(socket, answer);
  }
  socket.asked.clear();
  handlers_.changed();
}

void PodQuestions::digest_list(Socket& socket, const CriAnswer& answer) {
  socket.failures = 0;
  socket.answered = true;
  std::string why;
  if (answer.too_large != 0) why = "a sandbox in its answer is larger than 1 MiB";
  if (answer.unusable != 0) why = "a sandbox in its answer cannot be used";
  if (std::exchange(socket.another_pod, false)) why = "it answers with another pod";
  set_problem(socket, why);
  for (const std::string& pod_uid : socket.asked) {
    const auto waiting = pods_.find(pod_uid);
    if (waiting == pods_.end()) continue;
    if (!waiting->second.found) {
      not_listed(pod_uid, socket);
      continue;
    }
    const Pod pod = std::move(waiting->second);
    pods_.erase(waiting);
    stale_.erase(pod_uid);
    for (const SharedText& cgroup : pod.cgroups) handlers_.read_again(cgroup);
  }
}

// A pod that no runtime lists is asked about some more times: its sandbox may start again.
void PodQuestions::not_listed(const std::string& pod_uid, const Socket& socket) {
  Pod& pod = pods_.at(pod_uid);
  pod.not_there.insert(socket.place.path);
  const bool another = std::ranges::any_of(sockets_, [&](const auto& one) {
    return fits(*one, pod.runtime) && !pod.not_there.contains(one->place.path) &&
           one->client->is_there();
  });
  if (another) return;
  pod.not_there.clear();
  pod.due = false;
  if (++pod.attempts < most_attempts) return late_.start(options_.late_pause);
  pods_.erase(pod_uid);
  stale_.erase(pod_uid);
  facts_.set(pod_uid, std::nullopt);
}

void PodQuestions::ask_late_ones() {
  for (auto& one : pods_) one.second.due = one.second.due || one.second.attempts != 0;
  sync();
}

void PodQuestions::digest_failure(Socket& socket, const CriAnswer& answer) {
  const bool absent = answer.kind == CriAnswer::Kind::absent;
  const bool listed_all = socket.asked.size() > 1;
  if (listed_all && answer.too_much) {
    socket.lists_all = false;
    return;
  }
  const unsigned doublings = std::min(socket.failures++, most_doublings);
  socket.pause->start(
      std::min<std::chrono::milliseconds>(options_.first_pause * (1U << doublings), longest_pause));
  const bool no_cri = answer.kind == CriAnswer::Kind::unimplemented;
  // A runtime that restarts has no socket for a moment.
  if (socket.failures > 1 || !absent)
    set_problem(socket, no_cri ? "it does not offer the CRI (" + answer.why + ")" : answer.why);
}

void PodQuestions::set_problem(Socket& socket, const std::string& why) {
  if (socket.problem.empty() == why.empty()) {
    socket.problem = why;
    return;
  }
  socket.problem = why;
  if (why.empty()) return announce(Severity::notice, socket.place.path + " answers again");
  announce(Severity::warning, socket.place.path + ": " + why +
                                  "; until it answers, policies by label and annotations that only "
                                  "the runtime knows do not apply; all limits are in force");
}

void PodQuestions::contradicted(const std::string& pod_uid) {
  facts_.set(pod_uid, std::nullopt);
  if (std::exchange(contradiction_said_, true)) return;
  announce(Severity::warning, "the runtime's socket gives the pod " + pod_uid +
                                  " another name or namespace than its record: the labels and "
                                  "annotations that it tells of this pod are not used");
}

void PodQuestions::forget(const std::string& pod_uid) {
  facts_.forget(pod_uid);
  stale_.erase(pod_uid);
  pods_.erase(pod_uid);
}

void PodQuestions::forget_unless(const std::function<bool(const std::string& pod_uid)>& known) {
  facts_.forget_unless(known);
  std::erase_if(stale_, [&](const std::string& pod_uid) { return !known(pod_uid); });
  std::erase_if(pods_, [&](const auto& one) { return !known(one.first); });
}

std::string PodQuestions::problem() const {
  for (const auto& socket : sockets_) {
    if (!socket->problem.empty()) return socket->place.path + ": " + socket->problem;
  }
  return {};
}

std::string PodQuestions::status() const {
  if (path_ == "no") return "not asked ([runtime] socket = no)";
  if (sockets_.empty()) return "not asked: no policy is by label, and annotations are off";
  std::string text;
  for (const auto& socket : sockets_) {
    if (!socket->answered && socket->problem.empty() && !socket->client->is_there()) continue;
    text += (text.empty() ? "" : "; ") + socket->place.path + " ";
    if (!socket->problem.empty()) {
      text += "does not answer as it should: " + socket->problem;
    } else {
      text += socket->answered ? "answers (" + std::string(to_string(socket->version)) + ")"
                               : "was not asked yet";
    }
  }
  if (text.empty()) return "none is there";
  return text + "; " + std::to_string(facts_.size()) + " pods known, " +
         std::to_string(pods_.size()) + " waiting";
}

}  // namespace iopslimit
