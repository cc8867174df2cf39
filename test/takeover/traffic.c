/*
 * Traffic through Services, checked answer by answer. Plain C, so that it is not what limits the rate in the lab.
 *
 *     traffic serve NAME TCP-PORT UDP-PORT      answers "NAME CLIENT-ADDRESS TEXT" to every line or datagram TEXT
 *     traffic drive RATE STREAMS TARGET...      makes traffic until its standard input ends
 *
 * A TARGET is PROTOCOL,ADDRESS,PORT,NAMES,CLIENT: who may answer, one letter each, and which client address the server
 * must have seen, or "*". RATE is how many new exchanges begin in a second, over all targets in turn: a TCP connection
 * or a UDP socket with one question. STREAMS is how many long-lived ones each target has besides, with a question every
 * 200 ms. Each line on standard input ends a phase: one line of JSON with what ended in it is printed.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define TEXT_BYTES 160
#define SLOTS 8192
#define TARGETS 32
#define LOST_AFTER_MS 15000.0
#define STREAM_EVERY_MS 200.0
/* Neither node ports nor what others take. */
#define FIRST_PORT 33000
#define LAST_PORT 60999

struct target {
  struct sockaddr_storage address;
  socklen_t length;
  int is_tcp;
  char text[64], names[16], client[64];
};

/* A connection or UDP socket of ours. */
struct exchange {
  int fd, is_stream, is_connected, is_waiting, filled;
  uint32_t generation;
  /* Answers so far. */
  long answers;
  uint64_t nonce;
  double began_ms, next_ms;
  struct target *target;
  char buffer[TEXT_BYTES];
};

static struct {
  long opened, answered, refused, cut, lost, wrong, unopened;
  long stream_messages, stream_cut, stream_lost, stream_wrong;
  long udp_answered, udp_refused, udp_lost, udp_wrong;
  double slowest_ms, began_ms;
  char fault[256];
} counts;

static struct exchange slots[SLOTS];
static int free_slots[SLOTS], free_count, live_streams;
static struct target targets[TARGETS];
static int target_count, epoll;
static uint64_t next_nonce = 1;
static int next_port = FIRST_PORT;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static double now_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

static void note_fault(const struct exchange *exchange, const char *what) {
  if (counts.fault[0] != 0) return;
  snprintf(counts.fault, sizeof counts.fault, "%s %s%s: %s", exchange->target->is_tcp ? "TCP" : "UDP",
           exchange->target->text, exchange->is_stream ? " stream" : "", what);
}

/* ---- serving ---- */

static void client_text(const struct sockaddr_in6 *from, char *text) {
  inet_ntop(AF_INET6, &from->sin6_addr, text, INET6_ADDRSTRLEN);
  if (strncmp(text, "::ffff:", 7) == 0) memmove(text, text + 7, strlen(text + 7) + 1);
}

static int listen_on(int type, int port) {
  struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
  int on = 1, off = 0, fd = socket(AF_INET6, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) fail("socket");
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0) fail("bind");
  if (type == SOCK_STREAM && listen(fd, 4096) < 0) fail("listen");
  return fd;
}

static void watch(int fd, uint32_t events, uint64_t data) {
  struct epoll_event event = {.events = events, .data.u64 = data};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0) fail("epoll_ctl");
}

static void answer_connection(int fd, const char *name) {
  char line[TEXT_BYTES], answer[TEXT_BYTES * 2], client[INET6_ADDRSTRLEN];
  struct sockaddr_in6 from;
  socklen_t length = sizeof from;
  ssize_t got = recv(fd, line, sizeof line - 1, 0);
  if (got <= 0) {
    if (got == 0 || (errno != EAGAIN && errno != EINTR)) close(fd);
    return;
  }
  line[got] = 0;
  if (getpeername(fd, (struct sockaddr *)&from, &length) < 0) return;
  client_text(&from, client);
  int size = snprintf(answer, sizeof answer, "%s %s %s", name, client, line);
  if (send(fd, answer, size, MSG_NOSIGNAL) < 0) close(fd);
}

