/** Head of small kept files: magic (8 octets), format and length of the body (u32, little-endian), SHA-256 of the body. Pure. */
import { createHash } from 'node:crypto'

/** Magic 8, format u32, length u32, SHA-256. */
const HEAD_BYTES = 8 + 4 + 4 + 32

/** The head that goes before `body`; `magic` has 8 characters of ASCII. */
export function headOf(magic: string, format: number, body: Uint8Array): Buffer {
  const head = Buffer.alloc(HEAD_BYTES)
  head.write(magic, 0, 'latin1')
  head.writeUInt32LE(format, 8)
  head.writeUInt32LE(body.length, 12)
  createHash('sha256').update(body).digest().copy(head, 16)
  return head
}

/** The body of a file. Throws when it is another file ("it is no health file": `what`), another format, cut, or changed. */
export function bodyOf(bytes: Buffer, magic: string, format: number, what: string): Buffer {
  if (bytes.length < HEAD_BYTES || bytes.toString('latin1', 0, 8) !== magic) throw new Error(`it is no ${what}`)
  const found = bytes.readUInt32LE(8)
  if (found !== format) throw new Error(`it has format ${found}, this version reads ${format}`)
  const body = bytes.subarray(HEAD_BYTES)
  if (body.length !== bytes.readUInt32LE(12)) throw new Error('it is truncated')
  if (!createHash('sha256').update(body).digest().equals(bytes.subarray(16, HEAD_BYTES))) throw new Error('its checksum is wrong')
  return body
}
