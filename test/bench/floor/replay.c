/*
 * The floor of the netlink benchmarks: sends recorded messages as fast as a C program can, and nothing else. It
 * encodes nothing, plans nothing and reads its file before the clock starts.
 *
 *     replay FILE     prints one line of JSON: milliseconds, datagrams, messages, refusals
 *
 * FILE is a list of batches: u32 netlink protocol, u32 length, messages. Neighbouring batches of one protocol are sent
 * as one stream of datagrams of at most 64 KiB, the last message of each acknowledged, the next sent after that.
 */
#include <linux/netlink.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define DATAGRAM_BYTES (64 * 1024)
#define PROTOCOLS 32

static int sockets[PROTOCOLS];
static uint8_t replies[1 << 16];
static long datagrams, messages, refusals;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static double now_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

static int open_socket(uint32_t protocol) {
  struct sockaddr_nl address = {.nl_family = AF_NETLINK};
  int on = 1, receive = 4 << 20, send = 1 << 20;
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
  if (fd < 0) fail("socket");
  if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0) fail("bind");
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &receive, sizeof receive);
  setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &send, sizeof send);
  setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
  setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
  return fd;
}

/* Counts the refusals among the replies; returns whether the acknowledged message was among them. */
static int read_replies(int fd, uint32_t last_sequence) {
  int done = 0;
  ssize_t length = recv(fd, replies, sizeof replies, 0);
  if (length < 0) fail("recv");
  for (size_t at = 0; at + NLMSG_HDRLEN <= (size_t)length;) {
    struct nlmsghdr *reply = (struct nlmsghdr *)(replies + at);
    if (reply->nlmsg_type == NLMSG_ERROR) {
      if (((struct nlmsgerr *)NLMSG_DATA(reply))->error != 0) refusals++;
      if (reply->nlmsg_seq == last_sequence) done = 1;
    }
    at += NLMSG_ALIGN(reply->nlmsg_len);
  }
  return done;
}

static void send_stream(int fd, uint8_t *bytes, size_t length) {
  for (size_t start = 0; start < length;) {
    size_t end = start;
    struct nlmsghdr *last = NULL;
    while (end < length) {
      struct nlmsghdr *message = (struct nlmsghdr *)(bytes + end);
      size_t size = NLMSG_ALIGN(message->nlmsg_len);
      if (last != NULL && end + size - start > DATAGRAM_BYTES) break;
      last = message;
      end += size;
      messages++;
    }
    last->nlmsg_flags |= NLM_F_ACK;
    if (send(fd, bytes + start, end - start, 0) < 0) fail("send");
    datagrams++;
    while (!read_replies(fd, last->nlmsg_seq)) {
    }
    start = end;
  }
}

struct stream {
  uint32_t protocol;
  uint8_t *bytes;
  size_t length;
};

static struct stream streams[4096];
static size_t stream_count;

static void append(uint32_t protocol, const uint8_t *bytes, size_t length) {
  struct stream *last = stream_count == 0 ? NULL : &streams[stream_count - 1];
  if (last == NULL || last->protocol != protocol) {
    if (stream_count == sizeof streams / sizeof *streams) fail("too many streams");
    last = &streams[stream_count++];
    last->protocol = protocol;
  }
  last->bytes = realloc(last->bytes, last->length + length);
  if (last->bytes == NULL) fail("realloc");
  memcpy(last->bytes + last->length, bytes, length);
  last->length += length;
}

static void read_batches(const char *path) {
  uint32_t head[2];
  FILE *file = fopen(path, "rb");
  if (file == NULL) fail(path);
  while (fread(head, sizeof head, 1, file) == 1) {
    uint8_t *bytes = malloc(head[1]);
    if (bytes == NULL || fread(bytes, 1, head[1], file) != head[1]) fail("read batch");
    append(head[0], bytes, head[1]);
    free(bytes);
  }
  fclose(file);
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: replay FILE\n");
    return 2;
  }
  read_batches(argv[1]);
  for (size_t index = 0; index < stream_count; index++) {
    uint32_t protocol = streams[index].protocol;
    if (protocol >= PROTOCOLS) fail("protocol");
    if (sockets[protocol] == 0) sockets[protocol] = open_socket(protocol);
  }
  double start = now_ms();
  for (size_t index = 0; index < stream_count; index++) {
    send_stream(sockets[streams[index].protocol], streams[index].bytes, streams[index].length);
  }
  printf("{\"ms\":%.3f,\"datagrams\":%ld,\"messages\":%ld,\"refusals\":%ld}\n", now_ms() - start, datagrams, messages,
         refusals);
  return 0;
}
