// One thread that runs conversations in the order they were asked for, and brings the results back to JavaScript.
#pragma once

#include <node_api.h>

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

#include "conversation.h"

enum class Kind { exchange, dump_many };

struct Job {
  Kind kind;
  std::shared_ptr<Socket> socket;
  Bytes batch;
  int timeout_ms = 0;
  Result result;
  napi_deferred deferred = nullptr;

  void run(int wake_descriptor);
  /** Leaves the batch's memory to the next call on the socket. JavaScript thread only. */
  void spare_memory();
};

/** The result as a JavaScript object; its bytes become an ArrayBuffer of their own. nullptr when Node cannot. */
napi_value to_javascript(napi_env env, Result& result);

class Worker {
 public:
  ~Worker();
  /** Starts the thread unless it runs. 0 or an errno. */
  int start(napi_env env);
  /** Queues a job whose `deferred` is set; the thread must have been started. */
  void post(napi_env env, std::unique_ptr<Job> job);
  /** Makes a waiting conversation look whether its socket was closed. */
  void wake();

 private:
  void stop();
  void loop();
  void settle(napi_env env, std::unique_ptr<Job> job);
  static void on_finished(napi_env env, napi_value, void* worker, void* job);

  napi_threadsafe_function finished_ = nullptr;
  int wake_descriptor_ = -1;
  size_t pending_ = 0;  // JavaScript thread only
  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::unique_ptr<Job>> jobs_;
  Socket* running_ = nullptr;
  bool stopping_ = false;
};
