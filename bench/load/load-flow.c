/*
 * Which queries are in flight. An id is (generation of the slot << 7 | slot): a reply that comes after its query was given up has an
 * older generation and counts as unmatched.
 */
#include "load.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define SWEEP_NS 50000000ull
/* Closed loop: replies for each flow that widen its window by one at the start (count_due). */
#define REPLIES_PER_STEP 4

uint64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000ull + (uint64_t)time.tv_nsec;
}

int open_socket(const struct load *load, const struct flow *flow, int type) {
  const struct options *options = &load->options;
  int fd = socket(options->address.ss_family, type, 0), failed = 0;
  if (options->many_networks) {
    unsigned number = (unsigned)(flow - load->flows);
    struct sockaddr_in source = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(127u << 24 | 64u << 16 | number << 8 | 1)};
    failed = bind(fd, (struct sockaddr *)&source, sizeof source);
  }
  if (fd >= 0 && failed == 0 && connect(fd, (const struct sockaddr *)&options->address, options->address_bytes) == 0) return fd;
  perror("dns-load: cannot connect a socket");
  return -1;
}

void open_flow(struct load *load, struct flow *flow, int fd) {
  flow->fd = fd;
  flow->free_count = load->options.window;
  for (unsigned i = 0; i < load->options.window; i++) {
    flow->free[i] = (uint8_t)i;
    flow->slots[i].since_ns = 0;
    flow->slots[i].generation = (uint16_t)next_random(&load->pool.random);
  }
}

unsigned count_due(const struct load *load, const struct flow *flow, uint64_t now) {
  const struct options *options = &load->options;
  unsigned in_flight = options->window - flow->free_count, allowed = options->window;
  if (now >= load->end_ns) return 0;
  if (options->rate == 0) {
    /* All windows at once would overflow a socket buffer of the default size before the server wakes (measured with several peers). */
    uint64_t step = 1 + load->tally.received / (options->sockets * REPLIES_PER_STEP);
    if (step < allowed) allowed = (unsigned)step;
    return allowed > in_flight ? allowed - in_flight : 0;
  }
  uint64_t due = (uint64_t)((double)(now - load->start_ns) * options->rate / 1e9);
  if (due <= load->issued) return 0;
  /* What is due is spread over the flows, as independent clients would. */
  uint64_t share = (due - load->issued + options->sockets - 1) / options->sockets;
  return share < flow->free_count ? (unsigned)share : flow->free_count;
}

uint16_t start_query(struct load *load, struct flow *flow, uint32_t query, uint64_t now) {
  unsigned index = flow->free[--flow->free_count];
  struct slot *slot = &flow->slots[index];
  slot->generation++;
  slot->query = query;
  /* Open loop: latency counts from the time at which it should have left (no coordinated omission). */
  slot->since_ns = load->options.rate == 0 ? now : load->start_ns + (uint64_t)((double)load->issued * 1e9 / load->options.rate);
  load->issued++;
  load->in_flight++;
  load->tally.sent++;
  return (uint16_t)((unsigned)slot->generation << SLOT_BITS | index);
}

static void free_slot(struct load *load, struct flow *flow, unsigned index) {
  flow->slots[index].since_ns = 0;
  flow->free[flow->free_count++] = (uint8_t)index;
  load->in_flight--;
}

void take_reply(struct load *load, struct flow *flow, const uint8_t *reply, unsigned length, uint64_t now) {
  unsigned id = length >= 2 ? (unsigned)reply[0] << 8 | reply[1] : 0, index = id & JUNK_SLOT;
  if (length >= 2 && index == JUNK_SLOT) {
    load->tally.junk_replies++;
    return;
  }
  struct slot *slot = index < load->options.window ? &flow->slots[index] : NULL;
  if (length < 12 || slot == NULL || slot->since_ns == 0 || (uint16_t)((unsigned)slot->generation << SLOT_BITS | index) != id) {
    load->tally.unmatched++;
    return;
  }
  if (is_right(load, reply, length, slot->query)) {
    count_reply(load, reply, length, now > slot->since_ns ? now - slot->since_ns : 0, now <= load->end_ns);
  } else {
    load->tally.wrong++;
    load->tally.rcodes[reply[3] & 15]++;
  }
  free_slot(load, flow, index);
}

static void lose_older(struct load *load, struct flow *flow, uint64_t before_ns) {
  for (unsigned i = 0; i < load->options.window; i++) {
    if (flow->slots[i].since_ns == 0 || flow->slots[i].since_ns > before_ns) continue;
    load->tally.lost++;
    free_slot(load, flow, i);
  }
}

void sweep_lost(struct load *load, uint64_t now, bool force) {
  if (!force && now - load->swept_ns < SWEEP_NS) return;
  load->swept_ns = now;
  for (unsigned i = 0; i < load->options.sockets; i++) lose_older(load, &load->flows[i], force ? UINT64_MAX : now - LOST_AFTER_NS);
}

void lose_all(struct load *load, struct flow *flow) { lose_older(load, flow, UINT64_MAX); }

bool goes_on(const struct load *load, uint64_t now) {
  return now < load->end_ns || (load->in_flight > 0 && now < load->end_ns + LOST_AFTER_NS);
}
