// SPDX-License-Identifier: Apache-2.0
// A text that several tables keep and memory holds once.
#pragma once

#include <compare>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>

namespace iopslimit {

/// A text that never changes. Copies share it: the path of a cgroup is the key of several tables,
/// and it is the largest part of what the service stores for a container.
class SharedText {
 public:
  SharedText() = default;  ///< empty
  SharedText(std::string text)
      : text_(text.empty() ? nullptr : std::make_shared<const std::string>(std::move(text))) {}
  SharedText(std::string_view text) : SharedText(std::string(text)) {}
  SharedText(const char* text) : SharedText(std::string(text)) {}

  const std::string& str() const { return text_ == nullptr ? none() : *text_; }
  operator const std::string&() const { return str(); }
  operator std::string_view() const { return str(); }
  bool empty() const { return text_ == nullptr; }

  friend bool operator==(const SharedText& one, const auto& other) {
    return one.str() == std::string_view(other);
  }
  friend auto operator<=>(const SharedText& one, const auto& other) {
    return std::string_view(one.str()) <=> std::string_view(other);
  }
  friend std::string operator+(std::string text, const SharedText& more) {
    return std::move(text) + more.str();
  }
  friend std::ostream& operator<<(std::ostream& stream, const SharedText& text) {
    return stream << text.str();
  }

 private:
  static const std::string& none() {
    static const std::string empty;
    return empty;
  }

  std::shared_ptr<const std::string> text_;  // null: empty
};

}  // namespace iopslimit
