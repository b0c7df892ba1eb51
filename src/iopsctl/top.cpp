// SPDX-License-Identifier: Apache-2.0
// The loop of `top`: one look a second, keys and the terminal's size in between.
#include <sys/epoll.h>
#include <unistd.h>

#include <csignal>
#include <memory>
#include <optional>
#include <utility>

#include "iopsctl/json_text.hpp"
#include "iopsctl/screens.hpp"
#include "iopsctl/source.hpp"
#include "iopsctl/terminal.hpp"
#include "iopsctl/top_view.hpp"
#include "iopsctl/verbs.hpp"
#include "loop/event_loop.hpp"

namespace iopslimit {
namespace {

constexpr std::chrono::seconds period{1};
// Who is limited, and how, changes seldom: the service is asked for it less often.
constexpr unsigned turns_per_question = 5;

class Top {
 public:
  explicit Top(const Arguments& arguments)
      : arguments_(arguments),
        kernel_(arguments.places),
        on_terminal_(isatty(STDOUT_FILENO) != 0 && !arguments.json),
        times_(on_terminal_ || arguments.times != 0 ? arguments.times : 1) {}

  int run() {
    look();
    if (on_terminal_) screen_ = std::make_unique<Screen>();
    loop_.every(period, [this] { turn(); });
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE})
      loop_.on_signal(signal, [this] { loop_.quit(); });
    if (on_terminal_) {
      loop_.on_signal(SIGWINCH, [this] { draw(); });
      loop_.on_signal(SIGTSTP, [this] { step_aside(); });
      loop_.on_ready(STDIN_FILENO, EPOLLIN, [this] { read_keys(); });
      draw();
    }
    loop_.run();
    screen_.reset();
    return end(arguments_, told_);
  }

 private:
  void turn() {
    look();
    draw();
    if (times_ != 0 && --times_ == 0) loop_.quit();
  }

  void look() {
    if (turns_++ % turns_per_question == 0) {
      told_ = ask(arguments_.places);
      devices_ = devices_of(told_.snapshot);
    }
    IoSample sample = kernel_.sample(told_.snapshot.containers);
    Loads loads;
    for (const WorkloadView& one : told_.snapshot.containers) {
      if (const auto load = load_of(one, devices_, last_, sample)) loads[one.path.cgroup] = *load;
    }
    last_ = std::move(sample);
    view_.show(told_.snapshot, loads, told_.by_service);
    loads_ = std::move(loads);
  }

  void draw() {
    const Look look = look_of_output();
    if (screen_) return Screen::draw(view_.lines(look, height_of_output()));
    if (arguments_.json) return print(list_json(told_.snapshot, loads_, told_.source()));
    print(view_.lines(look, 0));
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

  void step_aside() {
    screen_->leave();
    kill(getpid(), SIGSTOP);
    screen_->enter();
    draw();
  }

  const Arguments& arguments_;
  Kernel kernel_;
  bool on_terminal_;
  unsigned times_;
  unsigned turns_ = 0;
  Told told_;
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
