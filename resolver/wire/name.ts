/**
 * Domain names: wire form (RFC 1035 §3.1) ↔ presentation form (§5.1). Byte-safe: a label is octets, not text (characters beyond ASCII
 * are those of UTF-8); case is kept, and
 * canonical names are lower-cased in A–Z only (RFC 4343 §3). Pure. The hot reader of a question's name is in read-query.ts.
 */

/** Longest name in wire form, with its root label (RFC 1035 §2.3.4). */
export const MAX_NAME_BYTES = 255
/** Longest label (RFC 1035 §2.3.4). */
export const MAX_LABEL_BYTES = 63

/** A name that cannot be: the reason, as a lower-case fragment. */
export class NameError extends Error {}

const DOT = 0x2e
const BACKSLASH = 0x5c

/** Octets of the character at `at` in UTF-8, as which a text beyond ASCII stands in a file: a label is octets (RFC 2181 §11). */
export function utf8Octets(text: string, at: number): Uint8Array {
  return new TextEncoder().encode(String.fromCodePoint(text.codePointAt(at)!))
}

/**
 * The escape (\X, \DDD) whose backslash is at `at`: its octet and the length of its text. X is ASCII
 * and no digit (RFC 1035 §5.1).
 */
export function readEscape(text: string, at: number): { readonly octet: number; readonly length: number } {
  const digits = /^[0-9]{3}/.exec(text.slice(at + 1, at + 4))
  if (digits !== null) {
    const octet = Number(digits[0])
    if (octet > 255) throw new NameError(`escape "\\${digits[0]}" is over 255`)
    return { octet, length: 4 }
  }
  if (at + 1 >= text.length) throw new NameError('a backslash at the end escapes nothing')
  const octet = text.charCodeAt(at + 1)
  if (octet >= 0x30 && octet <= 0x39) throw new NameError(`"${text.slice(at, at + 3)}" escapes no octet: a number has three digits`)
  return { octet, length: 2 }
}

/** Names are put together here before they are copied out. */
const SCRATCH = new Uint8Array(MAX_NAME_BYTES + 1)

/**
 * Presentation form → wire form, case kept. A name without a final dot is completed with `origin` (wire form); "@" is the origin
 * itself. Throws NameError.
 */
export function parseName(text: string, origin?: Uint8Array): Uint8Array {
  if (text === '@' && origin !== undefined) return origin
  return SCRATCH.slice(0, scanName(text, origin, SCRATCH))
}

/**
 * The same, written to the start of `out` (at least 256 octets) without garbage: what a master file of a million names is read
 * with. Returns the octets written.
 */
export function scanName(text: string, origin: Uint8Array | undefined, out: Uint8Array): number {
  if (text === '') throw new NameError('the name is empty')
  if (text === '.') {
    out[0] = 0
    return 1
  }
  if (text === '@' && origin !== undefined) {
    out.set(origin)
    return origin.length
  }
  let position = 1
  let labelAt = 0
  let absolute = false
  for (let at = 0; at < text.length; ) {
    let octet = text.charCodeAt(at)
    if (octet === DOT) {
      endLabel(text, position - labelAt - 1, labelAt, out)
      at++
      labelAt = position
      absolute = at === text.length
      if (position <= MAX_NAME_BYTES) out[position] = 0
      position++
      continue
    }
    // A backslash before a character beyond ASCII means this character.
    if (octet === BACKSLASH && text.charCodeAt(at + 1) > 0x7f) octet = text.charCodeAt(++at)
    if (octet > 0x7f) {
      const octets = utf8Octets(text, at)
      for (const one of octets) {
        if (position <= MAX_NAME_BYTES) out[position] = one
        position++
      }
      at += octets.length > 3 ? 2 : 1
      continue
    }
    if (octet === BACKSLASH) {
      const read = readEscape(text, at)
      octet = read.octet
      at += read.length
    } else at++
    if (position <= MAX_NAME_BYTES) out[position] = octet
    position++
  }
  if (absolute) {
    if (position > MAX_NAME_BYTES) throw tooLong(text, position)
    return position
  }
  endLabel(text, position - labelAt - 1, labelAt, out)
  if (origin === undefined) throw new NameError(`name "${text}" is relative and there is no origin; end it with a dot`)
  const total = position + origin.length
  if (total > MAX_NAME_BYTES) throw tooLong(text, total)
  out.set(origin, position)
  return total
}

