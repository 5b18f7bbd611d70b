/*
 * dns-load: asks a DNS server on this machine as fast as it answers (closed loop), or at a fixed rate (open loop), on one thread, and
 * prints one JSON line. Each reply is checked: id, question, QR, TC, rcode, answer count. Loopback only, at most 120 s.
 *
 * Closed loop: SOCKETS flows (UDP sockets or, with -x, TCP connections) with WINDOW queries in flight on each. Open loop (-r): queries leave
 * on a schedule spread over the flows, and latency counts from the scheduled time, also where a full window held the query back.
 *
 * The JSON line: `sent` queries without junk = `received` (right replies) + `wrong` + `lost` (no reply within 0.5 s). `unmatched`: replies
 * that came later, or twice. `qps`: right replies a second until the end of the time. `ecsPercent`: right replies that echo the client
 * subnet, `meanScope` its mean scope. `idlePercent`: receive calls that found nothing: near 0 means that the generator was the limit.
 */
#include "load.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char USAGE[] =
    "usage: dns-load -p PORT [options]\n"
    "  -a ADDRESS  127.0.0.0/8 or ::1                                        [127.0.0.1]\n"
    "  -t SECONDS  how long to ask, at most 120                              [5]\n"
    "  -n SOCKETS  flows, at most 1024                                       [16]\n"
    "  -w WINDOW   queries in flight on each, at most 64                     [16]\n"
    "  -r RATE     open loop: queries a second in all                        [closed loop]\n"
    "  -q NAME     what to ask for; may hold one %d, which needs -N          [www.example.]\n"
    "  -N COUNT    random numbers below COUNT for %d\n"
    "  -T TYPE     A, AAAA, NS, SOA, MX, TXT, HTTPS or a number              [A]\n"
    "  -e EDNS     none, edns, cookie, ecs4 (random /24), ecs6 (random /56)  [none]\n"
    "  -R REPLY    answer, nodata, nxdomain, or any (a null server)          [answer]\n"
    "  -j PERCENT  malformed packets among all, at most 90                   [0]\n"
    "  -S SEED     of everything that is random                              [1]\n"
    "  -G          no UDP GSO on sending\n"
    "  -m          each socket from another /24 of 127.0.0.0/8, for servers that limit rates by the client's network\n"
    "  -x tcp      persistent TCP connections, pipelined\n";

static void fail(const char *what) {
  fprintf(stderr, "dns-load: %s\n%s", what, USAGE);
  exit(2);
}

/* A whole number between two bounds, or the end. */
static double number(const char *text, double least, double most, const char *what) {
  char *end;
  double value = strtod(text, &end);
  if (*text == 0 || *end != 0 || !(value >= least && value <= most)) fail(what);
  return value;
}

/* Index of a word in a list that ends with NULL, or the end. */
static unsigned word(const char *text, const char *const *words, const char *what) {
  for (unsigned i = 0; words[i] != NULL; i++)
    if (strcmp(words[i], text) == 0) return i;
  fail(what);
  return 0;
}

static uint16_t parse_type(const char *text) {
  static const char *const names[] = {"A", "AAAA", "NS", "SOA", "MX", "TXT", "HTTPS", NULL};
  static const uint16_t codes[] = {1, 28, 2, 6, 15, 16, 65};
  if (text[0] >= '0' && text[0] <= '9') return (uint16_t)number(text, 1, 65535, "-T: no type");
  return codes[word(text, names, "-T: no type")];
}

static void parse_address(struct options *options, const char *text, uint16_t port) {
  struct sockaddr_in *v4 = (struct sockaddr_in *)&options->address;
  struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&options->address;
  if (inet_pton(AF_INET, text, &v4->sin_addr) == 1 && ntohl(v4->sin_addr.s_addr) >> 24 == 127) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    options->address_bytes = sizeof *v4;
  } else if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1 && IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr)) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    options->address_bytes = sizeof *v6;
  } else {
    fail("-a: loopback only");
  }
}

static void parse_options(struct options *options, int argc, char **argv) {
  static const char *const edns[] = {"none", "edns", "cookie", "ecs4", "ecs6", NULL};
  static const char *const expected[] = {"answer", "nodata", "nxdomain", "any", NULL};
  const char *address = "127.0.0.1";
  unsigned port = 0;
  int option;
  *options = (struct options){.seconds = 5, .sockets = 16, .window = 16, .name = "www.example.", .qtype = 1, .seed = 1, .gso = true};
  while ((option = getopt(argc, argv, "p:a:t:n:w:r:q:N:T:e:R:j:S:Gmx:")) != -1) {
    switch (option) {
      case 'p': port = (unsigned)number(optarg, 1, 65535, "-p: no port"); break;
      case 'a': address = optarg; break;
      case 't': options->seconds = number(optarg, 0.01, 120, "-t: 0.01 to 120 seconds"); break;
      case 'n': options->sockets = (unsigned)number(optarg, 1, MAX_FLOWS, "-n: 1 to 1024 sockets"); break;
      case 'w': options->window = (unsigned)number(optarg, 1, MAX_WINDOW, "-w: 1 to 64 in flight"); break;
      case 'r': options->rate = number(optarg, 1, 1e8, "-r: no rate"); break;
      case 'q': options->name = optarg; break;
      case 'N': options->name_count = (unsigned)number(optarg, 1, 4e9, "-N: no count"); break;
      case 'T': options->qtype = parse_type(optarg); break;
      case 'e': options->edns = (enum edns_kind)word(optarg, edns, "-e: no such kind"); break;
      case 'R': options->expected = (enum expected_reply)word(optarg, expected, "-R: no such reply"); break;
      case 'j': options->junk_percent = number(optarg, 0, 90, "-j: 0 to 90 percent"); break;
      case 'S': options->seed = strtoull(optarg, NULL, 10); break;
      case 'G': options->gso = false; break;
      case 'm': options->many_networks = true; break;
      case 'x': options->tcp = strcmp(optarg, "tcp") == 0; break;
      default: fail("no such option");
    }
  }
  if (port == 0 || optind != argc) fail("-p PORT is needed");
  if (options->tcp && options->junk_percent > 0) fail("-j is for UDP: a server may end a connection that brings junk");
  parse_address(options, address, (uint16_t)port);
  if (options->many_networks && options->address.ss_family != AF_INET) fail("-m: IPv6 has one loopback address");
}

int main(int argc, char **argv) {
  static struct load load;
  parse_options(&load.options, argc, argv);
  load.flows = calloc(load.options.sockets, sizeof *load.flows);
  if (load.flows == NULL || !build_queries(&load.pool, &load.options)) return 2;
  if (!(load.options.tcp ? run_tcp(&load) : run_udp(&load))) return 1;
  print_tally(&load);
  return 0;
}
