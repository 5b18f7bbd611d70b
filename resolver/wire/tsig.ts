/**
 * TSIG (RFC 8945): reading, checking and signing of messages with shared keys. Pure: the time is passed in, HMAC is a function of its
 * input. Used by transfers, NOTIFY, updates and signed queries; never on the path of unsigned ones.
 *
 *   server    findTsig ─► verifyRequest ─► ok: createTsigSigner(key, request MAC).sign each reply │ not ok: writeTsigError
 *   client    signRequest ─► MAC ─► createTsigVerifier(key, MAC).verify each reply, .isComplete at the end
 *
 * A digest covers: the MAC before (of the request, or of the signed message before this one) · the message without its TSIG, with the
 * original id · the TSIG variables, which from the second message of a stream on are the timers alone (§5.3.1).
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { canonicalName, formatName, parseName, readMessageName } from './name.ts'
import { CLASS_ANY, RCODE_FORMERR, TYPE_TSIG } from './registry.ts'

/** NOTAUTH: the rcode of a reply to a request whose TSIG failed, and of one for a zone that is not ours (RFC 8945 §5.2, RFC 5936 §2.2.1). */
export const RCODE_NOTAUTH = 9
/** TSIG errors (RFC 8945 §3; BADTRUNC: RFC 8945 §5.2.4). */
export const TSIG_BADSIG = 16
export const TSIG_BADKEY = 17
export const TSIG_BADTIME = 18
export const TSIG_BADTRUNC = 22

/** RFC 8945 §10 recommends 300 s between the clocks of both sides. */
export const TSIG_FUDGE_SECONDS = 300
/** RFC 8945 §5.3.1: of a stream at least every hundredth message is signed. */
export const TSIG_MOST_UNSIGNED = 99

/** Algorithms that keys may have, by their word in the document. hmac-md5 is not among them (RFC 8945 §6: not recommended). */
export const TSIG_ALGORITHMS = ['hmac-sha1', 'hmac-sha224', 'hmac-sha256', 'hmac-sha384', 'hmac-sha512'] as const
/** One of them. */
export type TsigAlgorithm = (typeof TSIG_ALGORITHMS)[number]

const HASHES: Readonly<Record<TsigAlgorithm, { readonly hash: string; readonly macBytes: number; readonly name: Uint8Array }>> = {
  'hmac-sha1': { hash: 'sha1', macBytes: 20, name: parseName('hmac-sha1.') },
  'hmac-sha224': { hash: 'sha224', macBytes: 28, name: parseName('hmac-sha224.') },
  'hmac-sha256': { hash: 'sha256', macBytes: 32, name: parseName('hmac-sha256.') },
  'hmac-sha384': { hash: 'sha384', macBytes: 48, name: parseName('hmac-sha384.') },
  'hmac-sha512': { hash: 'sha512', macBytes: 64, name: parseName('hmac-sha512.') },
}

/** A shared key. */
export type TsigKey = {
  /** Canonical wire form. */
  readonly name: Uint8Array
  readonly algorithm: TsigAlgorithm
  readonly secret: Uint8Array
}

/** The TSIG record of a message. */
export type TsigRecord = {
  /** Offset of the record; the message proper ends here. */
  readonly at: number
  /** Key name, canonical wire form. */
  readonly keyName: Uint8Array
  /** Algorithm name, canonical wire form. */
  readonly algorithmName: Uint8Array
  /** Time of signing, seconds since epoch. */
  readonly timeSeconds: number
  readonly fudgeSeconds: number
  readonly mac: Uint8Array
  readonly originalId: number
  /** TSIG error, 0 in requests. */
  readonly error: number
  readonly otherData: Uint8Array
}

/** What a message holds: no TSIG, one in its place, or one that makes the message FORMERR (§5.1, §5.2). */
export type TsigFound = { readonly kind: 'none' } | { readonly kind: 'malformed' } | { readonly kind: 'found'; readonly record: TsigRecord }

const HEADER_BYTES = 12
const NOTHING = new Uint8Array(0)

