/*
 * The loop over persistent TCP connections, WINDOW queries pipelined on each (RFC 7766 §6.2.1.1). It never sleeps, like load-udp.c. A
 * connection that the server closes is opened again; what was in flight on it is lost.
 */
#include "load.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define IN_BYTES (2 * 65537)
#define OUT_BYTES (MAX_WINDOW * (MAX_QUERY_BYTES + 2))

/* Octets of a connection that wait: received and not a whole message yet, written and not taken by the system yet. */
struct stream {
  unsigned in_length, out_length;
  uint8_t in[IN_BYTES];
  uint8_t out[OUT_BYTES];
};

static bool open_connection(struct load *load, struct flow *flow, struct stream *stream) {
  int one = 1, fd = open_socket(load, flow, SOCK_STREAM);
  if (fd < 0) return false;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  stream->in_length = stream->out_length = 0;
  open_flow(load, flow, fd);
  return true;
}

/* Takes the whole messages that have arrived. Returns false when the connection has ended. */
static bool receive(struct load *load, struct flow *flow, struct stream *stream) {
  load->tally.polls++;
  ssize_t count = recv(flow->fd, stream->in + stream->in_length, IN_BYTES - stream->in_length, MSG_DONTWAIT);
  if (count <= 0) {
    load->tally.empty_polls++;
    return count < 0 && (errno == EAGAIN || errno == EINTR);
  }
  uint64_t now = now_ns();
  unsigned at = 0, length = stream->in_length + (unsigned)count;
  while (at + 2 <= length) {
    unsigned bytes = (unsigned)stream->in[at] << 8 | stream->in[at + 1];
    if (at + 2 + bytes > length) break;
    take_reply(load, flow, stream->in + at + 2, bytes, now);
    at += 2 + bytes;
  }
  memmove(stream->in, stream->in + at, length - at);
  stream->in_length = length - at;
  return true;
}

/* Writes what is due. Returns false when the connection has ended. */
static bool send_due(struct load *load, struct flow *flow, struct stream *stream, uint64_t now) {
  /* Fresh queries wait until those before them have left. */
  unsigned count = stream->out_length == 0 ? count_due(load, flow, now) : 0;
  for (unsigned i = 0; i < count; i++) {
    uint32_t query;
    uint8_t *to = stream->out + stream->out_length;
    unsigned bytes = take_query(&load->pool, to + 2, &query);
    uint16_t id = start_query(load, flow, query, now);
    to[0] = (uint8_t)(bytes >> 8);
    to[1] = (uint8_t)bytes;
    to[2] = (uint8_t)(id >> 8);
    to[3] = (uint8_t)id;
    stream->out_length += bytes + 2;
  }
  if (stream->out_length == 0) return true;
  ssize_t sent = send(flow->fd, stream->out, stream->out_length, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent < 0) return errno == EAGAIN || errno == EINTR;
  memmove(stream->out, stream->out + sent, stream->out_length - (size_t)sent);
  stream->out_length -= (unsigned)sent;
  return true;
}

static bool reopen(struct load *load, struct flow *flow, struct stream *stream) {
  close(flow->fd);
  lose_all(load, flow);
  load->tally.reconnects++;
  return open_connection(load, flow, stream);
}

bool run_tcp(struct load *load) {
  struct stream *streams = calloc(load->options.sockets, sizeof *streams);
  if (streams == NULL) return false;
  for (unsigned i = 0; i < load->options.sockets; i++)
    if (!open_connection(load, &load->flows[i], &streams[i])) return false;
  load->start_ns = load->swept_ns = now_ns();
  load->end_ns = load->start_ns + (uint64_t)(load->options.seconds * 1e9);
  for (uint64_t now = load->start_ns; goes_on(load, now); now = now_ns()) {
    for (unsigned i = 0; i < load->options.sockets; i++) {
      struct flow *flow = &load->flows[i];
      bool lives = receive(load, flow, &streams[i]) && send_due(load, flow, &streams[i], now_ns());
      if (!lives && now < load->end_ns && !reopen(load, flow, &streams[i])) return false;
    }
    sweep_lost(load, now, false);
  }
  sweep_lost(load, now_ns(), true);
  for (unsigned i = 0; i < load->options.sockets; i++) close(load->flows[i].fd);
  free(streams);
  return true;
}
