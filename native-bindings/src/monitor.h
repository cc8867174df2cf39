// A subscription to multicast groups: a thread that reads what comes and calls a JavaScript function with it.
#pragma once

#include <node_api.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "netlink_socket.h"

class Monitor {
 public:
  /** 0 and the monitor, or an errno. It lives until `close` or the end of the environment, and frees itself. */
  static int start(napi_env env, std::shared_ptr<Socket> socket, napi_value listener, Monitor** monitor);
  /** Stops the thread; the listener is not called any more. The monitor must not be used after this. */
  void close(napi_env env);

 private:
  struct Event;
  explicit Monitor(std::shared_ptr<Socket> socket) : socket_(std::move(socket)) {}
  ~Monitor();
  void stop();
  void loop();
  std::unique_ptr<Event> read();
  bool await_turn();
  static void on_event(napi_env env, napi_value listener, void* monitor, void* event);
  static void on_env_end(void* monitor) { static_cast<Monitor*>(monitor)->stop(); }

  std::shared_ptr<Socket> socket_;
  napi_threadsafe_function events_ = nullptr;
  int stop_descriptor_ = -1;
  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable turn_;
  int undelivered_ = 0;
  bool stopping_ = false;
};
