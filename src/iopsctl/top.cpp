// SPDX-License-Identifier: Apache-2.0
// The loop of `top`: refreshes every second, handles keys and changes of the terminal's size.
#include <sys/epoll.h>
#include <unistd.h>

#include <csignal>
#include <list>
#include <memory>
#include <optional>
#include <utility>

#include "iopsctl/json_text.hpp"
#include "iopsctl/screens.hpp"
#include "iopsctl/source.hpp"
#include "iopsctl/top_view.hpp"
#include "iopsctl/verbs.hpp"
#include "loop/io.hpp"
#include "loop/signal.hpp"
#include "loop/timer.hpp"
#include "terminal/terminal.hpp"

namespace iopslimit {
namespace {

constexpr std::chrono::seconds period{1};
// Limits change seldom unless a disk is shared: counters are read at every refresh, the service is
// asked at every fifth, or every second.
constexpr unsigned refreshes_per_query = 5;
constexpr unsigned refreshes_per_query_while_sharing = 2;

class Top {
 public:
  explicit Top(const Arguments& arguments)
      : arguments_(arguments),
        kernel_(arguments.paths),
        on_terminal_(isatty(STDOUT_FILENO) != 0 && !arguments.json),
        times_(on_terminal_ || arguments.times != 0 ? arguments.times : 1) {}

  int run() {
    refresh();
    if (on_terminal_) screen_ = std::make_unique<Screen>();
    Timer ticks(loop_, [this] { tick(); });
    ticks.every(period);
    std::list<Signal> signals;
    std::optional<Io> keys;
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE})
      signals.emplace_back(loop_, signal, [this] { loop_.quit(); });
    if (on_terminal_) {
      signals.emplace_back(loop_, SIGWINCH, [this] { draw(); });
      signals.emplace_back(loop_, SIGTSTP, [this] { suspend(); });
      keys.emplace(loop_, STDIN_FILENO, EPOLLIN, [this] { read_keys(); });
      draw();
    }
    loop_.run();
    screen_.reset();
    return end(arguments_, answer_);
  }

 private:
  void tick() {
    refresh();
    draw();
    if (times_ != 0 && --times_ == 0) loop_.quit();
  }

  void refresh() {
    const bool shares = answer_.snapshot.sharing.state == ShareState::sharing;
    const unsigned enough = shares ? refreshes_per_query_while_sharing : refreshes_per_query;
    if (!asked_ || ++refreshes_ >= enough) {
      refreshes_ = 0;
      asked_ = true;
      answer_ = fetch(arguments_.paths);
      devices_ = devices_of(answer_.snapshot);
    }
    IoSample sample = kernel_.sample(answer_.snapshot.containers);
    Loads loads;
    for (const WorkloadView& one : answer_.snapshot.containers) {
      if (const auto load = load_of(one, devices_, last_, sample)) loads[one.path.cgroup] = *load;
    }
    last_ = std::move(sample);
    view_.show(answer_.snapshot, loads, answer_.from_service);
    loads_ = std::move(loads);
  }

  void draw() {
    const Style style = output_style();
    if (screen_) return Screen::draw(view_.lines(style, output_height()));
    if (arguments_.json) return print(list_json(answer_.snapshot, loads_, answer_.source()));
    print(view_.lines(style, 0));
  }

  void read_keys() {
    char bytes[64];
    const ssize_t count = read(STDIN_FILENO, bytes, sizeof bytes);
    if (count <= 0) return loop_.quit();
    std::string input(bytes, static_cast<std::size_t>(count));
    while (!input.empty()) {
      if (!view_.press(take_key(input))) return loop_.quit();
    }
    draw();
  }

  void suspend() {
    screen_->leave();
    kill(getpid(), SIGSTOP);
    screen_->enter();
    draw();
  }

  const Arguments& arguments_;
  Kernel kernel_;
  bool on_terminal_;
  unsigned times_;
  unsigned refreshes_ = 0;  // since the service was asked
  bool asked_ = false;
  Answer answer_;
  std::vector<Devnum> devices_;
  IoSample last_;
  Loads loads_;
  TopView view_;
  std::unique_ptr<Screen> screen_;
  EventLoop loop_;
};

}  // namespace

int show_top(const Arguments& arguments) {
  return Top(arguments).run();
}

}  // namespace iopslimit
