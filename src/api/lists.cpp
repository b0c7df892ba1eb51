// SPDX-License-Identifier: Apache-2.0
#include "api/lists.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include "loop/file.hpp"

namespace iopslimit {
/// A list that is being written.
class Lists::Reply {
 public:
  explicit Reply(sd_bus_message* call) : call_(sd_bus_message_ref(call)) {
    sd_bus_message* reply = nullptr;
    check(sd_bus_message_new_method_return(call, &reply), cannot_answer);
    reply_.reset(reply);
    check(sd_bus_message_open_container(reply, 'a', "a{sv}"), cannot_answer);
  }
  void add(const Fields& fields) {
    append_fields(reply_.get(), fields);
    bytes_ += size_of(fields);
  }
  void send(Callers& callers) {
    check(sd_bus_message_close_container(reply_.get()), cannot_answer);
    callers.send_list(call_.get(), reply_.get(), bytes_);
  }

 private:
  BusMessage call_;
  BusMessage reply_;
  std::size_t bytes_ = 0;
};

// The call is counted until the last step, and what it took is charged then.
void Lists::work_on(sd_bus_message* call, Piecework::Step step) {
  using Clock = std::chrono::steady_clock;
  const auto uid = callers_.begin_work(call);
  if (!uid) return;
  const std::shared_ptr<sd_bus_message> owned(sd_bus_message_ref(call), BusUnref());
  work_.add(
      [this, uid = *uid, owned, step = std::move(step), spent = Clock::duration(0)]() mutable {
        const auto begin = Clock::now();
        bool goes_on = false;
        try {
          goes_on = sd_bus_is_open(sd_bus_message_get_bus(owned.get())) > 0 && step();
        } catch (const std::exception& error) {
          reply_error(owned.get(), SD_BUS_ERROR_FAILED, error.what());
        }
        spent += Clock::now() - begin;
        if (!goes_on) callers_.end_work(owned.get(), uid, spent);
        return goes_on;
      });
}

// Passes the next containers to `use`. False: there is no further one.
bool Lists::see(std::string& after, const std::function<void(std::vector<WorkloadView>)>& use) {
  std::vector<WorkloadView> some = containers_(after);
  if (some.empty()) return false;
  after = some.back().path.cgroup;
  use(std::move(some));
  return true;
}

void Lists::reply_pieces(sd_bus_message* call, Pieces next) {
  work_on(call, [this, call, reply = std::shared_ptr<Reply>(), next = std::move(next)]() mutable {
    if (!reply) {
      if (!callers_.admit_list(call)) return false;
      reply = std::make_shared<Reply>(call);
    }
    std::vector<Fields> some;
    const bool more = next(some);
    for (const Fields& fields : some) reply->add(fields);
    if (!more) reply->send(callers_);
    return more;
  });
}

void Lists::reply_containers(sd_bus_message* call) {
  reply_pieces(call, [this, after = std::string()](std::vector<Fields>& some) mutable {
    return see(after, [&some](const std::vector<WorkloadView>& views) {
      for (const WorkloadView& one : views) some.push_back(fields_of(one));
    });
  });
}

void Lists::reply_pods(sd_bus_message* call) {
  struct Work {
    Reply reply;
    std::string after = {};
    PodTable pods = {};
    std::optional<std::vector<PodView*>> sorted = {};
    std::size_t written = 0;
  };
  work_on(call, [this, call, work = std::shared_ptr<Work>()]() mutable {
    constexpr std::size_t at_once = 32;
    if (!work) {
      if (!callers_.admit_list(call)) return false;
      work.reset(new Work{Reply(call)});
    }
    if (!work->sorted) {
      const bool more = see(work->after, [&work](const std::vector<WorkloadView>& some) {
        for (const WorkloadView& one : some) work->pods.add(one);
      });
      if (!more) work->sorted = work->pods.sorted();
      return true;
    }
    const std::size_t end = std::min(work->written + at_once, work->sorted->size());
    for (; work->written < end; ++work->written)
      work->reply.add(fields_of(*(*work->sorted)[work->written]));
    if (end < work->sorted->size()) return true;
    work->reply.send(callers_);
    return false;
  });
}

void Lists::reply(sd_bus_message* call, const std::vector<Fields>& list) {
  if (!callers_.admit_list(call)) return;
  Reply reply(call);
  for (const Fields& fields : list) reply.add(fields);
  reply.send(callers_);
}

void Lists::choose(sd_bus_message* call, const std::string& word, Act act) {
  struct Work {
    Search search;
    std::string after = {};
    bool looked = false;
  };
  work_on(call, [this, call, word, act = std::move(act),
                 work = std::make_shared<Work>(Work{Search(word)})] {
    const bool more = see(work->after, [&work](std::vector<WorkloadView> some) {
      work->looked ? work->search.keep(std::move(some)) : work->search.look(some);
    });
    if (more) return true;
    if (!std::exchange(work->looked, true)) {
      work->after.clear();
      return true;
    }
    const std::vector<Selector> selectors = work->search.found();
    if (selectors.size() == 1) {
      act(selectors.front());
    } else {
      reply_error(call, selectors.empty() ? no_such_container : ambiguous_name,
                  why_not_one(selectors, word));
    }
    return false;
  });
}

}  // namespace iopslimit