static void answer_datagrams(int fd, const char *name) {
  char line[TEXT_BYTES], answer[TEXT_BYTES * 2], client[INET6_ADDRSTRLEN];
  struct sockaddr_in6 from;
  for (;;) {
    socklen_t length = sizeof from;
    ssize_t got = recvfrom(fd, line, sizeof line - 1, 0, (struct sockaddr *)&from, &length);
    if (got < 0) return;
    line[got] = 0;
    client_text(&from, client);
    int size = snprintf(answer, sizeof answer, "%s %s %s", name, client, line);
    sendto(fd, answer, size, 0, (struct sockaddr *)&from, length);
  }
}

_Noreturn static void serve(const char *name, int tcp_port, int udp_port) {
  int tcp = listen_on(SOCK_STREAM, tcp_port), udp = listen_on(SOCK_DGRAM, udp_port);
  struct epoll_event events[64];
  watch(tcp, EPOLLIN, tcp);
  watch(udp, EPOLLIN, udp);
  puts("ready");
  fflush(stdout);
  for (;;) {
    int count = epoll_wait(epoll, events, 64, -1);
    for (int index = 0; index < count; index++) {
      int fd = (int)events[index].data.u64;
      if (fd == udp) answer_datagrams(udp, name);
      else if (fd != tcp) answer_connection(fd, name);
      else
        for (int accepted; (accepted = accept4(tcp, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;)
          watch(accepted, EPOLLIN, accepted);
    }
  }
}

/* ---- driving ---- */

static void release(struct exchange *exchange) {
  close(exchange->fd);
  if (exchange->is_stream) live_streams--;
  exchange->fd = -1;
  exchange->generation++;
  free_slots[free_count++] = exchange - slots;
}

static void refused_or_cut(struct exchange *exchange, const char *what) {
  note_fault(exchange, what);
  if (!exchange->target->is_tcp) counts.udp_refused++;
  else if (exchange->is_stream) counts.stream_cut++;
  else if (exchange->is_connected) counts.cut++;
  else counts.refused++;
  release(exchange);
}

static void ask(struct exchange *exchange, double now) {
  char text[32];
  exchange->nonce = next_nonce++;
  exchange->filled = 0;
  exchange->is_waiting = 1;
  if (exchange->is_stream) exchange->began_ms = now;
  int size = snprintf(text, sizeof text, "%llu\n", (unsigned long long)exchange->nonce);
  if (send(exchange->fd, text, size, MSG_NOSIGNAL) < 0 && errno != EAGAIN) refused_or_cut(exchange, strerror(errno));
}

/*
 * Every exchange has a source port of its own. Two connections from one port to two Services with the same pod would be
 * one and the same to that pod: IPVS gives clients no other port. Kernels choose such ports by chance.
 */
static int bind_own_port(int fd, int family) {
  for (int attempt = 0; attempt < 1000; attempt++) {
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(next_port)};
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(next_port)};
    next_port = next_port == LAST_PORT ? FIRST_PORT : next_port + 1;
    if (bind(fd, family == AF_INET6 ? (void *)&six : (void *)&four, family == AF_INET6 ? sizeof six : sizeof four) == 0) return 0;
  }
  return -1;
}

