// SPDX-License-Identifier: Apache-2.0
#include "terminal/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>
#include <string_view>

#include "loop/token.hpp"

namespace iopslimit {
namespace {

std::optional<std::size_t> variable(const char* name) {
  const char* text = std::getenv(name);
  if (text == nullptr) return std::nullopt;
  const auto number = whole_number<std::size_t>(text);
  return number == std::size_t{0} ? std::nullopt : number;
}

winsize size_of(int descriptor) {
  winsize size{};
  ioctl(descriptor, TIOCGWINSZ, &size);
  return size;
}

void put(std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = write(STDOUT_FILENO, text.data(), text.size());
    if (count <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

}  // namespace

Style style_of(int descriptor) {
  if (isatty(descriptor) == 0) return {.width = variable("COLUMNS")};
  constexpr std::size_t usual = 80;
  const std::size_t columns = size_of(descriptor).ws_col;
  const char* term = std::getenv("TERM");
  const char* no_color = std::getenv("NO_COLOR");
  const bool dumb = term == nullptr || std::string_view(term) == "dumb";
  return {.width = variable("COLUMNS").value_or(columns == 0 ? usual : columns),
          .colours = !dumb && (no_color == nullptr || *no_color == '\0')};
}

Style output_style() {
  return style_of(STDOUT_FILENO);
}

std::size_t output_height() {
  constexpr std::size_t usual = 24;
  const std::size_t rows = size_of(STDOUT_FILENO).ws_row;
  return variable("LINES").value_or(rows == 0 ? usual : rows);
}

Screen::Screen() : is_terminal_(tcgetattr(STDIN_FILENO, &before_) == 0) {
  enter();
}

// Switches to the alternate screen, hides the cursor, and reads keys unbuffered without echo.
void Screen::enter() {
  if (entered_) return;
  entered_ = true;
  termios raw = before_;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  if (is_terminal_) tcsetattr(STDIN_FILENO, TCSANOW, &raw);
  put("\x1b[?1049h\x1b[?25l");
}

void Screen::leave() {
  if (!entered_) return;
  entered_ = false;
  if (is_terminal_) tcsetattr(STDIN_FILENO, TCSANOW, &before_);
  put("\x1b[?25h\x1b[?1049l");
}

// Erases the rest of each line, and everything below the last one.
void Screen::draw(const std::vector<std::string>& lines) {
  std::string text = "\x1b[H";
  for (std::size_t at = 0; at < lines.size(); ++at)
    text += lines[at] + "\x1b[K" + (at + 1 == lines.size() ? "" : "\r\n");
  put(text + "\x1b[J");
}

}  // namespace iopslimit
