// SPDX-License-Identifier: Apache-2.0
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "api/bus_service.hpp"
#include "config/edited_file.hpp"
#include "iopsctl/preview_screen.hpp"
#include "iopsctl/source.hpp"
#include "iopsctl/verbs.hpp"
#include "terminal/display.hpp"
#include "terminal/terminal.hpp"

namespace iopslimit {
namespace {

constexpr std::array<int, 3> ending{SIGINT, SIGTERM, SIGHUP};
volatile std::sig_atomic_t ended = 0;  // by one of them: nothing may be installed any more

void end_by(int) {
  ended = 1;
}

// A signal interrupts the question, so that the copy is removed.
void catch_signals() {
  struct sigaction action {};
  action.sa_handler = end_by;
  for (const int signal : ending) sigaction(signal, &action, nullptr);
}

std::string editor() {
  for (const char* name : {"SUDO_EDITOR", "VISUAL", "EDITOR"}) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return access("/usr/bin/editor", X_OK) == 0 ? "editor" : "vi";
}

std::string quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

// Returns false if the editor did not end well: its user may not have meant what is in the copy.
bool run_editor(const std::string& file) {
  const std::string command = editor();
  std::fflush(stdout);
  const int status = std::system((command + " " + quoted(file)).c_str());
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return true;
  const std::string how = WIFSIGNALED(status)
                              ? "was ended by signal " + std::to_string(WTERMSIG(status))
                              : "ended with status " + std::to_string(WEXITSTATUS(status));
  std::fprintf(stderr, "iopsctl: the editor '%s' %s\n", printable(command).c_str(), how.c_str());
  return false;
}

// What would change; nullopt if the service cannot tell. `errors`: lines; empty if it is good.
std::optional<PreviewView> check(const Paths& paths, const Replacement& edited,
                                 std::string& errors) {
  errors.clear();
  try {
    return Client(paths).preview(edited);
  } catch (const CallRefused& error) {
    if (error.name == config_refused) {
      errors = error.what();
      return std::nullopt;
    }
    std::fprintf(stderr, "iopsctl: %s\n", printable_lines(error.what()).c_str());
  } catch (const NotRunning&) {  // install() says so
  }
  for (const ConfigMessage& error : load_configuration(paths.config, edited).errors)
    errors += (errors.empty() ? "" : "\n") + to_string(error);
  return std::nullopt;
}

// Reads a character of the answer. Returns false at the end of the input, and when a signal has
// come: also when it came before the call, because it is let in only while this waits.
bool read_character(char& c, const sigset_t& let_in) {
  pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  return ended == 0 && ppoll(&input, 1, nullptr, &let_in) == 1 && read(STDIN_FILENO, &c, 1) == 1;
}

// The end of the input, and a signal, throw the text away.
bool wants_to_edit_again() {
  sigset_t held;
  sigset_t before;
  sigemptyset(&held);
  for (const int signal : ending) sigaddset(&held, signal);
  sigprocmask(SIG_BLOCK, &held, &before);
  char first = '\n';
  bool more = true;
  while (more && first == '\n') {
    std::fputs("[e]dit again, or [t]hrow it away? ", stdout);
    std::fflush(stdout);
    char c = 0;
    while ((more = read_character(c, before)) && c != '\n')
      if (first == '\n') first = c;
    if (std::string_view("eEtT").find(first) == std::string_view::npos) first = '\n';
  }
  sigprocmask(SIG_SETMASK, &before, nullptr);
  return ended == 0 && (first == 'e' || first == 'E');
}

int throw_away(const EditedFile& file) {
  print("nothing is installed: " + file.file() + " is as it was");
  return exit_bad;
}

int install(const Paths& paths, const EditedFile& file, const std::string& text) {
  file.install(text);
  print(file.file() + " is installed");
  std::fflush(stdout);
  try {
    Client(paths).reload();
  } catch (const NotRunning&) {
    print("iops-limitd is not running: it reads the file when it starts");
    return exit_good;
  } catch (const CallRefused& error) {
    std::fprintf(stderr,
                 "%s\niopsctl: the reload was refused: what was in force before stays in force\n",
                 printable_lines(error.what()).c_str());
    return status_of(error);
  }
  print("the configuration was read again and is in force");
  return exit_good;
}

}  // namespace

int edit(const Arguments& arguments) {
  if (!arguments.file.empty() && !is_config_name(arguments.file)) {
    std::fprintf(
        stderr,
        "iopsctl: '%s': name a file in conf.d that ends in .conf and does not begin with a "
        "dot, or the service does not read it\n",
        printable(arguments.file).c_str());
    return exit_usage;
  }
  if (geteuid() != 0) {
    std::fputs("iopsctl: only root may change the configuration: sudo iopsctl edit\n", stderr);
    return exit_no_permission;
  }
  const EditedFile file(arguments.paths.config, arguments.file);
  catch_signals();
  while (true) {
    if (!run_editor(file.copy()) || ended != 0) return throw_away(file);
    const std::string text = file.edited();
    if (text == file.text()) {
      print(file.file() + " is unchanged");
      return exit_good;
    }
    std::string errors;
    const auto preview = check(arguments.paths, {.file = file.file(), .text = text}, errors);
    if (ended != 0) return throw_away(file);
    if (errors.empty()) {
      constexpr std::size_t few = 10;
      if (preview) print(preview_screen(*preview, few, output_style()));
      return install(arguments.paths, file, text);
    }
    std::fprintf(stderr, "%s\n", printable_lines(errors).c_str());
    if (!wants_to_edit_again()) return throw_away(file);
  }
}

}  // namespace iopslimit
