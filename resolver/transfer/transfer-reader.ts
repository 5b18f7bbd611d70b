/**
 * The answers to an AXFR or IXFR query, message by message → a zone or its differences (RFC 5936 §2.2, RFC 1995 §4). Pure.
 *
 *   SOA alone                                          current: nothing newer
 *   SOA, anything but our SOA … SOA                    a whole zone, to an IXFR query too
 *   SOA, (our SOA, removed …, next SOA, added …)… SOA  differences, done to the zone that we have
 */
import { canonicalName, isAtOrBelow } from '../wire/name.ts'
import { readMessage } from '../wire/read-message.ts'
import { CLASS_IN, RCODE_NOERROR, RCODE_WORDS, TYPE_SOA } from '../wire/registry.ts'
import { blankRecord, cursorOfPack, makeRecordPack, packedBytes, packRecord, type RecordPack } from './record-cursor.ts'
import { serialOfSoa } from './serial.ts'

/** What was transferred. */
export type TransferResult =
  | { readonly kind: 'current'; readonly serial: number }
  | { readonly kind: 'axfr' | 'ixfr'; readonly serial: number; readonly records: Uint8Array }

/** A zone that we have. */
export type HeldZone = { readonly serial: number; readonly records: Uint8Array }

/** Reads the messages of one transfer. */
export type TransferReader = {
  /** Takes a message whose TSIG was checked; true when the transfer is complete. Throws TransferFault. */
  readonly take: (message: Uint8Array) => boolean
  /** Once `take` has said true. Throws TransferFault when differences do not fit to what we have. */
  readonly result: () => TransferResult
}

/** A transfer that cannot be used; its message is a sentence. */
export class TransferFault extends Error {}

/** Octets of packed records that a transfer may have in all, its differences counted with what keeping each costs: some five million records. */
const LARGEST_TRANSFER_BYTES = 1 << 28
const STEP_BYTES = 1024

type Step = { readonly isAdded: boolean; readonly pack: RecordPack }