/** Finds the TSIG record. RFC 8945 §5.1: it is the last record of the additional section and the only one. */
export function findTsig(message: Uint8Array): TsigFound {
  const malformed: TsigFound = { kind: 'malformed' }
  if (message.length < HEADER_BYTES) return malformed
  const view = new DataView(message.buffer, message.byteOffset, message.length)
  const end = message.length
  let at = HEADER_BYTES
  for (let question = view.getUint16(4); question > 0; question--) {
    at = skipName(message, at, end)
    if (at < 0 || at + 4 > end) return malformed
    at += 4
  }
  const before = view.getUint16(6) + view.getUint16(8)
  const all = before + view.getUint16(10)
  for (let number = 0; number < all; number++) {
    const owner = at
    at = skipName(message, at, end)
    if (at < 0 || at + 10 > end) return malformed
    const next = at + 10 + view.getUint16(at + 8)
    if (next > end) return malformed
    if (view.getUint16(at) === TYPE_TSIG) {
      if (number < before || number !== all - 1 || next !== end) return malformed
      const record = readTsigRecord(message, view, owner, at, next)
      return record === undefined ? malformed : { kind: 'found', record }
    }
    at = next
  }
  return { kind: 'none' }
}

function readTsigRecord(message: Uint8Array, view: DataView, owner: number, fixed: number, end: number): TsigRecord | undefined {
  // RFC 8945 §4.2: class ANY, TTL 0.
  if (view.getUint16(fixed + 2) !== CLASS_ANY || view.getUint32(fixed + 4) !== 0) return undefined
  const keyName = readMessageName(message, owner, end)
  const algorithm = readMessageName(message, fixed + 10, end)
  if (keyName === undefined || algorithm === undefined) return undefined
  let at = algorithm.next
  if (at + 10 > end) return undefined
  const timeSeconds = view.getUint16(at) * 2 ** 32 + view.getUint32(at + 2)
  const fudgeSeconds = view.getUint16(at + 6)
  const macBytes = view.getUint16(at + 8)
  at += 10
  if (at + macBytes + 6 > end) return undefined
  const mac = copyOf(message, at, at + macBytes)
  at += macBytes
  const otherBytes = view.getUint16(at + 4)
  if (at + 6 + otherBytes !== end) return undefined
  return {
    at: owner,
    keyName: canonicalName(keyName.name),
    algorithmName: canonicalName(algorithm.name),
    timeSeconds,
    fudgeSeconds,
    mac,
    originalId: view.getUint16(at),
    error: view.getUint16(at + 2),
    otherData: copyOf(message, at + 6, end),
  }
}

/** A copy, whatever the octets come in: `slice` of a node Buffer would be a view. */
function copyOf(bytes: Uint8Array, from: number, end: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes.subarray(from, end))
}

function skipName(message: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end) {
    const label = message[at]!
    if (label === 0) return at + 1
    if ((label & 0xc0) === 0xc0) return at + 2 <= end ? at + 2 : -1
    if (label > 63) return -1
    at += 1 + label
  }
  return -1
}

/** Finds a key by its canonical name. */
export type FindTsigKey = (name: Uint8Array) => TsigKey | undefined

/**
 * The outcome of checking a request. Not ok: `rcode` FORMERR or NOTAUTH, and for NOTAUTH the TSIG error; `key` is there when the reply
 * is to be signed (§5.3.2: BADTIME and BADTRUNC).
 */
export type TsigVerdict =
  | { readonly ok: true; readonly key: TsigKey; readonly record: TsigRecord }
  | { readonly ok: false; readonly rcode: number; readonly error: number; readonly key: TsigKey | undefined; readonly record: TsigRecord }

/** Checks the TSIG of a request, in the order of RFC 8945 §5.2: key, MAC, time, truncation policy. */
export function verifyRequest(
  message: Uint8Array,
  record: TsigRecord,
  findKey: FindTsigKey,
  nowSeconds: number,
  leastMacBytes: number = 0,
): TsigVerdict {
  const fail = (rcode: number, error: number, key?: TsigKey): TsigVerdict => ({ ok: false, rcode, error, key, record })
  const key = findKey(record.keyName)
  // §5.2.1: a key under another algorithm is not the key we know.
  if (key === undefined || !equalBytes(record.algorithmName, HASHES[key.algorithm].name)) return fail(RCODE_NOTAUTH, TSIG_BADKEY)
  const { macBytes } = HASHES[key.algorithm]
  if (!isMacLength(record.mac.length, macBytes)) return fail(RCODE_FORMERR, 0)
  const digest = computeMac(key, NOTHING, [strippedMessage(message, record)], tsigVariables(key, record))
  if (!equalMac(digest, record.mac)) return fail(RCODE_NOTAUTH, TSIG_BADSIG)
  // A client that asks for hours would have its messages replayed for hours.
  if (Math.abs(nowSeconds - record.timeSeconds) > Math.min(record.fudgeSeconds, TSIG_FUDGE_SECONDS))
    return fail(RCODE_NOTAUTH, TSIG_BADTIME, key)
  if (record.mac.length < Math.min(leastMacBytes, macBytes)) return fail(RCODE_NOTAUTH, TSIG_BADTRUNC, key)
  return { ok: true, key, record }
}

