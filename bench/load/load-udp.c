/*
 * The loop over connected UDP sockets. It never sleeps and never waits for readiness: an epoll waiter would be woken on the server's
 * core, at the server's expense. Bursts leave with UDP GSO, so that the generator needs one system call for them; the kernel cuts them
 * on the generator's core.
 */
#include "load.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#define BUFFER_BYTES (4 << 20)

static uint8_t replies[MAX_WINDOW][MAX_REPLY_BYTES];
static struct iovec reply_parts[MAX_WINDOW];
static struct mmsghdr reply_headers[MAX_WINDOW];
static uint8_t queries[MAX_WINDOW * MAX_QUERY_BYTES];
static struct iovec query_parts[MAX_WINDOW];
static struct mmsghdr query_headers[MAX_WINDOW];

static void set_buffer(int fd, int forced, int plain) {
  int bytes = BUFFER_BYTES;
  if (setsockopt(fd, SOL_SOCKET, forced, &bytes, sizeof bytes) != 0) setsockopt(fd, SOL_SOCKET, plain, &bytes, sizeof bytes);
}

static bool open_sockets(struct load *load) {
  for (unsigned i = 0; i < load->options.sockets; i++) {
    int fd = open_socket(load, &load->flows[i], SOCK_DGRAM);
    if (fd < 0) return false;
    set_buffer(fd, SO_RCVBUFFORCE, SO_RCVBUF);
    set_buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF);
    open_flow(load, &load->flows[i], fd);
  }
  for (unsigned i = 0; i < MAX_WINDOW; i++) {
    reply_parts[i] = (struct iovec){replies[i], MAX_REPLY_BYTES};
    reply_headers[i].msg_hdr = (struct msghdr){.msg_iov = &reply_parts[i], .msg_iovlen = 1};
    query_headers[i].msg_hdr = (struct msghdr){.msg_iov = &query_parts[i], .msg_iovlen = 1};
  }
  return true;
}

/* Takes what has arrived on a flow. */
static void receive(struct load *load, struct flow *flow) {
  unsigned in_flight = load->options.window - flow->free_count;
  /* Replies to junk come without a slot of ours. */
  unsigned most = load->options.junk_percent > 0 ? MAX_WINDOW : in_flight;
  if (most == 0) return;
  int count;
  load->tally.polls++;
  if (most == 1) {
    /* recv is cheaper than recvmmsg. */
    ssize_t length = recv(flow->fd, replies[0], MAX_REPLY_BYTES, MSG_DONTWAIT);
    reply_headers[0].msg_len = length > 0 ? (unsigned)length : 0;
    count = length >= 0 ? 1 : 0;
  } else {
    count = recvmmsg(flow->fd, reply_headers, most, MSG_DONTWAIT, NULL);
  }
  if (count <= 0) {
    load->tally.empty_polls++;
    return;
  }
  uint64_t now = now_ns();
  for (int i = 0; i < count; i++) take_reply(load, flow, replies[i], reply_headers[i].msg_len, now);
}

/* Sends `count` queries of one length that stand one behind the other, as one message that the kernel cuts. */
static bool send_burst(int fd, struct iovec *first, unsigned count) {
  union {
    char bytes[CMSG_SPACE(sizeof(uint16_t))];
    struct cmsghdr align;
  } control = {{0}};
  struct iovec part = {first->iov_base, first->iov_len * count};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = IPPROTO_UDP;
  header->cmsg_type = UDP_SEGMENT;
  header->cmsg_len = CMSG_LEN(sizeof(uint16_t));
  uint16_t segment = (uint16_t)first->iov_len;
  memcpy(CMSG_DATA(header), &segment, sizeof segment);
  return sendmsg(fd, &message, 0) >= 0 || errno == ECONNREFUSED;
}

/* Sends the queries in query_parts. What a closed port refuses is lost as on any network. */
static void send_queries(struct load *load, int fd, unsigned count) {
  for (unsigned at = 0; at < count;) {
    unsigned run = 1;
    while (load->options.gso && at + run < count && query_parts[at + run].iov_len == query_parts[at].iov_len) run++;
    if (run > 1) {
      if (send_burst(fd, &query_parts[at], run)) at += run;
      else load->options.gso = false;
    } else if (load->options.gso || count == 1) {
      send(fd, query_parts[at].iov_base, query_parts[at].iov_len, 0);
      at++;
    } else {
      int taken = sendmmsg(fd, query_headers + at, count - at, 0);
      at += taken > 0 ? (unsigned)taken : 1;
    }
  }
}

static void send_due(struct load *load, struct flow *flow, uint64_t now) {
  unsigned count = count_due(load, flow, now), length = 0;
  if (count == 0) return;
  for (unsigned i = 0; i < count; i++) {
    uint32_t query;
    uint8_t *to = queries + length;
    unsigned bytes = take_query(&load->pool, to, &query);
    uint16_t id = start_query(load, flow, query, now);
    to[0] = (uint8_t)(id >> 8);
    to[1] = (uint8_t)id;
    query_parts[i] = (struct iovec){to, bytes};
    length += bytes;
  }
  send_queries(load, flow->fd, count);
  load->junk_debt += count * load->options.junk_percent / (100 - load->options.junk_percent);
  for (; load->junk_debt >= 1; load->junk_debt--) {
    uint8_t junk[MAX_QUERY_BYTES + 64];
    uint16_t id = (uint16_t)(next_random(&load->pool.random) | JUNK_SLOT);
    unsigned bytes = write_junk(&load->pool, junk, id);
    send(flow->fd, junk, bytes, 0);
    load->tally.junk_sent++;
  }
}

bool run_udp(struct load *load) {
  if (!open_sockets(load)) return false;
  load->start_ns = load->swept_ns = now_ns();
  load->end_ns = load->start_ns + (uint64_t)(load->options.seconds * 1e9);
  for (uint64_t now = load->start_ns; goes_on(load, now); now = now_ns()) {
    for (unsigned i = 0; i < load->options.sockets; i++) {
      struct flow *flow = &load->flows[i];
      receive(load, flow);
      send_due(load, flow, now_ns());
    }
    sweep_lost(load, now, false);
  }
  sweep_lost(load, now_ns(), true);
  for (unsigned i = 0; i < load->options.sockets; i++) close(load->flows[i].fd);
  return true;
}