function tooLong(text: string, total: number): NameError {
  return new NameError(`name "${text}" has ${total} octets, at most ${MAX_NAME_BYTES} are allowed`)
}

function endLabel(text: string, length: number, labelAt: number, out: Uint8Array): void {
  if (length === 0) throw new NameError(`name "${text}" has an empty label`)
  if (length > MAX_LABEL_BYTES) throw new NameError(`a label of "${text}" has ${length} octets, at most ${MAX_LABEL_BYTES} are allowed`)
  if (labelAt <= MAX_NAME_BYTES) out[labelAt] = length
}

/** One octet of a label in presentation form. */
function formatOctet(octet: number): string {
  if (
    octet === DOT ||
    octet === BACKSLASH ||
    octet === 0x22 ||
    octet === 0x28 ||
    octet === 0x29 ||
    octet === 0x3b ||
    octet === 0x40 ||
    octet === 0x24
  ) {
    return `\\${String.fromCharCode(octet)}`
  }
  return octet > 0x20 && octet < 0x7f ? String.fromCharCode(octet) : `\\${String(octet).padStart(3, '0')}`
}

/** Wire form (uncompressed) → presentation form, always with a final dot. */
export function formatName(name: Uint8Array, start: number = 0): string {
  let text = ''
  for (let at = start; name[at] !== 0 && at < name.length; ) {
    const end = at + 1 + name[at]!
    for (at++; at < end; at++) text += formatOctet(name[at]!)
    text += '.'
  }
  return text === '' ? '.' : text
}

/** Lower-cased copy (A–Z only): the canonical form in which names are stored and compared. Length octets are below 64 and stay. */
export function canonicalName(name: Uint8Array): Uint8Array {
  const lower = Uint8Array.from(name)
  for (let at = 0; at < lower.length; at++) if (lower[at]! >= 0x41 && lower[at]! <= 0x5a) lower[at]! += 0x20
  return lower
}

/** Octets of the uncompressed name that begins at `at`; -1 when it runs past `end`, is compressed, or is too long. */
export function nameLengthAt(bytes: Uint8Array, at: number, end: number): number {
  let position = at
  while (position < end) {
    const length = bytes[position]!
    if (length === 0) return position + 1 - at <= MAX_NAME_BYTES ? position + 1 - at : -1
    if (length > MAX_LABEL_BYTES) return -1
    position += 1 + length
  }
  return -1
}

/** Number of labels of an uncompressed name, the root not counted. */
export function countLabels(name: Uint8Array): number {
  let count = 0
  for (let at = 0; name[at] !== undefined && name[at] !== 0; at += 1 + name[at]!) count++
  return count
}

/** True when `name` is `ancestor` or below it; both canonical. */
export function isAtOrBelow(name: Uint8Array, ancestor: Uint8Array): boolean {
  for (let at = 0; name.length - at >= ancestor.length; at += 1 + name[at]!) {
    if (name.length - at === ancestor.length) return equalBytes(name, at, ancestor)
  }
  return false
}

function equalBytes(a: Uint8Array, from: number, b: Uint8Array): boolean {
  for (let i = 0; i < b.length; i++) if (a[from + i] !== b[i]) return false
  return true
}

/**
 * Reads the name at `at` of a message, following compression pointers (RFC 1035 §4.1.4), into a new array. Pointers must point
 * backwards, so that a chain always ends. `undefined` when it is malformed.
 */
export function readMessageName(
  message: Uint8Array,
  at: number,
  end: number,
): { readonly name: Uint8Array; readonly next: number } | undefined {
  const bytes: number[] = []
  let position = at
  let next = -1
  let floor = at
  for (;;) {
    if (position >= end) return undefined
    const length = message[position]!
    if ((length & 0xc0) === 0xc0) {
      if (position + 1 >= end) return undefined
      const target = ((length & 0x3f) << 8) | message[position + 1]!
      if (next < 0) next = position + 2
      if (target >= floor) return undefined
      floor = target
      position = target
      continue
    }
    if (length > MAX_LABEL_BYTES) return undefined
    bytes.push(length)
    if (length === 0) break
    if (position + 1 + length > end) return undefined
    for (let i = 1; i <= length; i++) bytes.push(message[position + i]!)
    if (bytes.length >= MAX_NAME_BYTES) return undefined
    position += 1 + length
  }
  return { name: Uint8Array.from(bytes), next: next < 0 ? position + 1 : next }
}
