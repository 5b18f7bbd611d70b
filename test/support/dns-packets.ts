/**
 * Queries byte by byte, good and bad, and replies read by dns-packet: independent of resolver/wire, so that our codec does not judge
 * itself. Pure.
 */
import * as dnsPacket from 'dns-packet'

/** A client subnet of a query, as it is to stand in the option. */
export type SubnetDraft = { readonly family: number; readonly source: number; readonly scope?: number; readonly octets: readonly number[] }

/** The OPT record of a query. */
export type OptDraft = {
  /** UDP size [1232]. */
  readonly udpSize?: number
  /** EDNS version [0]. */
  readonly version?: number
  readonly dnssecOk?: boolean
  readonly subnet?: SubnetDraft | undefined
  /** More options: code and data. */
  readonly options?: readonly (readonly [code: number, data: readonly number[]])[]
}

/** A query in short. */
export type QueryDraft = {
  /** Presentation form, labels without escapes, or wire form. */
  readonly name: string | Uint8Array
  /** [A] */
  readonly type?: number
  /** [IN] */
  readonly class?: number
  /** [0x1234] */
  readonly id?: number
  /** Octets 2 and 3 [RD set]. */
  readonly flags?: number
  /** One OPT each [none]. */
  readonly opts?: readonly OptDraft[]
  /** Octets behind everything [none]. */
  readonly trailing?: readonly number[]
}

/** A name without escapes → wire form. */
export function wireName(text: string): Uint8Array {
  const labels = text.split('.').filter((label) => label !== '')
  return Uint8Array.from([...labels.flatMap((label) => [label.length, ...Buffer.from(label, 'latin1')]), 0])
}

const u16 = (value: number): number[] => [(value >> 8) & 255, value & 255]

function subnetOption({ family, source, scope = 0, octets }: SubnetDraft): number[] {
  return [...u16(8), ...u16(4 + octets.length), ...u16(family), source, scope, ...octets]
}

function optRecord({ udpSize = 1232, version = 0, dnssecOk = false, subnet, options = [] }: OptDraft): number[] {
  const data = [
    ...(subnet === undefined ? [] : subnetOption(subnet)),
    ...options.flatMap(([code, octets]) => [...u16(code), ...u16(octets.length), ...octets]),
  ]
  return [0, ...u16(41), ...u16(udpSize), 0, version, dnssecOk ? 0x80 : 0, 0, ...u16(data.length), ...data]
}

/** The octets of a query. */
export function buildQuery(draft: QueryDraft): Uint8Array {
  const name = typeof draft.name === 'string' ? wireName(draft.name) : draft.name
  const opts = draft.opts ?? []
  return Uint8Array.from([
    ...u16(draft.id ?? 0x1234),
    ...u16(draft.flags ?? 0x0100),
    ...[0, 1, 0, 0, 0, 0],
    ...u16(opts.length),
    ...name,
    ...u16(draft.type ?? 1),
    ...u16(draft.class ?? 1),
    ...opts.flatMap(optRecord),
    ...(draft.trailing ?? []),
  ])
}

/** A client subnet of an address given as a number: cut to `source` bits. */
export function subnetOf(family: 4 | 6, address: bigint, source: number): SubnetDraft {
  const bits = family === 4 ? 32 : 128
  const network = source === 0 ? 0n : (address >> BigInt(bits - source)) << BigInt(bits - source)
  const octets: number[] = []
  for (let at = 0; at < (source + 7) >> 3; at++) octets.push(Number((network >> BigInt(bits - 8 - 8 * at)) & 255n))
  return { family: family === 4 ? 1 : 2, source, octets }
}

/** Four words of the `src` of a packet: IPv4 v4-mapped. */
export function sourceWords(family: 4 | 6, address: bigint): Uint32Array {
  if (family === 4) return Uint32Array.of(0, 0, 0xffff, Number(address))
  return Uint32Array.from([96n, 64n, 32n, 0n], (shift) => Number((address >> shift) & 0xffffffffn))
}

/** A record as dns-packet reads it. */
export type ReplyRecord = { readonly name: string; readonly type: string; readonly ttl: number; readonly data: unknown }

/** A reply in words. */
export type Reply = {
  readonly id: number
  readonly rcode: number
  /** With the extended bits of the OPT. */
  readonly fullRcode: number
  readonly qr: boolean
  readonly aa: boolean
  readonly tc: boolean
  readonly rd: boolean
  readonly questions: readonly { readonly name: string; readonly type: string }[]
  readonly answers: readonly ReplyRecord[]
  readonly authorities: readonly ReplyRecord[]
  /** Without the OPT. */
  readonly additionals: readonly ReplyRecord[]
  readonly opt:
    | {
        readonly udpSize: number
        readonly version: number
        readonly dnssecOk: boolean
        readonly subnet:
          | { readonly family: number; readonly source: number; readonly scope: number; readonly octets: Uint8Array }
          | undefined
      }
    | undefined
}

/** Reads a reply; throws when dns-packet cannot, or when octets are left over. */
export function readReply(bytes: Uint8Array): Reply {
  const buffer = Buffer.from(bytes)
  const packet = dnsPacket.decode(buffer) as unknown as {
    id: number
    questions: { name: string; type: string }[]
    answers: ReplyRecord[]
    authorities: ReplyRecord[]
    additionals: ReplyRecord[]
  }
  if (dnsPacket.decode.bytes !== buffer.length) throw new Error(`${buffer.length - dnsPacket.decode.bytes} octets behind the message`)
  const opt = packet.additionals.find((record) => record.type === 'OPT') as unknown as
    | { udpPayloadSize: number; extendedRcode: number; ednsVersion: number; flag_do: boolean; options: { code: number; data: Buffer }[] }
    | undefined
  const subnet = opt?.options.find((option) => option.code === 8)
  const words = buffer.readUInt16BE(2)
  return {
    id: packet.id,
    rcode: words & 15,
    fullRcode: ((opt?.extendedRcode ?? 0) << 4) | (words & 15),
    qr: (words & 0x8000) !== 0,
    aa: (words & 0x0400) !== 0,
    tc: (words & 0x0200) !== 0,
    rd: (words & 0x0100) !== 0,
    questions: packet.questions,
    answers: packet.answers,
    authorities: packet.authorities,
    additionals: packet.additionals.filter((record) => record.type !== 'OPT'),
    opt:
      opt === undefined
        ? undefined
        : {
            udpSize: opt.udpPayloadSize,
            version: opt.ednsVersion,
            dnssecOk: opt.flag_do,
            subnet:
              subnet === undefined
                ? undefined
                : {
                    family: subnet.data.readUInt16BE(0),
                    source: subnet.data[2]!,
                    scope: subnet.data[3]!,
                    octets: Uint8Array.from(subnet.data.subarray(4)),
                  },
          },
  }
}
