#include "worker.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "thread.h"

namespace {

void free_memory(napi_env, void* memory, void*) { free(memory); }

/** Bytes below this size are copied; from it on the memory itself is handed over. */
constexpr size_t handover_bytes = 16384;

/** Larger batches are rare; their memory goes back to the system. */
constexpr size_t most_spare_bytes = 256 * 1024;

napi_status to_array_buffer(napi_env env, Bytes& bytes, napi_value* buffer) {
  const size_t size = bytes.size();
  if (size >= handover_bytes) {
    uint8_t* memory = bytes.release();
    if (void* trimmed = realloc(memory, size)) memory = static_cast<uint8_t*>(trimmed);
    const napi_status status = napi_create_external_arraybuffer(env, memory, size, free_memory, nullptr, buffer);
    if (status != napi_ok) free(memory);
    return status;
  }
  void* copy = nullptr;
  const napi_status status = napi_create_arraybuffer(env, size, &copy, buffer);
  if (status == napi_ok && size > 0) memcpy(copy, bytes.data(), size);
  return status;
}

}  // namespace

void Job::run(int wake_descriptor) {
  if (kind == Kind::exchange) {
    exchange(*socket, batch, timeout_ms, wake_descriptor, &result);
  } else {
    dump_many(*socket, batch, timeout_ms, wake_descriptor, &result);
  }
}

void Job::spare_memory() {
  if (batch.capacity() > most_spare_bytes) return;
  batch.clear();
  batch.swap(socket->spare_batch);
}

napi_value to_javascript(napi_env env, Result& result) {
  napi_value object, error, refused, flags, buffer, bytes;
  const size_t size = result.bytes.size();
  const bool made = napi_create_object(env, &object) == napi_ok &&
                    napi_create_int32(env, result.error, &error) == napi_ok &&
                    napi_get_boolean(env, result.refused, &refused) == napi_ok &&
                    napi_create_uint32(env, result.flags, &flags) == napi_ok &&
                    to_array_buffer(env, result.bytes, &buffer) == napi_ok &&
                    napi_create_typedarray(env, napi_uint8_array, size, buffer, 0, &bytes) == napi_ok &&
                    napi_set_named_property(env, object, "errno", error) == napi_ok &&
                    napi_set_named_property(env, object, "refused", refused) == napi_ok &&
                    napi_set_named_property(env, object, "flags", flags) == napi_ok &&
                    napi_set_named_property(env, object, "bytes", bytes) == napi_ok;
  return made ? object : nullptr;
}

Worker::~Worker() {
  stop();
  if (wake_descriptor_ >= 0) close(wake_descriptor_);
}

int Worker::start(napi_env env) {
  if (thread_.joinable()) return 0;
  if (stopping_) return ECANCELED;
  if (wake_descriptor_ < 0) wake_descriptor_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (wake_descriptor_ < 0) return errno;
  if (finished_ == nullptr) {
    napi_value name;
    if (napi_create_string_utf8(env, "netlink", NAPI_AUTO_LENGTH, &name) != napi_ok ||
        napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr, nullptr, this, on_finished,
                                        &finished_) != napi_ok) {
      return ENOMEM;
    }
    napi_unref_threadsafe_function(env, finished_);
    // Hooks run last in, first out: the thread is joined before Node takes the thread-safe function down.
    napi_add_env_cleanup_hook(env, [](void* worker) { static_cast<Worker*>(worker)->stop(); }, this);
  }
  return start_thread(&thread_, [this] { loop(); }) ? 0 : EAGAIN;
}

void Worker::post(napi_env env, std::unique_ptr<Job> job) {
  if (pending_++ == 0) napi_ref_threadsafe_function(env, finished_);  // work in progress keeps the process alive
  job->socket->pending++;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  changed_.notify_one();
}

void Worker::wake() {
  const uint64_t one = 1;
  if (wake_descriptor_ >= 0 && write(wake_descriptor_, &one, sizeof one) < 0) return;  // full: it is awake already
}

void Worker::stop() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
    for (auto& job : jobs_) job->socket->closed = true;
    if (running_ != nullptr) running_->closed = true;
  }
  changed_.notify_one();
  wake();
  if (thread_.joinable()) thread_.join();
  jobs_.clear();
}

void Worker::loop() {
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
    if (stopping_) return;
    std::unique_ptr<Job> job = std::move(jobs_.front());
    jobs_.pop_front();
    running_ = job->socket.get();
    lock.unlock();
    job->run(wake_descriptor_);
    lock.lock();
    running_ = nullptr;
    Job* finished = job.release();
    if (napi_call_threadsafe_function(finished_, finished, napi_tsfn_nonblocking) != napi_ok) delete finished;
  }
}

void Worker::on_finished(napi_env env, napi_value, void* worker, void* job) {
  std::unique_ptr<Job> finished(static_cast<Job*>(job));
  if (env != nullptr) static_cast<Worker*>(worker)->settle(env, std::move(finished));
}

void Worker::settle(napi_env env, std::unique_ptr<Job> job) {
  job->socket->pending--;
  job->spare_memory();
  if (--pending_ == 0) napi_unref_threadsafe_function(env, finished_);
  napi_value value = to_javascript(env, job->result);
  if (value != nullptr) {
    napi_resolve_deferred(env, job->deferred, value);
  } else if (napi_get_undefined(env, &value) == napi_ok) {
    napi_reject_deferred(env, job->deferred, value);
  }
}
