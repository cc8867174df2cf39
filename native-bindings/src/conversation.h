// Requests and their replies on one socket. Knows the message header, NLMSG_ERROR and NLMSG_DONE; nothing of what is
// inside a message.
#pragma once

#include "bytes.h"
#include "netlink_socket.h"

/** What a conversation came to. */
struct Result {
  /** 0, or a positive errno: of the kernel's refusal, or (with `refused` false) why the outcome is unknown. */
  int error = 0;
  /** Only dumps: the kernel refused a request. `bytes` is then its one message that says so. */
  bool refused = false;
  /** Flags of all data messages received, OR-ed. */
  uint32_t flags = 0;
  /** Whole messages, each starting at a multiple of 4. */
  Bytes bytes;
};

/** Why a batch cannot be sent, or nullptr. Messages must be whole, and sequence numbers go up by one. */
const char* batch_defect(const uint8_t* batch, size_t size);

/**
 * Sends the batch in datagrams, each with the ACK flag set on its last message, and waits for that acknowledgement
 * before the next. Collects the error messages with a non-zero error. Waits `timeout_ms` at most for each reply.
 */
void exchange(Socket& socket, Bytes& batch, int timeout_ms, int wake_descriptor, Result* result);

/**
 * Sends each message of the batch as a request of its own and collects the data messages that answer it, until DONE
 * (a dump) or the acknowledgement (any other request; the ACK flag is set on it). The first refusal ends it.
 */
void dump_many(Socket& socket, Bytes& batch, int timeout_ms, int wake_descriptor, Result* result);
