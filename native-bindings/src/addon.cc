// The JavaScript face of the addon: reads and checks arguments, keeps the sockets by number, makes promises.
#include <errno.h>
#include <node_api.h>

#include <climits>
#include <cmath>
#include <string>
#include <unordered_map>

#include "capabilities.h"
#include "conversation.h"
#include "monitor.h"
#include "worker.h"

namespace {

/** What one environment (main thread or worker thread) has open. Numbers are never used twice. */
struct Instance {
  std::unordered_map<uint32_t, std::shared_ptr<Socket>> sockets;
  std::unordered_map<uint32_t, Monitor*> monitors;
  uint32_t next_number = 1;
  Worker worker;
  /** For sockets whose calls may take long. Its thread starts with the first of them. */
  Worker background_worker;
};

napi_value type_error(napi_env env, const std::string& message) {
  napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", message.c_str());
  return nullptr;
}

/** Throws an Error with the number in `errno`. */
napi_value system_error(napi_env env, int error, const std::string& what) {
  napi_value message, thrown, number;
  const std::string text = what + ": " + strerror(error);
  if (napi_create_string_utf8(env, text.c_str(), text.size(), &message) == napi_ok &&
      napi_create_error(env, nullptr, message, &thrown) == napi_ok &&
      napi_create_int32(env, error, &number) == napi_ok &&
      napi_set_named_property(env, thrown, "errno", number) == napi_ok) {
    napi_throw(env, thrown);
  }
  return nullptr;
}

/** The arguments of a call. A getter that returns false has thrown. */
class Arguments {
 public:
  Arguments(napi_env env, napi_callback_info info, const char* function) : env_(env), function_(function) {
    napi_get_cb_info(env, info, &count_, values_, nullptr, reinterpret_cast<void**>(&instance_));
  }

  Instance& instance() { return *instance_; }
  napi_value value(size_t index) { return values_[index]; }

  /** A whole number from `least` to `most`. */
  bool whole_number(napi_value value, const std::string& name, double least, double most, int64_t* number) {
    double read;
    if (napi_get_value_double(env_, value, &read) == napi_ok && read >= least && read <= most &&
        read == std::floor(read)) {
      *number = static_cast<int64_t>(read);
      return true;
    }
    return refuse(name + " must be a whole number from " + std::to_string(static_cast<int64_t>(least)) + " to " +
                  std::to_string(static_cast<int64_t>(most)));
  }

  bool argument(size_t index, const char* name, double least, double most, int64_t* number) {
    return whole_number(values_[index], name, least, most, number);
  }

  /** A property of the options in the first argument; `*number` stays when it is absent. */
  bool option(const char* name, double least, double most, int64_t* number) {
    napi_value value = property(name);
    return value == nullptr || whole_number(value, name, least, most, number);
  }

  bool option(const char* name, bool* flag) {
    napi_value value = property(name);
    return value == nullptr || napi_get_value_bool(env_, value, flag) == napi_ok ||
           refuse(std::string(name) + " must be true or false");
  }

  /** A property of the options; nullptr when it is absent or undefined. */
  napi_value property(const char* name) {
    napi_value value;
    napi_valuetype type;
    if (napi_get_named_property(env_, values_[0], name, &value) != napi_ok) return nullptr;
    return napi_typeof(env_, value, &type) == napi_ok && type != napi_undefined ? value : nullptr;
  }

  bool has_options() {
    napi_valuetype type;
    return (napi_typeof(env_, values_[0], &type) == napi_ok && type == napi_object) ||
           refuse("the first argument must be an object of options");
  }

  bool bytes(napi_value value, const char* name, const uint8_t** data, size_t* size) {
    napi_typedarray_type type = napi_float64_array;
    bool is_typed_array = false;
    void* found = nullptr;
    const bool usable = napi_is_typedarray(env_, value, &is_typed_array) == napi_ok && is_typed_array &&
                        napi_get_typedarray_info(env_, value, &type, size, &found, nullptr, nullptr) == napi_ok &&
                        type == napi_uint8_array;
    *data = static_cast<const uint8_t*>(found);
    return usable || refuse(std::string(name) + " must be a Uint8Array");
  }

  bool refuse(const std::string& message) {
    bool thrown = false;  // an exception of a getter in the options goes before ours
    if (napi_is_exception_pending(env_, &thrown) == napi_ok && !thrown) type_error(env_, function_ + (": " + message));
    return false;
  }

