/*
 * Checks of replies, counts, and the latency histogram: 64 buckets for each power of two of nanoseconds, so a percentile is right to
 * within 1 %. Prints the one JSON line.
 */
#include "load.h"

#include <stdio.h>
#include <string.h>

#define SUB_BITS 6
#define SUB_BUCKETS (1u << SUB_BITS)

static unsigned bucket_of(uint64_t ns) {
  if (ns < SUB_BUCKETS) return (unsigned)ns;
  unsigned power = 63u - (unsigned)__builtin_clzll(ns);
  unsigned index = (power - SUB_BITS + 1) * SUB_BUCKETS + (unsigned)(ns >> (power - SUB_BITS) & (SUB_BUCKETS - 1));
  return index < HISTOGRAM_BUCKETS ? index : HISTOGRAM_BUCKETS - 1;
}

/* The middle of a bucket. */
static double bucket_ns(unsigned index) {
  if (index < SUB_BUCKETS) return index;
  unsigned power = index / SUB_BUCKETS + SUB_BITS - 1;
  return ((double)SUB_BUCKETS + index % SUB_BUCKETS + 0.5) * (double)(1ull << (power - SUB_BITS));
}

static unsigned read16(const uint8_t *at) { return (unsigned)at[0] << 8 | at[1]; }

/* First octet after a name, or `length` when it does not end inside the message. */
static unsigned skip_name(const uint8_t *message, unsigned length, unsigned at) {
  while (at < length && message[at] != 0) {
    if (message[at] >= 0xc0) return at + 2 < length ? at + 2 : length;
    at += message[at] + 1u;
  }
  return at < length ? at + 1 : length;
}

/* Scope prefix length of the client subnet option; -1 when the reply has none. */
static int find_scope(const uint8_t *reply, unsigned length) {
  unsigned at = 12, records = read16(reply + 6) + read16(reply + 8) + read16(reply + 10);
  for (unsigned i = read16(reply + 4); i > 0; i--) at = skip_name(reply, length, at) + 4;
  for (; records > 0; records--) {
    at = skip_name(reply, length, at);
    if (at + 10 > length) return -1;
    unsigned type = read16(reply + at), end = at + 10 + read16(reply + at + 8);
    at += 10;
    if (end > length) return -1;
    for (; type == 41 && at + 4 <= end; at += 4 + read16(reply + at + 2))
      if (read16(reply + at) == 8 && read16(reply + at + 2) >= 4 && at + 8 <= end) return reply[at + 7];
    at = end;
  }
  return -1;
}

bool is_right(const struct load *load, const uint8_t *reply, unsigned length, uint32_t query) {
  const struct query_pool *pool = &load->pool;
  enum expected_reply expected = load->options.expected;
  unsigned question = pool->lengths[query] - pool->opt_bytes - 12u, answers = read16(reply + 6), rcode = reply[3] & 15;
  if ((reply[2] & 0x80) == 0) return false;
  if (expected == EXPECT_ANY) return true;
  if ((reply[2] & 2) != 0 || length < 12 + question) return false;
  if (read16(reply + 4) != 1 || memcmp(reply + 12, pool->bytes + (size_t)query * pool->stride + 12, question) != 0) return false;
  if (expected == EXPECT_NXDOMAIN) return rcode == 3 && answers == 0;
  return rcode == 0 && (expected == EXPECT_NODATA ? answers == 0 : answers > 0);
}

void count_reply(struct load *load, const uint8_t *reply, unsigned length, uint64_t latency_ns, bool in_time) {
  struct tally *tally = &load->tally;
  tally->received++;
  if (in_time) tally->received_in_time++;
  tally->bytes += length;
  tally->rcodes[reply[3] & 15]++;
  tally->histogram[bucket_of(latency_ns)]++;
  if (latency_ns > tally->max_ns) tally->max_ns = latency_ns;
  if (load->options.edns != EDNS_ECS4 && load->options.edns != EDNS_ECS6) return;
  int scope = find_scope(reply, length);
  if (scope < 0) return;
  tally->ecs_echoed++;
  tally->scope_sum += (unsigned)scope;
}

/* Latency below which a share of the replies lies, in microseconds. */
static double percentile_us(const struct tally *tally, double share) {
  uint64_t sum = 0;
  for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
    sum += tally->histogram[i];
    if (sum > 0 && (double)sum >= share * (double)tally->received) {
      double ns = bucket_ns(i);
      return (ns < (double)tally->max_ns ? ns : (double)tally->max_ns) / 1e3;
    }
  }
  return 0;
}

static double ratio(double part, double whole) { return whole > 0 ? part / whole : 0; }

void print_tally(const struct load *load) {
  const struct tally *tally = &load->tally;
  double seconds = (double)(load->end_ns - load->start_ns) / 1e9;
  printf("{\"sent\":%llu,\"received\":%llu,\"lost\":%llu,\"wrong\":%llu,\"unmatched\":%llu,", (unsigned long long)tally->sent,
         (unsigned long long)tally->received, (unsigned long long)tally->lost, (unsigned long long)tally->wrong,
         (unsigned long long)tally->unmatched);
  printf("\"junkSent\":%llu,\"junkReplies\":%llu,\"reconnects\":%llu,\"seconds\":%.3f,\"qps\":%.0f,",
         (unsigned long long)tally->junk_sent, (unsigned long long)tally->junk_replies, (unsigned long long)tally->reconnects, seconds,
         (double)tally->received_in_time / seconds);
  printf("\"p50Us\":%.1f,\"p99Us\":%.1f,\"p999Us\":%.1f,\"maxUs\":%.1f,", percentile_us(tally, 0.5), percentile_us(tally, 0.99),
         percentile_us(tally, 0.999), (double)tally->max_ns / 1e3);
  printf("\"averageBytes\":%.1f,\"ecsPercent\":%.2f,\"meanScope\":%.2f,\"idlePercent\":%.1f,\"rcodes\":{",
         ratio((double)tally->bytes, (double)tally->received), 100 * ratio((double)tally->ecs_echoed, (double)tally->received),
         ratio((double)tally->scope_sum, (double)tally->ecs_echoed), 100 * ratio((double)tally->empty_polls, (double)tally->polls));
  const char *separator = "";
  for (unsigned rcode = 0; rcode < 16; rcode++) {
    if (tally->rcodes[rcode] == 0) continue;
    printf("%s\"%u\":%llu", separator, rcode, (unsigned long long)tally->rcodes[rcode]);
    separator = ",";
  }
  printf("}}\n");
}
