// SPDX-License-Identifier: Apache-2.0
// What a call returns that gives a value and may fail.
#pragma once

#include <cassert>
#include <system_error>
#include <utility>

namespace iopslimit {

/// A value, or the error why there is none. T has a default constructor, which must be cheap: a
/// Result with an error holds such a T.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}
  /// `error` must be an error: an empty code says nothing about the value.
  Result(std::error_code error) : error_(error) { assert(error); }

  /// Whether there is a value.
  explicit operator bool() const { return !error_; }
  /// The value. There must be one.
  const T& operator*() const& { return checked(value_); }
  T& operator*() & { return checked(value_); }
  T&& operator*() && { return std::move(checked(value_)); }
  const T* operator->() const { return &checked(value_); }
  T* operator->() { return &checked(value_); }
  /// The value, or `other` instead of an error.
  T value_or(T other) && { return std::move(error_ ? other : value_); }
  /// The error; an empty code if there is a value.
  std::error_code error() const { return error_; }

 private:
  template <typename Value>
  Value& checked(Value& value) const {
    assert(!error_);
    return value;
  }

  T value_{};
  std::error_code error_;
};

}  // namespace iopslimit
