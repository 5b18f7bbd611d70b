/** A vendor's record → rdata in presentation form, or why it is none. Pure. Vendors write host names without final dot and TXT without quotes. */
import { findAddress, formatAddress } from '../../geodata/address/address.ts'
import type { VendorRecord } from './vendor-export.ts'

/** Types under other names. */
const TYPE_NAMES: ReadonlyMap<string, string> = new Map([['SPF', 'TXT']])
/** HTTP redirections that vendors list among the records. */
const REDIRECTIONS = /^(显性URL|隐性URL|REDIRECT_URL|FORWARD_URL|URL|URL301|URL302|301|302|FRAME)$/i
const FLATTENED = /^(ALIAS|ANAME|FLATTENED_CNAME)$/i
/** Types whose rdata is one host name. */
const HOST_TYPES: ReadonlySet<string> = new Set(['CNAME', 'NS', 'PTR', 'DNAME'])
/** Longest string of TXT rdata. */
const MAX_STRING_BYTES = 255

/** Type and rdata, or the reason why it has none. */
export type Rdata = { readonly type: string; readonly data: string } | { readonly reason: string; readonly remedy: string }

/** Reads a record. */
export function rdataOfRecord({ type: written, value, priority }: Pick<VendorRecord, 'type' | 'value' | 'priority'>): Rdata {
  if (REDIRECTIONS.test(written))
    return { reason: 'it is an HTTP redirection of the vendor, no DNS record', remedy: 'serve the redirection from a web server' }
  if (FLATTENED.test(written)) return { reason: `${written} is no DNS record`, remedy: 'write the addresses of the name it leads to' }
  const type = TYPE_NAMES.get(written.toUpperCase()) ?? written.toUpperCase()
  if (!/^[A-Z][A-Z0-9-]{0,15}$/.test(type)) return { reason: `"${written}" is no record type`, remedy: '' }
  if (type === 'A' || type === 'AAAA') return addressRdata(type, value)
  if (HOST_TYPES.has(type)) return { type, data: absolute(value) }
  if (type === 'MX') return mxRdata(value, priority)
  if (type === 'SRV') return srvRdata(value, priority)
  if (type === 'TXT') return { type, data: quoted(value) }
  return { type, data: value }
}

/** A host name with its final dot; names in other scripts as in DNS. */
export function absolute(host: string): string {
  const name = host.replace(/\.$/, '')
  if (/^[\x21-\x7e]*$/.test(name)) return `${name}.`
  try {
    return `${new URL(`http://${name}`).hostname}.`
  } catch {
    return `${name}.`
  }
}

function addressRdata(type: 'A' | 'AAAA', value: string): Rdata {
  const address = findAddress(value)
  if (address === undefined || address.family !== (type === 'A' ? 4 : 6)) {
    return { reason: `"${value}" is no ${type === 'A' ? 'IPv4' : 'IPv6'} address`, remedy: 'correct the record' }
  }
  return { type, data: formatAddress(address) }
}

function mxRdata(value: string, priority: number | undefined): Rdata {
  const parts = value.split(/\s+/)
  if (parts.length === 2 && /^\d+$/.test(parts[0]!)) return { type: 'MX', data: `${parts[0]} ${absolute(parts[1]!)}` }
  if (parts.length !== 1) return { reason: `"${value}" is no mail exchanger`, remedy: 'correct the record' }
  return { type: 'MX', data: `${priority ?? 10} ${absolute(value)}` }
}

function srvRdata(value: string, priority: number | undefined): Rdata {
  const parts = value.split(/\s+/)
  const all = parts.length === 3 && priority !== undefined ? [String(priority), ...parts] : parts
  if (all.length !== 4) return { reason: `"${value}" is not priority, weight, port and host`, remedy: 'correct the record' }
  return { type: 'SRV', data: [...all.slice(0, 3), absolute(all[3]!)].join(' ') }
}

/** TXT in quotes, in strings that fit; what already stands in quotes stays. */
function quoted(value: string): string {
  if (/^"(?:[^"\\]|\\.)*"(\s+"(?:[^"\\]|\\.)*")*$/.test(value)) return value
  const strings: string[] = []
  let current = ''
  let bytes = 0
  for (const byte of new TextEncoder().encode(value)) {
    if (bytes === MAX_STRING_BYTES) {
      strings.push(current)
      current = ''
      bytes = 0
    }
    const character = String.fromCharCode(byte)
    current += byte < 0x20 || byte > 0x7e ? `\\${String(byte).padStart(3, '0')}` : /["\\]/.test(character) ? `\\${character}` : character
    bytes++
  }
  return [...strings, current].map((string) => `"${string}"`).join(' ')
}