 private:
  napi_env env_;
  const std::string function_;
  size_t count_ = 3;
  napi_value values_[3] = {};
  Instance* instance_ = nullptr;
};

bool read_groups(napi_env env, Arguments& arguments, std::vector<int>* groups) {
  napi_value array = arguments.property("groups");
  uint32_t count = 0;
  if (array == nullptr) return true;
  if (napi_get_array_length(env, array, &count) != napi_ok || count > 1024) {
    return arguments.refuse("groups must be an array of at most 1024 numbers");
  }
  for (uint32_t i = 0; i < count; i++) {
    napi_value element;
    int64_t group;
    if (napi_get_element(env, array, i, &element) != napi_ok) return arguments.refuse("groups cannot be read");
    if (!arguments.whole_number(element, "a multicast group", 1, INT_MAX, &group)) return false;
    groups->push_back(static_cast<int>(group));
  }
  return true;
}

/** `filter`: instructions of classic BPF as they lie in memory (struct sock_filter). The kernel checks the program. */
bool read_filter(Arguments& arguments, std::vector<sock_filter>* filter) {
  napi_value value = arguments.property("filter");
  const uint8_t* data;
  size_t size;
  if (value == nullptr) return true;
  if (!arguments.bytes(value, "filter", &data, &size)) return false;
  if (size == 0 || size % sizeof(sock_filter) != 0 || size / sizeof(sock_filter) > BPF_MAXINSNS) {
    return arguments.refuse("filter must hold 1 to 4096 instructions of 8 bytes");
  }
  filter->resize(size / sizeof(sock_filter));
  memcpy(filter->data(), data, size);
  return true;
}

bool read_socket_options(napi_env env, Arguments& arguments, SocketOptions* options) {
  int64_t protocol = -1, receive_buffer = 0, send_buffer = 0;
  int64_t datagram = static_cast<int64_t>(options->datagram_bytes), read = static_cast<int64_t>(options->read_bytes);
  if (!arguments.has_options() || !arguments.option("protocol", 0, 31, &protocol) ||
      !arguments.option("receiveBufferBytes", 0, INT_MAX / 2, &receive_buffer) ||
      !arguments.option("sendBufferBytes", 0, INT_MAX / 2, &send_buffer) ||
      !arguments.option("datagramBytes", 16, 1 << 30, &datagram) ||
      !arguments.option("readBytes", 16, 1 << 30, &read) || !arguments.option("strictCheck", &options->strict_check) ||
      !arguments.option("noEnobufs", &options->no_enobufs) ||
      !arguments.option("background", &options->background) || !read_groups(env, arguments, &options->groups) ||
      !read_filter(arguments, &options->filter)) {
    return false;
  }
  if (protocol < 0) return arguments.refuse("protocol is missing");
  options->protocol = static_cast<int>(protocol);
  options->receive_buffer_bytes = static_cast<int>(receive_buffer);
  options->send_buffer_bytes = static_cast<int>(send_buffer);
  options->datagram_bytes = static_cast<size_t>(datagram);
  options->read_bytes = static_cast<size_t>(read);
  return true;
}

napi_value number_value(napi_env env, uint32_t number) {
  napi_value value;
  return napi_create_uint32(env, number, &value) == napi_ok ? value : nullptr;
}

napi_value open_socket(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "open");
  SocketOptions options;
  std::shared_ptr<Socket> socket;
  if (!read_socket_options(env, arguments, &options)) return nullptr;
  const int error = Socket::open(options, &socket);
  if (error != 0) return system_error(env, error, "netlink socket of protocol " + std::to_string(options.protocol));
  Instance& instance = arguments.instance();
  instance.sockets.emplace(instance.next_number, std::move(socket));
  return number_value(env, instance.next_number++);
}

napi_value close_socket(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "close");
  int64_t number;
  if (!arguments.argument(0, "the socket", 1, UINT32_MAX, &number)) return nullptr;
  Instance& instance = arguments.instance();
  const auto found = instance.sockets.find(static_cast<uint32_t>(number));
  if (found == instance.sockets.end()) return nullptr;
  found->second->closed = true;  // the descriptor goes with the last call that still uses it
  instance.sockets.erase(found);
  instance.worker.wake();
  instance.background_worker.wake();
  return nullptr;
}

/** Reads (socket, batch, timeoutMs). nullptr when something was thrown. */
std::unique_ptr<Job> read_job(napi_env env, Arguments& arguments, Kind kind) {
  int64_t number, timeout_ms;
  const uint8_t* data;
  size_t size;
  if (!arguments.argument(0, "the socket", 1, UINT32_MAX, &number) ||
      !arguments.bytes(arguments.value(1), "the batch", &data, &size) ||
      !arguments.argument(2, "the timeout in milliseconds", 1, 3600000, &timeout_ms)) {
    return nullptr;
  }
  const auto found = arguments.instance().sockets.find(static_cast<uint32_t>(number));
  if (found == arguments.instance().sockets.end()) return system_error(env, EBADF, "netlink socket"), nullptr;
  const char* defect = batch_defect(data, size);
  if (defect != nullptr) return arguments.refuse(defect), nullptr;
  std::unique_ptr<Job> job(new Job());
  job->kind = kind;
  job->socket = found->second;
  job->timeout_ms = static_cast<int>(timeout_ms);
  job->batch.swap(job->socket->spare_batch);
  // A copy: the caller may go on writing, and flags are set in it.
  if (!job->batch.append(data, size)) return system_error(env, ENOMEM, "netlink batch"), nullptr;
  return job;
}

