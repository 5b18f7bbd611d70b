/*
 * Queries ready to send, and junk. A name with %d gives a pool of queries with random numbers, else the pool holds one query. The
 * random part of a client subnet is written while sending, so that no server profits from a repetition.
 */
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Small sets of numbers repeat in a pool of this size; large ones get a larger pool. */
#define POOL_SMALL 65536u
#define POOL_LARGE 1048576u
/* Queries of one length stand together inside blocks of this size: a burst can only be sent as one if its queries have one length. */
#define BLOCK 1024u
#define OPT_FIXED_BYTES 11u
#define HEADER_BYTES 12u
#define ECS4_PREFIX 24
#define ECS6_PREFIX 56

/* xorshift64*: good enough to spread queries, and a few cycles. */
uint64_t next_random(uint64_t *state) {
  *state ^= *state >> 12;
  *state ^= *state << 25;
  *state ^= *state >> 27;
  return *state * 0x2545f4914f6cdd1dull;
}

/* Writes a name in wire form; returns its length, 0 when it is none. */
static unsigned encode_name(uint8_t *to, const char *text) {
  unsigned length = 0;
  while (*text != 0 && strcmp(text, ".") != 0) {
    const char *dot = strchr(text, '.');
    size_t label = dot != NULL ? (size_t)(dot - text) : strlen(text);
    if (label == 0 || label > 63 || length + label + 2 > 255) return 0;
    to[length++] = (uint8_t)label;
    memcpy(to + length, text, label);
    length += (unsigned)label;
    text += label + (dot != NULL ? 1 : 0);
  }
  to[length++] = 0;
  return length;
}

/* Octets of the option data of each kind: family, source and scope prefix length, address; or a client cookie. */
static unsigned option_bytes(enum edns_kind edns) {
  if (edns == EDNS_ECS4) return 4 + ECS4_PREFIX / 8;
  if (edns == EDNS_ECS6) return 4 + ECS6_PREFIX / 8;
  return edns == EDNS_COOKIE ? 8 : 0;
}

/* Writes the OPT record; returns its length. Random parts follow while sending. */
static unsigned write_opt(uint8_t *to, enum edns_kind edns) {
  unsigned option = option_bytes(edns);
  if (edns == EDNS_NONE) return 0;
  memset(to, 0, OPT_FIXED_BYTES + 4 + option);
  to[2] = 41;
  to[3] = 1232 >> 8;
  to[4] = 1232 & 255;
  if (option == 0) return OPT_FIXED_BYTES;
  to[10] = (uint8_t)(option + 4);
  to[12] = edns == EDNS_COOKIE ? 10 : 8;
  to[14] = (uint8_t)option;
  if (edns != EDNS_COOKIE) {
    to[16] = edns == EDNS_ECS4 ? 1 : 2;
    to[17] = edns == EDNS_ECS4 ? ECS4_PREFIX : ECS6_PREFIX;
  }
  return OPT_FIXED_BYTES + 4 + option;
}

/* Writes one query with id 0; returns its length, 0 when the name is none. */
static unsigned write_query(uint8_t *to, const char *name, const struct options *options) {
  memset(to, 0, HEADER_BYTES);
  to[5] = 1;
  to[11] = options->edns == EDNS_NONE ? 0 : 1;
  unsigned length = HEADER_BYTES, name_bytes = encode_name(to + length, name);
  if (name_bytes == 0) return 0;
  length += name_bytes;
  to[length++] = (uint8_t)(options->qtype >> 8);
  to[length++] = (uint8_t)options->qtype;
  to[length++] = 0;
  to[length++] = 1;
  return length + write_opt(to + length, options->edns);
}

/* Orders numbers by their count of digits. */
static int compare_digits(const void *a, const void *b) {
  unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;
  int digits = 0;
  for (; x >= 10 || y >= 10; x /= 10, y /= 10) digits = x < 10 ? -1 : y < 10 ? 1 : 0;
  return digits;
}

/* Draws the numbers for %d. */
static unsigned *draw_numbers(struct query_pool *pool, unsigned name_count) {
  unsigned *numbers = calloc(pool->count, sizeof *numbers);
  if (numbers == NULL || name_count == 0) return numbers;
  for (unsigned i = 0; i < pool->count; i++) numbers[i] = (unsigned)((next_random(&pool->random) >> 32) * name_count >> 32);
  for (unsigned i = 0; i < pool->count; i += BLOCK) qsort(numbers + i, BLOCK, sizeof *numbers, compare_digits);
  return numbers;
}

