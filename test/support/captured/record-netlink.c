/*
 * Records what a command line tool says to the kernel over netlink, and what the kernel answers.
 *
 *   gcc -O2 -shared -fPIC -o record-netlink.so record-netlink.c -ldl
 *   NETLINK_RECORD=out.hex LD_PRELOAD=./record-netlink.so ipvsadm -A -t 10.96.0.1:80 -s rr
 *
 * Every datagram becomes one line of the file: "> " sent or "< " received, then its bytes in hexadecimal.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <linux/netlink.h>

static int is_netlink(int fd)
{
	struct sockaddr_nl name;
	socklen_t length = sizeof name;
	return getsockname(fd, (struct sockaddr *)&name, &length) == 0 && name.nl_family == AF_NETLINK;
}

static void record(char direction, int fd, const struct iovec *parts, size_t count, ssize_t bytes)
{
	const char *path = getenv("NETLINK_RECORD");
	FILE *file = path && bytes > 0 && is_netlink(fd) ? fopen(path, "a") : NULL;
	if (!file)
		return;
	fprintf(file, "%c ", direction);
	for (size_t part = 0; part < count; part++)
		for (size_t at = 0; at < parts[part].iov_len && bytes > 0; at++, bytes--)
			fprintf(file, "%02x", ((const unsigned char *)parts[part].iov_base)[at]);
	fprintf(file, "\n");
	fclose(file);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	ssize_t (*next)(int, const struct msghdr *, int) = dlsym(RTLD_NEXT, "sendmsg");
	ssize_t sent = next(fd, message, flags);
	record('>', fd, message->msg_iov, message->msg_iovlen, sent);
	return sent;
}

ssize_t sendto(int fd, const void *data, size_t length, int flags, const struct sockaddr *to, socklen_t to_length)
{
	ssize_t (*next)(int, const void *, size_t, int, const struct sockaddr *, socklen_t) = dlsym(RTLD_NEXT, "sendto");
	ssize_t sent = next(fd, data, length, flags, to, to_length);
	struct iovec part = { (void *)data, length };
	record('>', fd, &part, 1, sent);
	return sent;
}

ssize_t send(int fd, const void *data, size_t length, int flags)
{
	ssize_t (*next)(int, const void *, size_t, int) = dlsym(RTLD_NEXT, "send");
	ssize_t sent = next(fd, data, length, flags);
	struct iovec part = { (void *)data, length };
	record('>', fd, &part, 1, sent);
	return sent;
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
	ssize_t (*next)(int, struct msghdr *, int) = dlsym(RTLD_NEXT, "recvmsg");
	ssize_t received = next(fd, message, flags);
	if (!(flags & MSG_PEEK))
		record('<', fd, message->msg_iov, message->msg_iovlen, received);
	return received;
}
