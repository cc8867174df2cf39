// Says who answers over SCTP, which Node cannot speak. Serving: every association is told the name of the server and
// whom it sees. Asking: prints a line for each association, what it was told or why it was not.
//
//   sctp serve NAME HOST PORT     prints `ready` when it listens
//   sctp ask HOST PORT COUNT
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#ifndef IPPROTO_SCTP
#define IPPROTO_SCTP 132
#endif

/** Longest wait for an association and for its answer: far longer than anything takes that works. */
static const struct timeval patience = {.tv_sec = 60};

static struct addrinfo *resolve(const char *host, const char *port) {
  struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
  struct addrinfo *found = NULL;
  int failure = getaddrinfo(host, port, &hints, &found);
  if (failure != 0) {
    fprintf(stderr, "%s: %s\n", host, gai_strerror(failure));
    exit(1);
  }
  return found;
}

static int open_socket(const struct addrinfo *address) {
  int descriptor = socket(address->ai_family, SOCK_STREAM, IPPROTO_SCTP);
  if (descriptor < 0) {
    perror("socket (is the module sctp there?)");
    exit(1);
  }
  setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  return descriptor;
}

static void serve(const char *name, const char *host, const char *port) {
  struct addrinfo *address = resolve(host, port);
  int listening = open_socket(address);
  if (bind(listening, address->ai_addr, address->ai_addrlen) != 0 || listen(listening, 16) != 0) {
    perror(host);
    exit(1);
  }
  puts("ready");
  fflush(stdout);
  for (;;) {
    struct sockaddr_storage peer;
    socklen_t length = sizeof peer;
    int association = accept(listening, (struct sockaddr *)&peer, &length);
    if (association < 0) continue;
    char source[NI_MAXHOST] = "?", text[NI_MAXHOST + 64];
    getnameinfo((struct sockaddr *)&peer, length, source, sizeof source, NULL, 0, NI_NUMERICHOST);
    int size = snprintf(text, sizeof text, "%s %s\n", name, source);
    if (write(association, text, (size_t)size) != size) perror("write");
    close(association);
  }
}

static void ask(const char *host, const char *port) {
  struct addrinfo *address = resolve(host, port);
  int association = open_socket(address);
  char text[256];
  ssize_t size = -1;
  if (connect(association, address->ai_addr, address->ai_addrlen) == 0) {
    size = read(association, text, sizeof text - 1);
  }
  if (size < 0) puts(strerror(errno));
  else if (size == 0) puts("closed");
  else printf("%.*s", (int)size, text);
  close(association);
  freeaddrinfo(address);
}

int main(int count, char **words) {
  if (count == 5 && strcmp(words[1], "serve") == 0) {
    serve(words[2], words[3], words[4]);
  } else if (count == 5 && strcmp(words[1], "ask") == 0) {
    for (int number = atoi(words[4]); number > 0; number -= 1) ask(words[2], words[3]);
  } else {
    fputs("usage: sctp serve NAME HOST PORT | sctp ask HOST PORT COUNT\n", stderr);
    return 2;
  }
  return 0;
}
