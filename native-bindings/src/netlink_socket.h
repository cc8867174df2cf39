// A netlink socket, and waiting on it with a deadline.
#pragma once

#include <linux/filter.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "bytes.h"

struct SocketOptions {
  int protocol = 0;
  int receive_buffer_bytes = 0;   // SO_RCVBUF; 0 leaves the system's default
  int send_buffer_bytes = 0;      // SO_SNDBUF
  size_t datagram_bytes = 65536;  // an exchange sends at most this much at once, but always a whole message
  size_t read_bytes = 65536;      // receives offer the kernel this much room, more only where it has to be
  bool strict_check = false;      // NETLINK_GET_STRICT_CHK
  bool no_enobufs = false;        // NETLINK_NO_ENOBUFS
  bool background = false;        // calls run in a thread of their own: they may be long, and hold up no others
  std::vector<int> groups;        // multicast groups, by number
  std::vector<sock_filter> filter;
};

class Socket {
 public:
  /** 0, or the errno of the step that failed. */
  static int open(const SocketOptions& options, std::shared_ptr<Socket>* opened);
  Socket(int descriptor, const SocketOptions& options);
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket();

  /** 0 or -errno. The kernel works through the datagram inside this call. */
  int send(const uint8_t* datagram, size_t size);

  /**
   * Size of the next datagram from the kernel, or -errno: -ETIMEDOUT when none came by `deadline_ms`, -EBADF when the
   * socket was closed meanwhile, -EMSGSIZE when it did not fit. Bytes on `wake_descriptor` (an eventfd, or -1) make
   * the wait look at `closed` again.
   */
  ssize_t receive(uint8_t* into, size_t capacity, int64_t deadline_ms, int wake_descriptor);

  /** As `receive` without waiting: -EAGAIN when there is nothing. */
  ssize_t receive_queued(uint8_t* into, size_t capacity);

  int descriptor() const { return descriptor_; }
  size_t datagram_bytes() const { return datagram_bytes_; }
  /** Whether its calls run in the thread for long ones. */
  bool is_background() const { return is_background_; }
  /**
   * Room to offer for a datagram of a dump: `SocketOptions::read_bytes`, or more where more has been offered on this
   * socket, for the kernel makes its datagrams as large as the most that it was ever offered (up to 32 KiB).
   */
  size_t dump_room() const;

  /** Set by the owner; calls that still hold the socket end with -EBADF. The descriptor lives as long as they do. */
  std::atomic<bool> closed{false};
  /** Where an exchange receives. One conversation at a time uses it. */
  Bytes scratch;
  /** Calls queued or running. Touched by the JavaScript thread only. */
  int pending = 0;
  /** Memory of a batch that is done, for the next one. Touched by the JavaScript thread only. */
  Bytes spare_batch;

 private:
  int wait(int64_t deadline_ms, int wake_descriptor);

  const int descriptor_;
  const size_t datagram_bytes_;
  const size_t read_bytes_;
  const bool is_background_;
  size_t most_offered_ = 0;
};

/** Milliseconds of the monotonic clock. */
int64_t monotonic_ms();
