/** Tells by its content what a file is, so that a wrong file is named for what it is and not for its first odd byte. Pure. */

/** What a file can be. `text` is anything that looks like lines; `unknown` anything else. */
export type FileFormat =
  | 'text'
  | 'mmdb'
  | 'xdb'
  | 'ipdb'
  | 'snapshot'
  | 'ip2region-db'
  | 'html'
  | 'json'
  | 'gzip'
  | 'zip'
  | 'xz'
  | 'tar'
  | 'pdf'
  | 'empty'
  | 'unknown'

/** Bytes of the start and of the end of a file that recognizeFormat wants. */
export const HEAD_BYTES = 4096
export const TAIL_BYTES = 131_072

/** Begin of the metadata, near the end of every MMDB file. */
export const MMDB_MARKER: Buffer<ArrayBuffer> = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1')

/** What to call a format, and what to do with it when it stands where another belongs. */
const NAMES: Readonly<Record<FileFormat, readonly [string, string]>> = {
  text: ['is text', 'use kind: csv, cidr-list, asn-csv or country-csv'],
  mmdb: ['is an MMDB database', 'use kind: mmdb'],
  xdb: ['is an ip2region xdb', 'use kind: xdb'],
  ipdb: ['is an ipdb database', 'use kind: ipdb'],
  snapshot: ['is a geodata file of nearcast', 'use kind: snapshot'],
  'ip2region-db': ['is an ip2region.db, the format before xdb', 'take the xdb of ip2region'],
  html: ['is an HTML page: a sign-in, an error or a download page', 'look at it in a browser and fetch the file itself'],
  json: ['is JSON', 'check the file; an error message of a download service looks like this'],
  gzip: ['is compressed with gzip inside gzip', 'unpack it'],
  zip: ['is a ZIP archive', 'unpack it and name the file inside'],
  xz: ['is compressed with xz', 'unpack it'],
  tar: ['is a tar archive', 'unpack it and name the file inside'],
  pdf: ['is a PDF document', 'name the data file'],
  empty: ['is empty', 'fetch it again'],
  unknown: ['is of no known format', 'check the file and the kind of the source'],
}

/** A format in words, and the remedy when it is not the one that belongs there. */
export function describeFormat(format: FileFormat): { readonly is: string; readonly remedy: string } {
  const [is, remedy] = NAMES[format]
  return { is, remedy }
}

/** Format of a file by its first HEAD_BYTES and last TAIL_BYTES bytes. */
export function recognizeFormat(head: Buffer, tail: Buffer): FileFormat {
  if (head.length === 0) return 'empty'
  const starts = (text: string): boolean => head.toString('latin1', 0, text.length) === text
  if (starts('NEARCGEO')) return 'snapshot'
  if (starts('\x1f\x8b')) return 'gzip'
  if (starts('PK\x03\x04')) return 'zip'
  if (starts('\xfd7zXZ\x00')) return 'xz'
  if (starts('%PDF-')) return 'pdf'
  if (head.length > 262 && head.toString('latin1', 257, 262) === 'ustar') return 'tar'
  if (tail.lastIndexOf(MMDB_MARKER) >= 0) return 'mmdb'
  if (head.length > 6 && head.readUInt32BE(0) < 1 << 20 && head.toString('latin1', 4, 6) === '{"') return 'ipdb'
  if (looksLikeXdb(head)) return 'xdb'
  const text = head
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .trimStart()
  if (/^<(!doctype html|html|head|script|\?xml[^>]*>\s*<(!doctype html|html))/i.test(text)) return 'html'
  if (/^[{[]\s*["{[\]}]/.test(text)) return 'json'
  if (looksLikeIp2regionDb(head)) return 'ip2region-db'
  // A zero byte is in no text; damaged UTF-8 is for the reader, which knows the line.
  return head.includes(0) ? 'unknown' : 'text'
}

/** A low structure version with a vector index (policy 1) or a B tree (2), entries behind the header and its place. */
function looksLikeXdb(head: Buffer): boolean {
  if (head.length < 256) return false
  const version = head.readUInt16LE(0)
  const policy = head.readUInt16LE(2)
  return version >= 1 && version <= 9 && (policy === 1 || policy === 2) && head.readUInt32LE(8) >= 256
}

/** Two offsets of an index behind an 8 KB header of 8-byte entries that start at 0.0.0.0. */
function looksLikeIp2regionDb(head: Buffer): boolean {
  if (head.length < 24) return false
  const first = head.readUInt32LE(0)
  const last = head.readUInt32LE(4)
  return first > 8192 && last > first && (last - first) % 12 === 0 && head.readUInt32LE(8) === 0 && head.readUInt32LE(12) === first
}
