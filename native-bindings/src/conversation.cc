#include "conversation.h"

#include <errno.h>
#include <linux/netlink.h>

#include <algorithm>

namespace {

constexpr size_t header_bytes = sizeof(nlmsghdr);
/** Room for an error reply around the request it may echo: header, errno, request header, extended attributes. */
constexpr size_t error_reply_bytes = 2048;

nlmsghdr* header_at(uint8_t* bytes, size_t offset) { return reinterpret_cast<nlmsghdr*>(bytes + offset); }

/** The message at `offset` of a received datagram, or nullptr when no whole one is left. */
nlmsghdr* message_at(uint8_t* datagram, size_t size, size_t offset) {
  if (offset + header_bytes > size) return nullptr;
  nlmsghdr* message = header_at(datagram, offset);
  if (message->nlmsg_len < header_bytes || message->nlmsg_len > size - offset) return nullptr;
  return message;
}

/** The positive errno in an NLMSG_ERROR or NLMSG_DONE; EBADMSG when it is too short to hold one. */
int error_in(const nlmsghdr* message) {
  if (message->nlmsg_len < header_bytes + sizeof(int32_t)) return message->nlmsg_type == NLMSG_DONE ? 0 : EBADMSG;
  int32_t error;
  memcpy(&error, NLMSG_DATA(message), sizeof error);
  return error < 0 ? -error : error;
}

/** Appends a whole message and pads it to a multiple of 4. */
bool append_message(Bytes& bytes, const nlmsghdr* message) {
  static const uint8_t zeros[NLMSG_ALIGNTO] = {};
  const size_t length = message->nlmsg_len;
  return bytes.append(message, length) && bytes.append(zeros, NLMSG_ALIGN(length) - length);
}

struct Datagram {
  size_t end;
  nlmsghdr* last;
};

/** The messages from `start` that fit into `limit` bytes; at least one. */
Datagram datagram_from(Bytes& batch, size_t start, size_t limit) {
  Datagram datagram{start, nullptr};
  while (datagram.end < batch.size()) {
    nlmsghdr* message = header_at(batch.data(), datagram.end);
    const size_t length = NLMSG_ALIGN(message->nlmsg_len);
    if (datagram.last != nullptr && datagram.end + length - start > limit) break;
    datagram.last = message;
    datagram.end += length;
  }
  return datagram;
}

size_t longest_message(Bytes& batch) {
  size_t longest = 0;
  for (size_t offset = 0; offset < batch.size();) {
    const size_t length = NLMSG_ALIGN(header_at(batch.data(), offset)->nlmsg_len);
    longest = std::max(longest, length);
    offset += length;
  }
  return longest;
}

/**
 * Collects the errors in a received datagram that answer sequence numbers `first` to `last`. Sets `complete` when the
 * answer to `last` is there. Returns 0 or an errno.
 */
int collect_errors(Bytes& received, uint32_t first, uint32_t last, Result* result, bool* complete) {
  nlmsghdr* message;
  for (size_t offset = 0; (message = message_at(received.data(), received.size(), offset)) != nullptr;
       offset += NLMSG_ALIGN(message->nlmsg_len)) {
    if (message->nlmsg_type != NLMSG_ERROR || message->nlmsg_seq - first > last - first) continue;
    if (error_in(message) != 0 && !append_message(result->bytes, message)) return ENOMEM;
    if (message->nlmsg_seq == last) *complete = true;
  }
  return 0;
}

/** Receives until the message with sequence number `last` is answered. Returns 0 or an errno. */
int await_acknowledgement(Socket& socket, size_t room, uint32_t first, uint32_t last, int timeout_ms,
                          int wake_descriptor, Result* result) {
  const int64_t deadline_ms = monotonic_ms() + timeout_ms;
  for (bool complete = false; !complete;) {
    Bytes& received = socket.scratch;
    received.clear();
    const ssize_t size = socket.receive(received.data(), room, deadline_ms, wake_descriptor);
    if (size < 0) return static_cast<int>(-size);
    received.commit(static_cast<size_t>(size));
    const int error = collect_errors(received, first, last, result, &complete);
    if (error != 0) return error;
  }
  return 0;
}

/** Ends a dump with the kernel's refusal: what came before it is no full answer and is dropped. */
void refuse(Result* result, const nlmsghdr* message, int error) {
  Bytes refusal;
  const bool kept = append_message(refusal, message);
  result->bytes.clear();
  if (kept) result->bytes.append(refusal.data(), refusal.size());
  result->refused = true;
  result->error = error;
}

/**
 * Looks through a datagram that was received at the end of `result->bytes` and commits those messages that carry data
 * for `sequence`, moved together. Returns whether the request has been answered to its end.
 */
bool keep_data(size_t size, uint32_t sequence, bool is_dump, Result* result) {
  uint8_t* datagram = result->bytes.end();
  size_t kept = 0;
  nlmsghdr* message;
  for (size_t offset = 0; (message = message_at(datagram, size, offset)) != nullptr;) {
    const size_t start = offset;
    const size_t length = message->nlmsg_len;
    offset += NLMSG_ALIGN(length);
    if (message->nlmsg_seq != sequence) continue;
    if (message->nlmsg_type == NLMSG_ERROR || message->nlmsg_type == NLMSG_DONE) {
      const int error = error_in(message);
      if (error != 0) return refuse(result, message, error), true;
      if (is_dump && message->nlmsg_type == NLMSG_ERROR) continue;  // an acknowledgement; DONE is still to come
      result->flags |= message->nlmsg_flags & NLM_F_DUMP_INTR;
      result->bytes.commit(kept);
      return true;
    }
    if (message->nlmsg_type < NLMSG_MIN_TYPE) continue;
    result->flags |= message->nlmsg_flags;
    if (kept != start) memmove(datagram + kept, message, length);
    memset(datagram + kept + length, 0, NLMSG_ALIGN(length) - length);
    kept += NLMSG_ALIGN(length);
  }
  result->bytes.commit(kept);
  return false;
}

/** Sends one request and appends its answer. Returns 0, or why the outcome is unknown. */
int dump_one(Socket& socket, nlmsghdr* request, int timeout_ms, int wake_descriptor, Result* result) {
  const bool is_dump = (request->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
  if (!is_dump) request->nlmsg_flags |= NLM_F_ACK;
  const int sent = socket.send(reinterpret_cast<uint8_t*>(request), NLMSG_ALIGN(request->nlmsg_len));
  if (sent != 0) return -sent;
  for (bool complete = false; !complete;) {
    const size_t room = socket.dump_room();
    if (!result->bytes.reserve(room + NLMSG_ALIGNTO)) return ENOMEM;
    const ssize_t size = socket.receive(result->bytes.end(), room, monotonic_ms() + timeout_ms, wake_descriptor);
    if (size < 0) return static_cast<int>(-size);
    complete = keep_data(static_cast<size_t>(size), request->nlmsg_seq, is_dump, result);
  }
  return 0;
}

/**
 * After an overflow the kernel drops every reply until the queue has been read empty. What is in it is dropped too: it
 * is known that some answers are missing, but not which.
 */
void empty_after_overflow(Socket& socket, uint8_t* scratch, size_t size, const Result& result) {
  if (result.error != ENOBUFS || result.refused) return;
  ssize_t received;
  do {
    received = socket.receive_queued(scratch, size);
  } while (received >= 0 || received == -ENOBUFS || received == -EMSGSIZE);
}

}  // namespace

const char* batch_defect(const uint8_t* batch, size_t size) {
  if (size == 0) return "the batch is empty";
  nlmsghdr header{};
  uint32_t next_sequence = 0;
  for (size_t offset = 0; offset < size; offset += NLMSG_ALIGN(header.nlmsg_len)) {
    if (size - offset < header_bytes) return "the batch ends inside a message header";
    memcpy(&header, batch + offset, header_bytes);
    if (header.nlmsg_len < header_bytes) return "a message is shorter than its header";
    if (NLMSG_ALIGN(static_cast<size_t>(header.nlmsg_len)) > size - offset) return "the batch ends inside a message";
    if (offset > 0 && header.nlmsg_seq != next_sequence) return "sequence numbers do not go up by one";
    next_sequence = header.nlmsg_seq + 1;
  }
  return nullptr;
}

void exchange(Socket& socket, Bytes& batch, int timeout_ms, int wake_descriptor, Result* result) {
  const size_t room = std::max(socket.dump_room(), longest_message(batch) + error_reply_bytes);
  socket.scratch.clear();
  if (!socket.scratch.reserve(room)) {
    result->error = ENOMEM;
    return;
  }
  const uint32_t first = header_at(batch.data(), 0)->nlmsg_seq;
  for (size_t start = 0; start < batch.size() && result->error == 0;) {
    const Datagram datagram = datagram_from(batch, start, socket.datagram_bytes());
    datagram.last->nlmsg_flags |= NLM_F_ACK;
    result->error = -socket.send(batch.data() + start, datagram.end - start);
    if (result->error == 0) {
      result->error =
          await_acknowledgement(socket, room, first, datagram.last->nlmsg_seq, timeout_ms, wake_descriptor, result);
    }
    start = datagram.end;
  }
  socket.scratch.clear();
  empty_after_overflow(socket, socket.scratch.data(), room, *result);
}

void dump_many(Socket& socket, Bytes& batch, int timeout_ms, int wake_descriptor, Result* result) {
  for (size_t offset = 0; offset < batch.size() && result->error == 0;) {
    nlmsghdr* request = header_at(batch.data(), offset);
    offset += NLMSG_ALIGN(request->nlmsg_len);
    const int error = dump_one(socket, request, timeout_ms, wake_descriptor, result);
    if (error != 0) result->error = error;
  }
  if (result->error == 0 || result->refused) return;
  result->bytes.clear();
  empty_after_overflow(socket, result->bytes.data(), std::min(socket.dump_room(), result->bytes.room()), *result);
}