/** Makes it. `held` is what an IXFR query named; undefined = AXFR. */
export function createTransferReader(apex: Uint8Array, id: number, held: HeldZone | undefined): TransferReader {
  let count = 0
  let serial = 0
  let soa: RecordPack | undefined
  let kind: 'axfr' | 'ixfr' | undefined
  const zone = makeRecordPack()
  const steps: Step[] = []
  let complete = false
  let isFirstMessage = true
  let heldBytes = 0
  /** Serial that the differences so far lead to. */
  let reached = held?.serial ?? 0

  function hold(bytes: number): void {
    heldBytes += bytes
    if (heldBytes > LARGEST_TRANSFER_BYTES) throw new TransferFault(`the zone is larger than ${LARGEST_TRANSFER_BYTES} octets`)
  }

  function beginStep(isAdded: boolean): void {
    hold(STEP_BYTES)
    steps.push({ isAdded, pack: makeRecordPack() })
  }

  function put(pack: RecordPack, owner: Uint8Array, type: number, ttlSeconds: number, rdata: Uint8Array): void {
    const record = { ...blankRecord(), nameBytes: owner, nameLength: owner.length, type, ttlSeconds, data: rdata, dataLength: rdata.length }
    hold(packedBytes(record))
    packRecord(pack, record)
  }

  function takeRecord(owner: Uint8Array, type: number, ttlSeconds: number, rdata: Uint8Array): void {
    if (complete) throw new TransferFault('there are records behind the end')
    // Passed over, as other secondaries do: it is the primary's mistake, and costs the zone nothing.
    if (!isAtOrBelow(owner, apex)) return
    count++
    const isSoa = type === TYPE_SOA
    if (isSoa && owner.length !== apex.length) throw new TransferFault('there is a SOA below the apex')
    const now = isSoa ? serialOfSoa(rdata) : 0
    if (soa === undefined) {
      if (!isSoa) throw new TransferFault('it does not begin with the SOA')
      soa = makeRecordPack()
      put(soa, owner, type, ttlSeconds, rdata)
      serial = now
      return
    }
    if (kind === undefined) {
      kind = held !== undefined && isSoa && now === held.serial && now !== serial ? 'ixfr' : 'axfr'
      if (kind === 'ixfr') {
        beginStep(false)
        return
      }
    }
    if (kind === 'axfr') {
      if (isSoa) {
        if (now !== serial) throw new TransferFault('its last SOA is not its first')
        complete = true
      } else put(zone, owner, type, ttlSeconds, rdata)
      return
    }
    const step = steps.at(-1)!
    if (!isSoa) put(step.pack, owner, type, ttlSeconds, rdata)
    else if (!step.isAdded) {
      reached = now
      beginStep(true)
    } else {
      // RFC 1995 §4: each difference begins where the one before it ended.
      if (now !== reached) throw new TransferFault('its differences do not follow one another')
      if (now === serial) complete = true
      else beginStep(false)
    }
  }

  return {
    take: (bytes) => {
      const message = readMessage(bytes)
      if (message === undefined) throw new TransferFault('a message is malformed')
      if (message.id !== id || (message.flags & 0x8000) === 0) throw new TransferFault('a message is no answer to the query')
      if (message.rcode !== RCODE_NOERROR)
        throw new TransferFault(`the primary answers ${RCODE_WORDS[message.rcode] ?? `rcode ${message.rcode}`}`)
      for (const { section, owner, type, class: recordClass, ttlSeconds, rdata } of message.records) {
        if (section !== 'answer') continue
        if (recordClass !== CLASS_IN) throw new TransferFault('there is a record of another class')
        takeRecord(canonicalName(owner), type, ttlSeconds, rdata)
      }
      // RFC 1995 §2: an answer of the SOA alone says that there is nothing newer.
      if (isFirstMessage && count === 1 && held !== undefined && serial === held.serial) complete = true
      isFirstMessage = false
      if (count === 0) throw new TransferFault('a message has no records')
      return complete
    },
    result: () => {
      if (kind === undefined) return { kind: 'current', serial }
      if (kind === 'axfr') return { kind, serial, records: joined([soa!, zone]) }
      return { kind, serial, records: joined([soa!, patched(held!, steps)]) }
    },
  }
}

function joined(packs: readonly RecordPack[]): Uint8Array {
  return new Uint8Array(Buffer.concat(packs.map(({ bytes, length }) => bytes.subarray(0, length))))
}

/** The records of the zone with its steps done, without SOA. */
function patched(held: HeldZone, steps: readonly Step[]): RecordPack {
  const records = new Map<string, Uint8Array>()
  each(held.records, held.records.length, (key, bytes, type) => {
    if (type !== TYPE_SOA) records.set(key, bytes)
  })
  for (const { isAdded, pack } of steps) {
    each(pack.bytes, pack.length, (key, bytes) => {
      // RFC 1995 §4: differences of another zone than ours would spoil it without a sign.
      if (isAdded) records.set(key, bytes)
      else if (!records.delete(key)) throw new TransferFault('the differences remove a record that is not there')
    })
  }
  const all = [...records.values()]
  const bytes = new Uint8Array(Buffer.concat(all))
  return { bytes, length: bytes.length, count: all.length }
}

/** Each record with a key that leaves out its TTL. */
function each(bytes: Uint8Array, end: number, visit: (key: string, record: Uint8Array, type: number) => void): void {
  const cursor = cursorOfPack(bytes, end)
  while (cursor.next()) {
    const text = (from: number, to: number): string => Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1')
    const owner = cursor.nameAt + cursor.nameLength
    const key = `${text(cursor.nameAt, owner + 2)} ${text(cursor.dataAt, cursor.dataAt + cursor.dataLength)}`
    visit(key, bytes.subarray(cursor.nameAt, cursor.dataAt + cursor.dataLength), cursor.type)
  }
}
