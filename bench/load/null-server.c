/*
 * null-server: the kernel's limit for any UDP server on this machine. recvmmsg, set the QR bit, sendmmsg, on one thread. A second thread
 * does the same over TCP: read what is there, set the bit in each message, write it all. No parsing, no answer.
 *
 *   null-server PORT BATCH REPLY_BYTES
 *
 * Listens on 127.0.0.1 (PORT 0: the system chooses) and prints `ready PORT`. A reply has REPLY_BYTES octets, so that it can be as long as
 * a real answer; 0: as long as the query. It ends with the process that started it.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_BATCH 256
#define MESSAGE_BYTES 2048
#define MAX_CONNECTIONS 1024
#define STREAM_BYTES 65536

static unsigned reply_bytes;

/* A connection: the part of a message that has arrived so far. */
struct stream {
  unsigned length;
  uint8_t in[STREAM_BYTES];
};

static int open_socket(int type, uint16_t *port) {
  int fd = socket(AF_INET, type, 0), one = 1, bytes = 4 << 20;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(*port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (type == SOCK_DGRAM && setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) != 0)
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  if (bind(fd, (struct sockaddr *)&address, size) != 0 || (type == SOCK_STREAM && listen(fd, 1024) != 0)) return -1;
  getsockname(fd, (struct sockaddr *)&address, &size);
  *port = ntohs(address.sin_port);
  return fd;
}

static void answer_udp(int fd, unsigned batch) {
  static uint8_t messages[MAX_BATCH][MESSAGE_BYTES];
  static struct iovec parts[MAX_BATCH];
  static struct mmsghdr headers[MAX_BATCH];
  static struct sockaddr_in sources[MAX_BATCH];
  for (unsigned i = 0; i < batch; i++) {
    parts[i].iov_base = messages[i];
    headers[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1, .msg_name = &sources[i]};
  }
  for (;;) {
    for (unsigned i = 0; i < batch; i++) {
      parts[i].iov_len = MESSAGE_BYTES;
      headers[i].msg_hdr.msg_namelen = sizeof sources[i];
    }
    int count = recvmmsg(fd, headers, batch, MSG_WAITFORONE, NULL);
    for (int i = 0; i < count; i++) {
      messages[i][2] |= 0x80;
      parts[i].iov_len = reply_bytes > 0 ? reply_bytes : headers[i].msg_len;
    }
    for (int at = 0; at < count;) {
      int taken = sendmmsg(fd, headers + at, (unsigned)(count - at), 0);
      at += taken > 0 ? taken : 1;
    }
  }
}

/* Answers the whole messages of a connection; false when it has ended. */
static int answer_stream(int fd, struct stream *stream) {
  static uint8_t out[STREAM_BYTES / 14 * (MESSAGE_BYTES + 2)];
  ssize_t count = recv(fd, stream->in + stream->length, STREAM_BYTES - stream->length, MSG_DONTWAIT);
  if (count <= 0) return 0;
  unsigned at = 0, length = stream->length + (unsigned)count;
  size_t written = 0;
  while (at + 2 <= length) {
    unsigned bytes = (unsigned)stream->in[at] << 8 | stream->in[at + 1];
    if (bytes < 12 || at + 2 + bytes > length) break;
    unsigned reply = reply_bytes > 0 ? reply_bytes : bytes;
    out[written] = (uint8_t)(reply >> 8);
    out[written + 1] = (uint8_t)reply;
    memcpy(out + written + 2, stream->in + at + 2, bytes < reply ? bytes : reply);
    out[written + 4] |= 0x80;
    written += reply + 2;
    at += bytes + 2;
  }
  memmove(stream->in, stream->in + at, length - at);
  stream->length = length - at;
  /* A blocking send: the generator reads all the time. */
  return written == 0 || send(fd, out, written, MSG_NOSIGNAL) >= 0;
}

static void *answer_tcp(void *argument) {
  static struct stream streams[MAX_CONNECTIONS];
  int listener = *(int *)argument, poll = epoll_create1(0), one = 1;
  struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[64];
  epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
  for (;;) {
    int count = epoll_wait(poll, events, 64, -1);
    for (int i = 0; i < count; i++) {
      int fd = events[i].data.fd;
      if (fd != listener) {
        if (!answer_stream(fd, &streams[fd])) close(fd);
        continue;
      }
      fd = accept(listener, NULL, NULL);
      if (fd < 0) continue;
      if (fd >= MAX_CONNECTIONS) {
        close(fd);
        continue;
      }
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
      streams[fd].length = 0;
      event = (struct epoll_event){.events = EPOLLIN, .data.fd = fd};
      epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
    }
  }
  return NULL;
}

int main(int argc, char **argv) {
  uint16_t port = (uint16_t)(argc > 1 ? atoi(argv[1]) : 0);
  unsigned batch = (unsigned)(argc > 2 ? atoi(argv[2]) : 64);
  reply_bytes = (unsigned)(argc > 3 ? atoi(argv[3]) : 0);
  if (argc > 4 || batch < 1 || batch > MAX_BATCH || reply_bytes > MESSAGE_BYTES || (reply_bytes > 0 && reply_bytes < 12)) {
    fprintf(stderr, "usage: null-server PORT BATCH(1-%d) REPLY_BYTES(0 or 12-%d)\n", MAX_BATCH, MESSAGE_BYTES);
    return 2;
  }
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  int udp = open_socket(SOCK_DGRAM, &port), tcp = open_socket(SOCK_STREAM, &port);
  if (udp < 0 || tcp < 0) {
    perror("null-server: cannot listen");
    return 1;
  }
  pthread_t thread;
  pthread_create(&thread, NULL, answer_tcp, &tcp);
  printf("ready %u\n", port);
  fflush(stdout);
  answer_udp(udp, batch);
  return 0;
}
