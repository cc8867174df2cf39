#include "monitor.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "bytes.h"
#include "thread.h"
#include "worker.h"

namespace {

/** Datagrams that are waiting are read into one call of the listener up to this size. */
constexpr size_t event_bytes = 262144;
/** Room offered for one datagram; link messages are the largest, a few KiB. */
constexpr size_t datagram_bytes = 65536;
/** Calls that JavaScript has not taken yet; then the thread stops reading and the kernel's buffer does the waiting. */
constexpr int most_undelivered = 2;

}  // namespace

struct Monitor::Event {
  Result result;
};

int Monitor::start(napi_env env, std::shared_ptr<Socket> socket, napi_value listener, Monitor** started) {
  Monitor* monitor = new Monitor(std::move(socket));
  monitor->stop_descriptor_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  napi_value name;
  const auto finalize = [](napi_env, void* finished, void*) { delete static_cast<Monitor*>(finished); };
  if (monitor->stop_descriptor_ < 0 ||
      napi_create_string_utf8(env, "netlink-monitor", NAPI_AUTO_LENGTH, &name) != napi_ok ||
      napi_create_threadsafe_function(env, listener, nullptr, name, 0, 1, monitor, finalize, monitor, on_event,
                                      &monitor->events_) != napi_ok) {
    delete monitor;
    return ENOMEM;
  }
  napi_unref_threadsafe_function(env, monitor->events_);
  // Hooks run last in, first out: the thread is joined before Node takes the thread-safe function down.
  napi_add_env_cleanup_hook(env, on_env_end, monitor);
  if (!start_thread(&monitor->thread_, [monitor] { monitor->loop(); })) {
    monitor->close(env);
    return EAGAIN;
  }
  *started = monitor;
  return 0;
}

void Monitor::close(napi_env env) {
  stop();
  napi_remove_env_cleanup_hook(env, on_env_end, this);
  napi_release_threadsafe_function(events_, napi_tsfn_abort);  // its finalizer deletes this monitor
}

Monitor::~Monitor() {
  if (stop_descriptor_ >= 0) ::close(stop_descriptor_);
}

void Monitor::stop() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  turn_.notify_one();
  const uint64_t one = 1;
  if (write(stop_descriptor_, &one, sizeof one) < 0) return;  // cannot be: nobody else counts it up
  if (thread_.joinable()) thread_.join();
}

void Monitor::loop() {
  while (await_turn()) {
    pollfd watched[2] = {{socket_->descriptor(), POLLIN, 0}, {stop_descriptor_, POLLIN, 0}};
    if (poll(watched, 2, -1) < 0 && errno != EINTR) return;
    if (watched[1].revents != 0) return;
    if (watched[0].revents == 0) continue;
    std::unique_ptr<Event> event = read();
    if (event == nullptr) continue;
    const int error = event->result.error;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      undelivered_++;
    }
    if (napi_call_threadsafe_function(events_, event.get(), napi_tsfn_nonblocking) != napi_ok) return;
    event.release();
    if (error != 0 && error != ENOBUFS) return;  // the socket is of no use any more, and the listener has been told
  }
}

/** Waits until JavaScript has taken enough of the earlier events. False when the monitor is to stop. */
bool Monitor::await_turn() {
  std::unique_lock<std::mutex> lock(mutex_);
  turn_.wait(lock, [this] { return stopping_ || undelivered_ < most_undelivered; });
  return !stopping_;
}

/** The datagrams that are waiting and, where one cannot be read, why. nullptr when there is nothing to tell. */
std::unique_ptr<Monitor::Event> Monitor::read() {
  std::unique_ptr<Event> event(new Event());
  Bytes& bytes = event->result.bytes;
  while (bytes.size() < event_bytes && event->result.error == 0) {
    if (!bytes.reserve(datagram_bytes)) break;
    const ssize_t size = socket_->receive_queued(bytes.end(), datagram_bytes);
    if (size == -EAGAIN) break;
    if (size < 0) {
      event->result.error = size == -EMSGSIZE ? ENOBUFS : static_cast<int>(-size);  // both: something was lost
    } else {
      bytes.commit(static_cast<size_t>(size));
    }
  }
  return bytes.size() == 0 && event->result.error == 0 ? nullptr : std::move(event);
}

void Monitor::on_event(napi_env env, napi_value listener, void* context, void* data) {
  std::unique_ptr<Event> event(static_cast<Event*>(data));
  if (env == nullptr) return;  // the environment or the monitor is at its end; `context` may be gone
  Monitor* monitor = static_cast<Monitor*>(context);
  {
    std::lock_guard<std::mutex> lock(monitor->mutex_);
    monitor->undelivered_--;
  }
  monitor->turn_.notify_one();
  if (monitor->stopping_) return;
  napi_value argument = to_javascript(env, event->result);
  napi_value receiver, ignored, exception;
  if (argument == nullptr || napi_get_undefined(env, &receiver) != napi_ok) return;
  if (napi_call_function(env, receiver, listener, 1, &argument, &ignored) != napi_pending_exception) return;
  if (napi_get_and_clear_last_exception(env, &exception) == napi_ok) napi_fatal_exception(env, exception);
}