static void begin(struct target *target, int is_stream, double now) {
  int fd = socket(target->address.ss_family, (target->is_tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0 || free_count == 0 || bind_own_port(fd, target->address.ss_family) < 0) {
    if (fd >= 0) close(fd);
    counts.unopened++;
    return;
  }
  struct exchange *exchange = &slots[free_slots[--free_count]];
  uint32_t generation = exchange->generation;
  *exchange = (struct exchange){.fd = fd, .is_stream = is_stream, .target = target, .began_ms = now, .generation = generation};
  if (is_stream) live_streams++;
  if (target->is_tcp) counts.opened++;
  if (connect(fd, (struct sockaddr *)&target->address, target->length) < 0 && errno != EINPROGRESS) {
    refused_or_cut(exchange, strerror(errno));
    return;
  }
  exchange->is_connected = !target->is_tcp;
  watch(fd, target->is_tcp ? EPOLLIN | EPOLLOUT : EPOLLIN, (uint64_t)generation << 32 | (uint32_t)(exchange - slots));
  if (!target->is_tcp) ask(exchange, now);
}

/* "NAME CLIENT NONCE": from one who may answer, who saw the right client, to what was asked. */
static int is_right(const struct exchange *exchange) {
  char name[16], client[64];
  unsigned long long nonce;
  const struct target *target = exchange->target;
  if (sscanf(exchange->buffer, "%15s %63s %llu", name, client, &nonce) != 3 || nonce != exchange->nonce) return 0;
  if (strlen(name) != 1 || strchr(target->names, name[0]) == NULL) return 0;
  return strcmp(target->client, "*") == 0 || strcmp(target->client, client) == 0;
}

static void answered(struct exchange *exchange, double now) {
  const int right = is_right(exchange), is_tcp = exchange->target->is_tcp;
  const double took = now - exchange->began_ms;
  if (!right) {
    char what[TEXT_BYTES + 16];
    snprintf(what, sizeof what, "answer %.*s", (int)strcspn(exchange->buffer, "\n"), exchange->buffer);
    note_fault(exchange, what);
  }
  if (took > counts.slowest_ms) counts.slowest_ms = took;
  exchange->is_waiting = 0;
  exchange->answers++;
  if (is_tcp && exchange->is_stream) *(right ? &counts.stream_messages : &counts.stream_wrong) += 1;
  else if (is_tcp) *(right ? &counts.answered : &counts.wrong) += 1;
  else *(right ? &counts.udp_answered : &counts.udp_wrong) += 1;
  if (exchange->is_stream) exchange->next_ms = now + STREAM_EVERY_MS;
  else release(exchange);
}

static void ready(struct exchange *exchange, uint32_t events, double now) {
  if (!exchange->is_connected && (events & (EPOLLOUT | EPOLLERR | EPOLLHUP))) {
    int error = 0;
    socklen_t length = sizeof error;
    getsockopt(exchange->fd, SOL_SOCKET, SO_ERROR, &error, &length);
    if (error != 0) return refused_or_cut(exchange, strerror(error));
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = (uint64_t)exchange->generation << 32 | (uint32_t)(exchange - slots)};
    epoll_ctl(epoll, EPOLL_CTL_MOD, exchange->fd, &event);
    exchange->is_connected = 1;
    return ask(exchange, now);
  }
  if (!(events & (EPOLLIN | EPOLLERR | EPOLLHUP))) return;
  ssize_t got = recv(exchange->fd, exchange->buffer + exchange->filled, TEXT_BYTES - 1 - exchange->filled, 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) return refused_or_cut(exchange, got == 0 ? "closed by the server" : strerror(errno));
  exchange->filled += got;
  exchange->buffer[exchange->filled] = 0;
  if (strchr(exchange->buffer, '\n') != NULL || exchange->filled == TEXT_BYTES - 1) answered(exchange, now);
}

static void note_no_answer(const struct exchange *exchange) {
  char what[TEXT_BYTES];
  struct sockaddr_storage own;
  socklen_t length = sizeof own;
  uint16_t port = 0;
  if (getsockname(exchange->fd, (struct sockaddr *)&own, &length) == 0)
    port = ntohs(own.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&own)->sin6_port : ((struct sockaddr_in *)&own)->sin_port);
  snprintf(what, sizeof what, "no answer in %.0f s, after %ld answers, from port %d%s", LOST_AFTER_MS / 1e3,
           exchange->answers, port, exchange->is_connected ? "" : ", not connected");
  note_fault(exchange, what);
}

/* Questions of streams that are due, and exchanges that nobody answered. */
static void tend(double now) {
  for (struct exchange *exchange = slots; exchange < slots + SLOTS; exchange++) {
    if (exchange->fd < 0) continue;
    if (exchange->is_stream && exchange->is_connected && !exchange->is_waiting && now >= exchange->next_ms) ask(exchange, now);
    if (exchange->fd < 0 || !(exchange->is_waiting || !exchange->is_connected)) continue;
    if (now - exchange->began_ms < LOST_AFTER_MS) continue;
    note_no_answer(exchange);
    if (!exchange->target->is_tcp) counts.udp_lost++;
    else *(exchange->is_stream ? &counts.stream_lost : &counts.lost) += 1;
    release(exchange);
  }
}

