/** What an export of a DNS vendor holds, in one form for all of them. Pure types; read-vendor-json.ts and read-vendor-csv.ts make it. */

/** Vendors whose exports are read. */
export const VENDORS: readonly ['dnspod', 'alibaba', 'huawei'] = ['dnspod', 'alibaba', 'huawei']
export type Vendor = (typeof VENDORS)[number]

/** One record. */
export type VendorRecord = {
  /** "records.csv line 5", "records.json record 3". */
  readonly where: string
  /** Zone without final dot; undefined when the export does not say. */
  readonly zone: string | undefined
  /** Relative owner name; "@" is the apex. */
  readonly name: string
  readonly type: string
  /** Line by its name or code, as the vendor writes it; empty = the default line. */
  readonly line: string
  /** Its id where the export has one beside the name. */
  readonly lineId: string
  readonly value: string
  /** Undefined when weights are off. */
  readonly weight: number | undefined
  readonly priority: number | undefined
  readonly ttlSeconds: number | undefined
  readonly isEnabled: boolean
}

/** A custom line: networks that the customer named. */
export type VendorLine = {
  readonly where: string
  /** Names by which records mean it: name, code, id; the first is for people. */
  readonly names: readonly string[]
  /** Ranges ("192.0.2.1-192.0.2.9"), prefixes or addresses. */
  readonly ranges: readonly string[]
}

/** A named set of lines (DNSPod, Huawei). */
export type VendorLineGroup = { readonly where: string; readonly names: readonly string[]; readonly lines: readonly string[] }

/** All of an export. */
export type VendorExport = {
  /** Undefined when the shape does not tell. */
  readonly vendor: Vendor | undefined
  readonly records: readonly VendorRecord[]
  readonly lines: readonly VendorLine[]
  readonly groups: readonly VendorLineGroup[]
  /** Rows that could not be read. */
  readonly problems: readonly ImportProblem[]
}

/** Something that did not come over as it was. */
export type ImportProblem = {
  /** Where it stands in the export; empty = it concerns the whole. */
  readonly where: string
  /** What it is about ("www A 电信 192.0.2.1"). */
  readonly subject: string
  /** left-out: it is not in the document · changed: it is there, but otherwise · to-do: only the operator knows. */
  readonly kind: 'left-out' | 'changed' | 'to-do'
  readonly reason: string
  /** What to do; empty = nothing. */
  readonly remedy: string
}

/** A file that is no export at all. */
export class ImportError extends Error {
  readonly code = 'IMPORT_FORMAT'
  /** What to do about it. */
  readonly suggestion: string

  constructor(message: string, suggestion: string) {
    super(message)
    this.suggestion = suggestion
  }
}