/** RFC 8945 §5.2.2.1: not longer than the hash, not shorter than half of it or 10 octets. */
function isMacLength(length: number, macBytes: number): boolean {
  return length <= macBytes && length >= Math.max(10, macBytes / 2)
}

/** Octets that a TSIG of this key takes in a message; reserve them before the message is filled. */
export function tsigBytes(key: TsigKey, otherBytes: number = 0): number {
  return key.name.length + 10 + HASHES[key.algorithm].name.length + 16 + HASHES[key.algorithm].macBytes + otherBytes
}

type TsigFields = Pick<TsigRecord, 'timeSeconds' | 'fudgeSeconds' | 'error' | 'otherData'>

/** Appends a TSIG record to the message of `length` octets at the start of `mem`; returns the new length. */
function appendTsig(
  mem: Uint8Array,
  length: number,
  name: Uint8Array,
  algorithmName: Uint8Array,
  fields: TsigFields,
  mac: Uint8Array,
  originalId: number,
): number {
  const end = length + name.length + 10 + algorithmName.length + 16 + mac.length + fields.otherData.length
  if (end > mem.length) throw new RangeError(`no room for a TSIG record of ${end - length} octets behind ${length}`)
  const view = new DataView(mem.buffer, mem.byteOffset, mem.length)
  let at = length
  mem.set(name, at)
  at += name.length
  view.setUint16(at, TYPE_TSIG)
  view.setUint16(at + 2, CLASS_ANY)
  view.setUint32(at + 4, 0)
  view.setUint16(at + 8, end - at - 10)
  at += 10
  mem.set(algorithmName, at)
  at += algorithmName.length
  putTime(view, at, fields.timeSeconds)
  view.setUint16(at + 6, fields.fudgeSeconds)
  view.setUint16(at + 8, mac.length)
  mem.set(mac, at + 10)
  at += 10 + mac.length
  view.setUint16(at, originalId)
  view.setUint16(at + 2, fields.error)
  view.setUint16(at + 4, fields.otherData.length)
  mem.set(fields.otherData, at + 6)
  view.setUint16(10, view.getUint16(10) + 1)
  return end
}

function putTime(view: DataView, at: number, timeSeconds: number): void {
  view.setUint16(at, Math.floor(timeSeconds / 2 ** 32))
  view.setUint32(at + 2, timeSeconds >>> 0)
}

/** RFC 8945 §4.3.3: what is signed of the TSIG record itself. */
function tsigVariables(key: TsigKey, fields: TsigFields): Uint8Array {
  const algorithmName = HASHES[key.algorithm].name
  const bytes = new Uint8Array(key.name.length + 6 + algorithmName.length + 12 + fields.otherData.length)
  const view = new DataView(bytes.buffer)
  bytes.set(key.name)
  let at = key.name.length
  view.setUint16(at, CLASS_ANY)
  at += 6
  bytes.set(algorithmName, at)
  at += algorithmName.length
  putTime(view, at, fields.timeSeconds)
  view.setUint16(at + 6, fields.fudgeSeconds)
  view.setUint16(at + 8, fields.error)
  view.setUint16(at + 10, fields.otherData.length)
  bytes.set(fields.otherData, at + 12)
  return bytes
}

/** RFC 8945 §5.3.1: what is signed of the records of later messages of a stream. */
function tsigTimers(fields: TsigFields): Uint8Array {
  const bytes = new Uint8Array(8)
  const view = new DataView(bytes.buffer)
  putTime(view, 0, fields.timeSeconds)
  view.setUint16(6, fields.fudgeSeconds)
  return bytes
}

/** The message as it was when it was signed: no TSIG, one additional record less, its original id. */
function strippedMessage(message: Uint8Array, record: TsigRecord): Uint8Array {
  const bytes = copyOf(message, 0, record.at)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, record.originalId)
  view.setUint16(10, view.getUint16(10) - 1)
  return bytes
}

