/** Rows of compiled zones taken apart, so that tests can look at a column. */
import type { ZoneColumns } from '../../resolver/zone/zone-columns.ts'
import {
  countNodes,
  nodeCut,
  nodeDname,
  nodeEndRRset,
  nodeFirstRRset,
  nodeFlags,
  nodeNameAt,
  nodeSteer,
  nodeWildcard,
  nodeZone,
  type PlainRows,
  RRSET_WORDS,
  rrsetCount,
  rrsetDataAt,
  rrsetTtlSeconds,
  rrsetType,
} from '../../resolver/zone/zone-rows.ts'

/** The columns of zones with those that the rows were made of. */
export function withPlainRows(zones: ZoneColumns): ZoneColumns & PlainRows {
  const nodes = Array.from({ length: countNodes(zones) }, (_, node) => node)
  const rrsets = Array.from({ length: zones.rrsets.length / RRSET_WORDS }, (_, rrset) => rrset)
  const ofNodes = (read: (zones: ZoneColumns, node: number) => number): number[] => nodes.map((node) => read(zones, node))
  const ofRRsets = (read: (zones: ZoneColumns, rrset: number) => number): number[] => rrsets.map((rrset) => read(zones, rrset))
  const rrsetEnd = nodes.length === 0 ? 0 : nodeEndRRset(zones, nodes.length - 1)
  return {
    ...zones,
    nodeNameFirst: Uint32Array.from([...ofNodes(nodeNameAt), zones.names.length]),
    nodeZone: Uint32Array.from(ofNodes(nodeZone)),
    nodeFlags: Uint8Array.from(ofNodes(nodeFlags)),
    nodeCut: Int32Array.from(ofNodes(nodeCut)),
    nodeDname: Int32Array.from(ofNodes(nodeDname)),
    nodeWildcard: Int32Array.from(ofNodes(nodeWildcard)),
    nodeSteer: Int32Array.from(ofNodes(nodeSteer)),
    nodeRRsetFirst: Uint32Array.from([...ofNodes(nodeFirstRRset), rrsetEnd]),
    rrsetType: Uint16Array.from(ofRRsets(rrsetType)),
    rrsetTtlSeconds: Uint32Array.from(ofRRsets(rrsetTtlSeconds)),
    rrsetCount: Uint16Array.from(ofRRsets(rrsetCount)),
    rrsetDataFirst: Uint32Array.from([...ofRRsets(rrsetDataAt), zones.rdata.length]),
  }
}
