#include "netlink_socket.h"

#include <errno.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>

#ifndef SOL_NETLINK
#define SOL_NETLINK 270
#endif

namespace {

template <typename Value>
int set_option(int descriptor, int level, int option, const Value& value) {
  return setsockopt(descriptor, level, option, &value, sizeof value) == 0 ? 0 : errno;
}

/** The *FORCE option ignores net.core.rmem_max and wmem_max but needs CAP_NET_ADMIN; without it, take what is allowed. */
void set_buffer_size(int descriptor, int force_option, int option, int bytes) {
  if (bytes <= 0) return;
  if (set_option(descriptor, SOL_SOCKET, force_option, bytes) != 0) set_option(descriptor, SOL_SOCKET, option, bytes);
}

int configure(int descriptor, const SocketOptions& options) {
  set_buffer_size(descriptor, SO_RCVBUFFORCE, SO_RCVBUF, options.receive_buffer_bytes);
  set_buffer_size(descriptor, SO_SNDBUFFORCE, SO_SNDBUF, options.send_buffer_bytes);
  const int on = 1;
  set_option(descriptor, SOL_NETLINK, NETLINK_EXT_ACK, on);  // older kernels lack them; replies are then plainer
  set_option(descriptor, SOL_NETLINK, NETLINK_CAP_ACK, on);
  int error = 0;
  if (options.strict_check) error = set_option(descriptor, SOL_NETLINK, NETLINK_GET_STRICT_CHK, on);
  if (error == 0 && options.no_enobufs) error = set_option(descriptor, SOL_NETLINK, NETLINK_NO_ENOBUFS, on);
  if (error == 0 && !options.filter.empty()) {
    sock_fprog program{};
    program.len = static_cast<unsigned short>(options.filter.size());
    program.filter = const_cast<sock_filter*>(options.filter.data());
    error = set_option(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, program);
  }
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  if (error == 0 && bind(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) error = errno;
  for (size_t i = 0; error == 0 && i < options.groups.size(); i++) {
    error = set_option(descriptor, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, options.groups[i]);
  }
  return error;
}

/** The kernel makes dump datagrams of up to one page (8 KiB at most) whatever room is offered: never offer less. */
size_t least_read_bytes() {
  const long page = sysconf(_SC_PAGESIZE);
  return page > 0 && page < 8192 ? static_cast<size_t>(page) : 8192;
}

}  // namespace

int64_t monotonic_ms() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1000000;
}

int Socket::open(const SocketOptions& options, std::shared_ptr<Socket>* opened) {
  const int descriptor = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, options.protocol);
  if (descriptor < 0) return errno;
  const int error = configure(descriptor, options);
  if (error != 0) {
    ::close(descriptor);
    return error;
  }
  *opened = std::make_shared<Socket>(descriptor, options);
  return 0;
}

Socket::Socket(int descriptor, const SocketOptions& options)
    : descriptor_(descriptor),
      datagram_bytes_(options.datagram_bytes),
      read_bytes_(std::max(options.read_bytes, least_read_bytes())),
      is_background_(options.background) {}

Socket::~Socket() { ::close(descriptor_); }

size_t Socket::dump_room() const { return std::max(read_bytes_, std::min<size_t>(most_offered_, 32768)); }

int Socket::send(const uint8_t* datagram, size_t size) {
  if (closed) return -EBADF;
  ssize_t sent;
  do {
    sent = ::send(descriptor_, datagram, size, 0);
  } while (sent < 0 && errno == EINTR);
  return sent < 0 ? -errno : 0;
}

ssize_t Socket::receive(uint8_t* into, size_t capacity, int64_t deadline_ms, int wake_descriptor) {
  for (;;) {
    const ssize_t received = receive_queued(into, capacity);
    if (received != -EAGAIN) return received;
    const int waited = wait(deadline_ms, wake_descriptor);
    if (waited != 0) return waited;
  }
}

ssize_t Socket::receive_queued(uint8_t* into, size_t capacity) {
  most_offered_ = std::max(most_offered_, capacity);
  for (;;) {
    sockaddr_nl sender{};
    socklen_t sender_size = sizeof sender;
    // With MSG_TRUNC the result is the size of the whole datagram, also where it did not fit.
    const ssize_t received = recvfrom(descriptor_, into, capacity, MSG_DONTWAIT | MSG_TRUNC,
                                      reinterpret_cast<sockaddr*>(&sender), &sender_size);
    if (received < 0 && errno == EINTR) continue;
    if (received < 0) return errno == EWOULDBLOCK ? -EAGAIN : -errno;
    if (sender.nl_pid != 0) continue;  // another process wrote to our port; only the kernel's words count
    if (static_cast<size_t>(received) > capacity) return -EMSGSIZE;
    return received;
  }
}

int Socket::wait(int64_t deadline_ms, int wake_descriptor) {
  if (closed) return -EBADF;
  const int64_t left = deadline_ms - monotonic_ms();
  if (left <= 0) return -ETIMEDOUT;
  pollfd watched[2] = {{descriptor_, POLLIN, 0}, {wake_descriptor, POLLIN, 0}};
  if (poll(watched, 2, static_cast<int>(left)) < 0 && errno != EINTR) return -errno;
  if (watched[1].revents != 0) {
    uint64_t count;
    if (read(wake_descriptor, &count, sizeof count) < 0 && errno != EAGAIN && errno != EINTR) return -errno;
  }
  return 0;
}