function computeMac(key: TsigKey, priorMac: Uint8Array, messages: readonly Uint8Array[], variables: Uint8Array): Uint8Array {
  const hmac = createHmac(HASHES[key.algorithm].hash, key.secret)
  if (priorMac.length > 0) {
    hmac.update(Uint8Array.of(priorMac.length >> 8, priorMac.length & 255))
    hmac.update(priorMac)
  }
  for (const message of messages) hmac.update(message)
  return hmac.update(variables).digest()
}

/** Constant in time; a shorter MAC is compared with the first octets of ours. */
function equalMac(digest: Uint8Array, mac: Uint8Array): boolean {
  return timingSafeEqual(digest.subarray(0, mac.length), mac)
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((octet, at) => octet === b[at])
}

/** A key by its words: presentation name, algorithm, base64 secret. Throws NameError; RangeError for an algorithm or secret that cannot be. */
export function makeTsigKey(name: string, algorithm: string, secretBase64: string): TsigKey {
  const word = algorithm.toLowerCase().replace(/\.$/, '')
  if (!(TSIG_ALGORITHMS as readonly string[]).includes(word))
    throw new RangeError(`algorithm "${algorithm}" is not one of ${TSIG_ALGORITHMS.join(', ')}`)
  const text = secretBase64.trim()
  if (text === '' || !/^[A-Za-z0-9+/]+={0,2}$/.test(text) || text.replace(/=+$/, '').length % 4 === 1)
    throw new RangeError('the secret is not base64')
  return {
    name: canonicalName(parseName(name.endsWith('.') ? name : `${name}.`)),
    algorithm: word as TsigAlgorithm,
    secret: new Uint8Array(Buffer.from(text, 'base64')),
  }
}

/** Finds keys of a list by name, whatever its case. */
export function tsigKeyFinder(keys: readonly TsigKey[]): FindTsigKey {
  const byName = new Map(keys.map((key) => [formatName(key.name), key]))
  return (name) => byName.get(formatName(name))
}

/** Signs a request of `length` octets at the start of `mem` in place; the MAC is needed to check the reply. */
export function signRequest(
  mem: Uint8Array,
  length: number,
  key: TsigKey,
  nowSeconds: number,
  fudgeSeconds: number = TSIG_FUDGE_SECONDS,
): { readonly length: number; readonly mac: Uint8Array } {
  const fields = { timeSeconds: nowSeconds, fudgeSeconds, error: 0, otherData: NOTHING }
  const mac = computeMac(key, NOTHING, [mem.subarray(0, length)], tsigVariables(key, fields))
  return { length: appendTsig(mem, length, key.name, HASHES[key.algorithm].name, fields, mac, (mem[0]! << 8) | mem[1]!), mac }
}

/** Signs the replies to one request, in order. */
export type TsigSigner = {
  readonly key: TsigKey
  /** Signs the message of `length` octets at the start of `mem` in place; returns the new length. `mem` has tsigBytes(key) to spare. */
  readonly sign: (mem: Uint8Array, length: number, nowSeconds: number) => number
}

/** Makes it. Every message of a stream is signed (§5.3.1 allows gaps; each peer understands none). */
export function createTsigSigner(key: TsigKey, requestMac: Uint8Array): TsigSigner {
  let prior = requestMac
  let isFirst = true
  return {
    key,
    sign: (mem, length, nowSeconds) => {
      const fields = { timeSeconds: nowSeconds, fudgeSeconds: TSIG_FUDGE_SECONDS, error: 0, otherData: NOTHING }
      prior = computeMac(key, prior, [mem.subarray(0, length)], isFirst ? tsigVariables(key, fields) : tsigTimers(fields))
      isFirst = false
      return appendTsig(mem, length, key.name, HASHES[key.algorithm].name, fields, prior, (mem[0]! << 8) | mem[1]!)
    },
  }
}

/**
 * Turns the header and question at the start of `mem` into the reply to a request whose TSIG failed: sets the rcode and appends the
 * TSIG that says why. BADKEY and BADSIG unsigned, BADTIME and BADTRUNC signed (§5.3.2); BADTIME brings our time (§5.2.3).
 */
