/*
 * What the files of the load generator share: its options, the queries it asks, the slots of queries in flight, and the tally.
 *
 *   dns-load.c     options, main, the JSON line
 *   load-query.c   queries ready to send, and junk
 *   load-flow.c    which queries are in flight, by id; when they are lost; when the next is due
 *   load-tally.c   checks of replies, counts, latency histogram
 *   load-udp.c     the loop over UDP sockets
 *   load-tcp.c     the loop over TCP connections
 */
#ifndef NEARCAST_LOAD_H
#define NEARCAST_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* Queries in flight on one flow: an id has 7 bits for the slot; the last slot number marks junk. */
#define SLOT_BITS 7
#define JUNK_SLOT ((1u << SLOT_BITS) - 1)
#define MAX_WINDOW 64
#define MAX_FLOWS 1024
/* 12 octets of header, a name of 255, 4 of type and class, 11 of OPT and at most 15 of an option, 2 in front for TCP. */
#define MAX_QUERY_BYTES 304
#define MAX_REPLY_BYTES 4096
/* A query without a reply after this time is lost. */
#define LOST_AFTER_NS 500000000ull

/* What stands in the additional section of a query. ECS addresses are random in each query. */
enum edns_kind { EDNS_NONE, EDNS_PLAIN, EDNS_COOKIE, EDNS_ECS4, EDNS_ECS6 };
/* What a right reply is: NOERROR with an answer, without one, NXDOMAIN, or anything with the QR bit. */
enum expected_reply { EXPECT_ANSWER, EXPECT_NODATA, EXPECT_NXDOMAIN, EXPECT_ANY };

struct options {
  struct sockaddr_storage address;
  socklen_t address_bytes;
  double seconds;
  unsigned sockets;
  unsigned window;
  double rate; /* queries a second in open loop; 0: closed loop */
  const char *name;
  unsigned name_count; /* numbers for %d in the name; 0: it holds none */
  uint16_t qtype;
  enum edns_kind edns;
  enum expected_reply expected;
  double junk_percent; /* share of all packets */
  uint64_t seed;
  bool gso;
  bool tcp;
  bool many_networks; /* each flow from another /24 of 127.0.0.0/8 */
};

/* Counters and latencies of one run. */
#define HISTOGRAM_BUCKETS 4096
struct tally {
  uint64_t sent, received, received_in_time, lost, wrong, unmatched, junk_sent, junk_replies, reconnects;
  uint64_t bytes, ecs_echoed, scope_sum, polls, empty_polls, max_ns;
  uint64_t rcodes[16];
  uint64_t histogram[HISTOGRAM_BUCKETS];
};

/* Queries ready to send, `stride` octets apart. */
struct query_pool {
  uint8_t *bytes;
  uint16_t *lengths;
  unsigned count, stride, next;
  unsigned opt_bytes; /* length of the OPT record at the end of each */
  enum edns_kind edns;
  uint64_t random;
};

/* One query in flight. */
struct slot {
  uint64_t since_ns; /* 0: free */
  uint32_t query;    /* which of the pool */
  uint16_t generation;
};

/* A socket or connection and its queries in flight. */
struct flow {
  int fd;
  unsigned free_count;
  uint8_t free[MAX_WINDOW];
  struct slot slots[MAX_WINDOW];
};

struct load {
  struct options options;
  struct query_pool pool;
  struct tally tally;
  struct flow *flows;
  uint64_t start_ns, end_ns, swept_ns;
  uint64_t issued;    /* queries given a slot so far */
  unsigned in_flight; /* on all flows */
  double junk_debt;
};

/* load-query.c */
/* Builds the queries; prints to standard error and returns false when the name is none. */
bool build_queries(struct query_pool *pool, const struct options *options);
/* Writes the next query to `to` (its id is the caller's to fill in); returns its length. *query is its place in the pool. */
unsigned take_query(struct query_pool *pool, uint8_t *to, uint32_t *query);
/* Writes a malformed message to `to`; returns its length, at least 1. Its id, where it has one, is `id`. */
unsigned write_junk(struct query_pool *pool, uint8_t *to, uint16_t id);
uint64_t next_random(uint64_t *state);

/* load-flow.c */
uint64_t now_ns(void);
/* Opens a socket for a flow, connected to the server; -1, having told why, when that fails. */
int open_socket(const struct load *load, const struct flow *flow, int type);
void open_flow(struct load *load, struct flow *flow, int fd);
/* How many queries may leave on the flow now, by its window, by the schedule in open loop, and by the slow start in closed loop. */
unsigned count_due(const struct load *load, const struct flow *flow, uint64_t now);
/* Takes a slot for a query; returns its id. */
uint16_t start_query(struct load *load, struct flow *flow, uint32_t query, uint64_t now);
/* Checks and counts a reply, and frees its slot. */
void take_reply(struct load *load, struct flow *flow, const uint8_t *reply, unsigned length, uint64_t now);
/* Counts queries older than LOST_AFTER_NS as lost, at most every 50 ms; all that are older than `age_ns` when `force`. */
void sweep_lost(struct load *load, uint64_t now, bool force);
/* Counts all queries in flight on one flow as lost. */
void lose_all(struct load *load, struct flow *flow);
/* Whether the loop goes on: to the end of the time, then until nothing is in flight, at most LOST_AFTER_NS more. */
bool goes_on(const struct load *load, uint64_t now);

/* load-tally.c */
bool is_right(const struct load *load, const uint8_t *reply, unsigned length, uint32_t query);
/* Counts a right reply. */
void count_reply(struct load *load, const uint8_t *reply, unsigned length, uint64_t latency_ns, bool in_time);
void print_tally(const struct load *load);

/* load-udp.c, load-tcp.c: return false, having told why, when sockets fail. */
bool run_udp(struct load *load);
bool run_tcp(struct load *load);

#endif
