/**
 * The compiled zones: typed arrays that lie in the snapshot. Pure types; made by compile-zones.ts, read by find-name.ts and
 * resolver/answer. Every owner name, empty non-terminal included, is a node; nodes are numbered in canonical order of their names.
 *
 *   name ─ hash ─► slots ─► node ─► zone, flags, cut above, wildcard below, steered entry          (rows: zone-rows.ts)
 *                             └► its RRsets, one behind the other ─► records (u16 length, rdata) in `rdata`
 */

/** The apex of its zone. */
export const NODE_APEX = 1
/** Delegation point: NS below the apex. */
export const NODE_CUT = 2
/** No RRset of its own (RFC 4592 §2.2.2). */
export const NODE_EMPTY = 4
/** Owns a CNAME. */
export const NODE_ALIAS = 8

/** Owns a DNAME (RFC 6672): names below it are redirected. */
export const NODE_DNAME = 16
/** Apex whose DS is that of the zone above, which is ours too: no data of the zone itself (RFC 4035 §2.4, §3.1.4.1). */
export const NODE_PARENT_DS = 32
/** Owns an RRset of ADDITIONAL_TYPES. */
export const NODE_ADDITIONAL = 64

/** Types whose rdata names hosts that go into the additional section: NS, MX, AFSDB, RT, SRV, NAPTR, KX, SVCB, HTTPS, LP. */
export const ADDITIONAL_TYPES: ReadonlySet<number> = new Set([2, 15, 18, 21, 33, 35, 36, 64, 65, 107])

/** No node, no entry. */
export const NONE = -1

/** Steered entry flag: an endpoint with a host name may be picked, then the answer is a CNAME for every type. */
export const STEER_TARGETS = 1

/** All columns. n nodes, r RRsets, z zones, s steered entries, t templates. */
export type ZoneColumns = {
  /** Open-addressed hash table of names; a power of two slots, at most three quarters full. Read through zone-rows.ts, as the next two. */
  readonly slots: Uint32Array
  /** n rows. */
  readonly nodes: Int32Array
  /** r rows. */
  readonly rrsets: Uint32Array
  /** Names of the nodes, canonical wire form, one behind the other. */
  readonly names: Uint8Array
  /** Records of the RRsets: u16 length, rdata. */
  readonly rdata: Uint8Array

  /** z: apex node, SOA RRset, NS RRset of the apex. */
  readonly zoneApex: Uint32Array
  readonly zoneSoa: Uint32Array
  /** z: the zone that holds the name above the apex with authority; -1 = none of ours. */
  readonly zoneParent: Int32Array
  /** z: TTL of negative answers, min(SOA TTL, SOA minimum) (RFC 2308 §3). */
  readonly zoneNegativeTtlSeconds: Uint32Array
  /** z: 1 = the client subnet is used. */
  readonly zoneUsesClientSubnet: Uint8Array
  /** Resolvers whose client subnets are used in those zones (ecs-trust.ts). */
  readonly ecsTrust: Uint32Array

  /** s: STEER_* bits. */
  readonly steerFlags: Uint8Array
  /** s + 1: its types are steerTypes[steerTypeFirst[s] … steerTypeFirst[s+1]-1]. */
  readonly steerTypeFirst: Uint32Array
  readonly steerTypes: Uint16Array
  /** Beside steerTypes: policy number. */
  readonly steerTypePolicy: Uint32Array
  /** Beside steerTypes: template number; -1 = A or AAAA, made of the endpoint's address. */
  readonly steerTemplate: Int32Array
  /** t + 1: its rows are templateFirst[t] … templateFirst[t+1]-1, sorted by endpoint. */
  readonly templateFirst: Uint32Array
  /** Row: endpoint number. */
  readonly templateEndpoint: Uint32Array
  /** Rows + 1: rdata of the row in templateRdata. */
  readonly templateRdataFirst: Uint32Array
  readonly templateRdata: Uint8Array
}