napi_value run_later(napi_env env, napi_callback_info info, Kind kind, const char* function) {
  Arguments arguments(env, info, function);
  std::unique_ptr<Job> job = read_job(env, arguments, kind);
  if (job == nullptr) return nullptr;
  Instance& instance = arguments.instance();
  Worker& worker = job->socket->is_background() ? instance.background_worker : instance.worker;
  const int error = worker.start(env);
  if (error != 0) return system_error(env, error, "netlink thread");
  napi_value promise;
  if (napi_create_promise(env, &job->deferred, &promise) != napi_ok) return nullptr;
  worker.post(env, std::move(job));
  return promise;
}

napi_value run_now(napi_env env, napi_callback_info info, Kind kind, const char* function) {
  Arguments arguments(env, info, function);
  std::unique_ptr<Job> job = read_job(env, arguments, kind);
  if (job == nullptr) return nullptr;
  if (job->socket->pending > 0) return system_error(env, EBUSY, "netlink socket with calls under way");
  job->run(-1);
  job->spare_memory();
  return to_javascript(env, job->result);
}

napi_value exchange_later(napi_env env, napi_callback_info info) {
  return run_later(env, info, Kind::exchange, "exchange");
}
napi_value exchange_now(napi_env env, napi_callback_info info) {
  return run_now(env, info, Kind::exchange, "exchangeSync");
}
napi_value dump_many_later(napi_env env, napi_callback_info info) {
  return run_later(env, info, Kind::dump_many, "dumpMany");
}
napi_value dump_many_now(napi_env env, napi_callback_info info) {
  return run_now(env, info, Kind::dump_many, "dumpManySync");
}

napi_value open_monitor(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "monitor");
  SocketOptions options;
  napi_valuetype type;
  if (!read_socket_options(env, arguments, &options)) return nullptr;
  if (napi_typeof(env, arguments.value(1), &type) != napi_ok || type != napi_function) {
    return arguments.refuse("the second argument must be a function"), nullptr;
  }
  std::shared_ptr<Socket> socket;
  Monitor* monitor = nullptr;
  int error = Socket::open(options, &socket);
  if (error == 0) error = Monitor::start(env, std::move(socket), arguments.value(1), &monitor);
  if (error != 0) return system_error(env, error, "netlink monitor of protocol " + std::to_string(options.protocol));
  Instance& instance = arguments.instance();
  instance.monitors.emplace(instance.next_number, monitor);
  return number_value(env, instance.next_number++);
}

napi_value close_monitor(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "closeMonitor");
  int64_t number;
  if (!arguments.argument(0, "the monitor", 1, UINT32_MAX, &number)) return nullptr;
  Instance& instance = arguments.instance();
  const auto found = instance.monitors.find(static_cast<uint32_t>(number));
  if (found == instance.monitors.end()) return nullptr;
  Monitor* monitor = found->second;
  instance.monitors.erase(found);
  monitor->close(env);
  return nullptr;
}

napi_value limit_capabilities_now(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "limitCapabilities");
  int64_t kept;
  if (!arguments.argument(0, "the set of capabilities", 0, 9007199254740991.0, &kept)) return nullptr;
  const int error = limit_capabilities(static_cast<uint64_t>(kept));
  return error == 0 ? nullptr : system_error(env, error, "capabilities of this thread");
}

}  // namespace

NAPI_MODULE_INIT() {
  Instance* instance = new Instance();
  const auto finalize = [](napi_env, void* finished, void*) { delete static_cast<Instance*>(finished); };
  if (napi_set_instance_data(env, instance, finalize, nullptr) != napi_ok) {
    delete instance;
    return nullptr;
  }
  const struct {
    const char* name;
    napi_callback function;
  } functions[] = {
      {"open", open_socket},       {"close", close_socket},        {"exchange", exchange_later},
      {"dumpMany", dump_many_later}, {"exchangeSync", exchange_now}, {"dumpManySync", dump_many_now},
      {"monitor", open_monitor},   {"closeMonitor", close_monitor}, {"limitCapabilities", limit_capabilities_now},
  };
  for (const auto& entry : functions) {
    napi_value function;
    if (napi_create_function(env, entry.name, NAPI_AUTO_LENGTH, entry.function, instance, &function) != napi_ok ||
        napi_set_named_property(env, exports, entry.name, function) != napi_ok) {
      return nullptr;
    }
  }
  return exports;
}
