// SPDX-License-Identifier: Apache-2.0
#include "share/loan_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <utility>

#include "limit/limit_text.hpp"
#include "limit/rule_store.hpp"
#include "loop/file.hpp"

namespace iopslimit {
namespace {

constexpr std::size_t max_file = 16U << 20;

// "259:0 rbps=max wbps=max riops=500 wiops=500 /kubepods/..."
void add_line(std::string& text, const RuleKey& key, const Limit& configured) {
  const LimitLine line = format_io_max(key.device, configured);
  const std::string_view limit = line;
  text.append(limit.substr(0, limit.size() - 1)).append(" ").append(key.cgroup).append("\n");
}

void add_loan(std::string_view line, std::vector<Loan>& loans) {
  const auto cgroup = line.find(" /");
  const auto device = parse_devnum(line.substr(0, line.find(' ')));
  if (cgroup == std::string_view::npos || !device) return;
  const Limit configured = parse_io_max(line.substr(0, cgroup), *device);
  RuleKey key{std::string(line.substr(cgroup + 1)), *device};
  if (!configured.unlimited() && may_hold_rules(key.cgroup))
    loans.push_back({std::move(key), configured});
}

}  // namespace

std::vector<Loan> parse_loans(std::string_view text) {
  std::vector<Loan> loans;
  std::string_view rest = text;
  for (auto end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
    add_loan(rest.substr(0, end), loans);
    rest.remove_prefix(end + 1);
  }
  return loans;
}

std::vector<Loan> noted_loans(const std::string& path) {
  const auto text = read_file(path, max_file, O_NOFOLLOW);
  return text ? parse_loans(*text) : std::vector<Loan>{};
}

bool LoanFile::add(const std::vector<Loan>& loans) {
  bool changed = false;
  for (const Loan& loan : loans) {
    Limit& noted = noted_[loan.key];
    changed = std::exchange(noted, loan.configured) != loan.configured || changed;
  }
  return !changed || write();
}

bool LoanFile::replace(const std::vector<Loan>& loans) {
  std::map<RuleKey, Limit> noted;
  for (const Loan& loan : loans) noted[loan.key] = loan.configured;
  return std::exchange(noted_, noted) == noted || write();
}

bool LoanFile::write() {
  std::string text;
  for (const auto& [key, configured] : noted_) add_line(text, key, configured);
  return !replace_file(path_, text);
}

void recall_noted_loans(const std::string& path, LimitBackend& backend) {
  for (const auto& [key, configured] : noted_loans(path)) {
    const auto found = backend.read(key);
    // A rule that is gone is somebody's decision. One that cannot be written is repaired or
    // announced by the first pass.
    if (found && !found->unlimited() && *found != configured)
      static_cast<void>(backend.set(key, configured, *found));
  }
  unlink(path.c_str());
}

}  // namespace iopslimit