export function writeTsigError(
  mem: Uint8Array,
  questionEnd: number,
  verdict: TsigVerdict & { readonly ok: false },
  nowSeconds: number,
): number {
  const view = new DataView(mem.buffer, mem.byteOffset, mem.length)
  mem[2] = 0x80 | (mem[2]! & 0x79)
  mem[3] = (mem[3]! & 0x10) | verdict.rcode
  view.setUint16(4, questionEnd > HEADER_BYTES ? 1 : 0)
  view.setUint16(6, 0)
  view.setUint16(8, 0)
  view.setUint16(10, 0)
  if (verdict.rcode !== RCODE_NOTAUTH) return questionEnd
  const { record, key, error } = verdict
  const isTime = error === TSIG_BADTIME
  const otherData = new Uint8Array(isTime ? 6 : 0)
  if (isTime) putTime(new DataView(otherData.buffer), 0, nowSeconds)
  // §5.2.3: the time signed stays the asker's, or it could not check the reply.
  const fields = { timeSeconds: isTime ? record.timeSeconds : nowSeconds, fudgeSeconds: record.fudgeSeconds, error, otherData }
  const mac = key === undefined ? NOTHING : computeMac(key, record.mac, [mem.subarray(0, questionEnd)], tsigVariables(key, fields))
  return appendTsig(mem, questionEnd, record.keyName, record.algorithmName, fields, mac, view.getUint16(0))
}

/** What is wrong with a reply: not signed where it must be, wrong MAC, wrong time, or the error that the server tells. */
export type TsigReplyVerdict =
  | { readonly ok: true; readonly signed: boolean }
  | { readonly ok: false; readonly reason: string; readonly error: number }

/** Checks the replies to one request, in order. */
export type TsigVerifier = {
  readonly verify: (message: Uint8Array, nowSeconds: number) => TsigReplyVerdict
  /** §5.3.1: the last message of a stream is signed. Nothing of a stream may be used before this is true at its end. */
  readonly isComplete: () => boolean
}

/** Makes it; `requestMac` is what signRequest gave. */
export function createTsigVerifier(key: TsigKey, requestMac: Uint8Array): TsigVerifier {
  let prior = requestMac
  let isFirst = true
  let waiting: Uint8Array[] = []
  const fail = (reason: string, error: number = 0): TsigReplyVerdict => ({ ok: false, reason, error })
  return {
    isComplete: () => !isFirst && waiting.length === 0,
    verify: (message, nowSeconds) => {
      const found = findTsig(message)
      if (found.kind === 'malformed') return fail('the reply is malformed')
      if (found.kind === 'none') {
        // §5.3.1: the first message of a stream is signed.
        if (isFirst) return fail('the reply is not signed')
        if (waiting.length >= TSIG_MOST_UNSIGNED) return fail('more than 99 messages in a row are not signed')
        waiting.push(copyOf(message, 0, message.length))
        return { ok: true, signed: false }
      }
      const { record } = found
      if (!equalBytes(record.keyName, key.name) || !equalBytes(record.algorithmName, HASHES[key.algorithm].name))
        return fail('the reply is signed with another key', TSIG_BADKEY)
      if (record.mac.length === 0 && record.error !== 0) return fail(`the server says ${tsigErrorWord(record.error)}`, record.error)
      if (!isMacLength(record.mac.length, HASHES[key.algorithm].macBytes)) return fail('the MAC of the reply has a wrong length')
      const variables = isFirst ? tsigVariables(key, record) : tsigTimers(record)
      const digest = computeMac(key, prior, [...waiting, strippedMessage(message, record)], variables)
      if (!equalMac(digest, record.mac)) return fail('the MAC of the reply is wrong', TSIG_BADSIG)
      prior = record.mac
      isFirst = false
      waiting = []
      if (record.error !== 0) return fail(`the server says ${tsigErrorWord(record.error)}`, record.error)
      if (Math.abs(nowSeconds - record.timeSeconds) > record.fudgeSeconds) return fail('the time of the reply is off', TSIG_BADTIME)
      return { ok: true, signed: true }
    },
  }
}

/** Word of a TSIG error. */
export function tsigErrorWord(error: number): string {
  return (
    { [TSIG_BADSIG]: 'BADSIG', [TSIG_BADKEY]: 'BADKEY', [TSIG_BADTIME]: 'BADTIME', [TSIG_BADTRUNC]: 'BADTRUNC' }[error] ?? `error ${error}`
  )
}
