/**
 * Rdata on the wire: names of a message written out (RFC 3597 §4), and the canonical form of DNSSEC (RFC 4034 §6.2). Pure; for
 * transfers, updates, signing and tools, not for the answer path.
 */
import { nameLengthAt, readMessageName } from '../name.ts'
import { Octets } from '../octets.ts'
import { codecOf } from './field-registry.ts'
import { findRdataType } from './rdata-registry.ts'
import { isWellFormed } from './rdata-text.ts'

/**
 * Rdata of `message` from `start` to `end` with its names written out, as it is stored. `undefined` when it is not rdata of its type.
 * Pointers are followed in every type whose names stand alone: those of RFC 1035 may be compressed, and RFC 3597 §4 asks receivers
 * to bear with them in later ones.
 */
export function readMessageRdata(message: Uint8Array, type: number, start: number, end: number): Uint8Array | undefined {
  const fields = findRdataType(type)?.fields
  if (fields === undefined) return message.slice(start, end)
  if (!fields.some((field) => field.kind === 'name')) {
    const rdata = message.slice(start, end)
    return isWellFormed(type, rdata) ? rdata : undefined
  }
  const out = new Octets(end - start + 256)
  let at = start
  for (const field of fields) {
    if (field.kind === 'name') {
      const read = readMessageName(message, at, end)
      if (read === undefined) return undefined
      out.pushAll(read.name)
      at = read.next
      continue
    }
    const length = codecOf(field).lengthAt(field, message, at, end)
    if (length < 0 || at + length > end) return undefined
    out.pushAll(message.subarray(at, at + length))
    at += length
  }
  const rdata = out.take()
  return at === end && isWellFormed(type, rdata) ? rdata : undefined
}

/**
 * The canonical form: names in lower case where RFC 4034 §6.2 (as amended by RFC 6840 §5.1) says so. Rdata is uncompressed; octets
 * that do not fit their type come back as they are.
 */
export function canonicalRdata(type: number, rdata: Uint8Array): Uint8Array {
  const fields = findRdataType(type)?.fields
  if (fields === undefined || !fields.some((field) => field.kind === 'name' && field.lower === true) || !isWellFormed(type, rdata))
    return rdata
  const canonical = Uint8Array.from(rdata)
  let at = 0
  for (const field of fields) {
    const length = field.kind === 'name' ? nameLengthAt(rdata, at, rdata.length) : codecOf(field).lengthAt(field, rdata, at, rdata.length)
    if (field.kind === 'name' && field.lower === true) {
      // Length octets are below 64, so only letters change.
      for (let i = at; i < at + length; i++) if (canonical[i]! >= 0x41 && canonical[i]! <= 0x5a) canonical[i]! += 0x20
    }
    at += length
  }
  return canonical
}
