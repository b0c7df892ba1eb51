// SPDX-License-Identifier: Apache-2.0
#include "api/selector.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace iopslimit {
namespace {

struct Named {
  Selector selector;
  std::vector<std::string> words;  // never empty ones
};

void add(std::vector<std::string>& words, const std::string& word) {
  if (!word.empty()) words.push_back(word);
}

void add_path(std::vector<std::string>& words, const std::string& space, const std::string& pod,
              const std::string& rest) {
  if (pod.empty()) return;
  words.push_back(pod + rest);
  words.push_back(space + "/" + pod + rest);
}

std::vector<Named> all_of(const std::vector<WorkloadView>& containers) {
  std::vector<Named> all;
  for (const PodView& pod : pods_of(containers)) {
    Named named{{pod.uid, "", true, pod.containers}, {pod.uid}};
    named.selector.shown = pod.pod.empty() ? "pod " + pod.uid : pod.pod_namespace + "/" + pod.pod;
    add_path(named.words, pod.pod_namespace, pod.pod, "");
    all.push_back(std::move(named));
  }
  for (const WorkloadView& one : containers) {
    if (one.path.id.empty()) continue;  // a pod as a whole
    Named named{{one.path.cgroup, shown_name(one), false, {&one}}, {one.path.id}};
    add(named.words, one.name);
    if (!one.name.empty()) add_path(named.words, one.pod_namespace, one.pod, "/" + one.name);
    all.push_back(std::move(named));
  }
  return all;
}

bool is_exact(const Named& named, std::string_view word) {
  return named.selector.whom == word || std::ranges::find(named.words, word) != named.words.end();
}

bool is_begun(const Named& named, std::string_view word) {
  return std::ranges::any_of(named.words,
                             [word](const std::string& one) { return one.starts_with(word); });
}

template <class Fits>
std::vector<Selector> those(const std::vector<Named>& all, const Fits& fits) {
  std::vector<Selector> found;
  for (const Named& named : all) {
    if (fits(named)) found.push_back(named.selector);
  }
  return found;
}

}  // namespace

std::vector<Selector> selectors_of(const std::vector<WorkloadView>& containers,
                                   std::string_view word) {
  if (word.empty()) return {};
  const std::vector<Named> all = all_of(containers);
  std::vector<Selector> exact =
      those(all, [word](const Named& named) { return is_exact(named, word); });
  if (!exact.empty()) return exact;
  return those(all, [word](const Named& named) { return is_begun(named, word); });
}

// What is kept of one container of a pod is kept of all of them: which names a pod has may stand in
// one of them alone.
void Search::look(const std::vector<WorkloadView>& some) {
  if (word_.empty()) return;
  for (const Named& named : all_of(some)) {
    const ContainerPath& path = named.selector.containers.front()->path;
    const std::string& key = path.pod_uid.empty() ? path.cgroup.str() : path.pod_uid;
    if (is_exact(named, word_) && exact_.size() < most) exact_.insert(key);
    if (is_begun(named, word_) && begun_.size() < most) begun_.insert(key);
  }
}

void Search::keep(std::vector<WorkloadView> some) {
  for (WorkloadView& one : some) {
    if (wanted().contains(one.path.pod_uid.empty() ? one.path.cgroup.str() : one.path.pod_uid))
      kept_.push_back(std::move(one));
  }
}

std::vector<std::string> words_of(const std::vector<WorkloadView>& containers) {
  std::multiset<std::string> seen;
  for (const Named& named : all_of(containers)) seen.insert(named.words.begin(), named.words.end());
  std::vector<std::string> words;
  for (const std::string& word : seen) {
    if (seen.count(word) == 1) words.push_back(word);
  }
  return words;
}

std::string why_not_one(const std::vector<Selector>& selectors, std::string_view word) {
  if (selectors.empty())
    return "no container or pod is called '" + std::string(word) + "': see 'iopsctl list --all'";
  std::string why = "'" + std::string(word) + "' may be any of:";
  for (const Selector& selector : selectors) {
    why += "\n  " + selector.shown + (selector.pod ? " (pod " : " (");
    why +=
        (selector.pod ? selector.whom : selector.containers.front()->path.id.substr(0, 12)) + ")";
  }
  return why;
}

}  // namespace iopslimit