bool build_queries(struct query_pool *pool, const struct options *options) {
  const char *percent = strstr(options->name, "%d");
  if ((percent != NULL) != (options->name_count > 0)) {
    fprintf(stderr, "dns-load: -N COUNT and a %%d in the name of -q need each other\n");
    return false;
  }
  pool->random = (options->seed + 1) * 0x9e3779b97f4a7c15ull | 1;
  for (int i = 0; i < 8; i++) next_random(&pool->random);
  pool->edns = options->edns;
  pool->count = percent == NULL ? 1 : options->name_count > POOL_SMALL / 2 ? POOL_LARGE : POOL_SMALL;
  pool->stride = (unsigned)(strlen(options->name) + HEADER_BYTES + 64) & ~15u;
  if (pool->stride > MAX_QUERY_BYTES + 64) pool->stride = MAX_QUERY_BYTES + 64;
  pool->bytes = calloc(pool->count, pool->stride);
  pool->lengths = calloc(pool->count, sizeof *pool->lengths);
  unsigned *numbers = draw_numbers(pool, options->name_count);
  if (pool->bytes == NULL || pool->lengths == NULL || numbers == NULL) return false;
  uint8_t query[MAX_QUERY_BYTES + 64];
  char name[300];
  for (unsigned i = 0; i < pool->count; i++) {
    int head = percent != NULL ? (int)(percent - options->name) : (int)strlen(options->name);
    int written = percent != NULL ? snprintf(name, sizeof name, "%.*s%u%s", head, options->name, numbers[i], percent + 2)
                                  : snprintf(name, sizeof name, "%s", options->name);
    unsigned length = written < (int)sizeof name ? write_query(query, name, options) : 0;
    if (length == 0 || length > pool->stride) {
      fprintf(stderr, "dns-load: \"%s\" is no name\n", options->name);
      free(numbers);
      return false;
    }
    memcpy(pool->bytes + (size_t)i * pool->stride, query, length);
    pool->lengths[i] = (uint16_t)length;
  }
  pool->opt_bytes = write_opt(query, options->edns);
  free(numbers);
  return true;
}

/* A random /24 of unicast addresses, but not of those that never ask from outside. */
static void write_random_ipv4(struct query_pool *pool, uint8_t *to) {
  unsigned first, word;
  do {
    word = (unsigned)(next_random(&pool->random) >> 32);
    first = word >> 24;
  } while (first == 0 || first == 10 || first == 127 || first >= 224);
  to[0] = (uint8_t)first;
  to[1] = (uint8_t)(word >> 16);
  to[2] = (uint8_t)(word >> 8);
}

unsigned take_query(struct query_pool *pool, uint8_t *to, uint32_t *query) {
  unsigned at = pool->next, length = pool->lengths[at];
  pool->next = at + 1 == pool->count ? 0 : at + 1;
  *query = at;
  memcpy(to, pool->bytes + (size_t)at * pool->stride, length);
  if (pool->edns == EDNS_ECS4) write_random_ipv4(pool, to + length - 3);
  else if (pool->edns == EDNS_ECS6) {
    /* A /56 of 2000::/3. */
    uint64_t word = next_random(&pool->random);
    memcpy(to + length - 7, &word, 7);
    to[length - 7] = (uint8_t)((to[length - 7] & 0x1f) | 0x20);
  } else if (pool->edns == EDNS_COOKIE) {
    uint64_t word = next_random(&pool->random);
    memcpy(to + length - 8, &word, 8);
  }
  return length;
}

unsigned write_junk(struct query_pool *pool, uint8_t *to, uint16_t id) {
  uint32_t query;
  uint64_t word = next_random(&pool->random);
  unsigned length = take_query(pool, to, &query), name_end = length - pool->opt_bytes - 4;
  switch ((word >> 8) % 9) {
    case 0: /* cut anywhere */
      length = 1 + (unsigned)((word >> 16) % (length - 1));
      break;
    case 1: /* random octets */
      for (unsigned i = 2; i < length; i++) to[i] = (uint8_t)next_random(&pool->random);
      break;
    case 2: /* a response: RFC 1035 asks servers to pass it over */
      to[2] |= 0x80;
      break;
    case 3: /* an opcode that nobody has */
      to[2] = (uint8_t)(to[2] | 0x78);
      break;
    case 4: /* no question, though one stands there */
      to[5] = 0;
      break;
    case 5: /* more questions than stand there */
      to[5] = 7;
      break;
    case 6: /* a name that points to itself */
      to[HEADER_BYTES] = 0xc0;
      to[HEADER_BYTES + 1] = HEADER_BYTES;
      break;
    case 7: /* a label of a kind that is reserved */
      to[HEADER_BYTES] = 0x80 | 5;
      break;
    default: /* a class of its own, and octets after the end */
      to[name_end + 2] = 0xfe;
      memset(to + length, 0xa5, 16);
      length += 16;
  }
  to[0] = (uint8_t)(id >> 8);
  if (length > 1) to[1] = (uint8_t)id;
  return length;
}