static void report(double now) {
  printf("{\"seconds\":%.2f,\"opened\":%ld,\"answered\":%ld,\"refused\":%ld,\"cut\":%ld,\"lost\":%ld,\"wrong\":%ld,\"unopened\":%ld,",
         (now - counts.began_ms) / 1e3, counts.opened, counts.answered, counts.refused, counts.cut, counts.lost, counts.wrong, counts.unopened);
  printf("\"streams\":%d,\"streamMessages\":%ld,\"streamCut\":%ld,\"streamLost\":%ld,\"streamWrong\":%ld,", live_streams,
         counts.stream_messages, counts.stream_cut, counts.stream_lost, counts.stream_wrong);
  printf("\"udpAnswered\":%ld,\"udpRefused\":%ld,\"udpLost\":%ld,\"udpWrong\":%ld,\"slowestMs\":%.1f,\"fault\":\"", counts.udp_answered,
         counts.udp_refused, counts.udp_lost, counts.udp_wrong, counts.slowest_ms);
  for (const char *letter = counts.fault; *letter != 0; letter++)
    if (*letter >= ' ' && *letter != '"' && *letter != '\\') putchar(*letter);
  puts("\"}");
  fflush(stdout);
  memset(&counts, 0, sizeof counts);
  counts.began_ms = now;
}

static void read_target(char *text) {
  struct target *target = &targets[target_count++];
  char *protocol = strtok(text, ","), *host = strtok(NULL, ","), *port = strtok(NULL, ","), *names = strtok(NULL, ","),
       *client = strtok(NULL, ",");
  struct addrinfo *found;
  if (client == NULL || getaddrinfo(host, port, &(struct addrinfo){.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV}, &found) != 0) {
    fprintf(stderr, "not a target: %s\n", text);
    exit(2);
  }
  memcpy(&target->address, found->ai_addr, found->ai_addrlen);
  target->length = found->ai_addrlen;
  target->is_tcp = strcmp(protocol, "tcp") == 0;
  snprintf(target->text, sizeof target->text, "%s port %s", host, port);
  snprintf(target->names, sizeof target->names, "%s", names);
  snprintf(target->client, sizeof target->client, "%s", client);
  freeaddrinfo(found);
}

/* Begins what the rate asks for; after a pause not everything at once, which would be a burst of its own. */
static long begin_due(double rate, double since_ms, long begun, double now) {
  long due = (long)((now - since_ms) * rate / 1e3);
  if (due - begun > 50) begun = due - 50;
  for (; begun < due; begun++) begin(&targets[begun % target_count], 0, now);
  return begun;
}

static int drive(double rate, int streams) {
  const uint64_t input = UINT64_MAX;
  struct epoll_event events[256];
  double began = now_ms(), tended = began;
  long begun = 0;
  counts.began_ms = began;
  watch(STDIN_FILENO, EPOLLIN, input);
  for (int index = 0; index < SLOTS; index++) slots[index].fd = -1, free_slots[free_count++] = index;
  for (int target = 0; target < target_count; target++)
    for (int stream = 0; stream < streams; stream++) begin(&targets[target], 1, began);
  for (;;) {
    int count = epoll_wait(epoll, events, 256, 5);
    double now = now_ms();
    for (int index = 0; index < count; index++) {
      uint64_t data = events[index].data.u64;
      if (data == input) {
        char line[64];
        ssize_t got = read(STDIN_FILENO, line, sizeof line);
        if (got <= 0) return 0;
        report(now);
      } else {
        struct exchange *exchange = &slots[(uint32_t)data];
        if (exchange->fd >= 0 && exchange->generation == data >> 32) ready(exchange, events[index].events, now);
      }
    }
    begun = begin_due(rate, began, begun, now);
    if (now - tended >= 20) tend(tended = now);
  }
}

int main(int argc, char **argv) {
  signal(SIGPIPE, SIG_IGN);
  epoll = epoll_create1(EPOLL_CLOEXEC);
  if (argc == 5 && strcmp(argv[1], "serve") == 0) serve(argv[2], atoi(argv[3]), atoi(argv[4]));
  if (argc < 5 || argc - 4 > TARGETS || strcmp(argv[1], "drive") != 0) {
    fprintf(stderr, "usage: traffic serve NAME TCP-PORT UDP-PORT | traffic drive RATE STREAMS TARGET...\n");
    return 2;
  }
  for (int index = 4; index < argc; index++) read_target(argv[index]);
  return drive(atof(argv[2]), atoi(argv[3]));
}
