/** Writes small ipdb files for tests. */
import { parsePrefix } from '../../geodata/address/prefix.ts'

/** What a file is to hold. */
export type IpdbContent = {
  readonly fields: readonly string[]
  /** Language → position of its first field in a text. */
  readonly languages?: Readonly<Record<string, number>>
  /** 1 IPv4, 2 IPv6, 3 both. */
  readonly ipVersion?: number
  /** Network → fields of all languages, wider before narrower. */
  readonly networks: readonly (readonly [string, readonly string[]])[]
  readonly metadata?: Readonly<Record<string, unknown>>
}

/** The bytes of a file. */
export function writeIpdb(content: IpdbContent): Buffer {
  const nodes: [number, number][] = [[-1, -1]]
  const texts: Buffer[] = []
  let textBytes = 0
  for (const [text, values] of content.networks) {
    const { words, length, family } = parsePrefix(text)
    const bits = Array.from(
      { length: family === 4 ? length + 96 : length },
      (_, bit) => ((words[bit >>> 5]! >>> (31 - (bit & 31))) & 1) as 0 | 1,
    )
    let node = 0
    for (const bit of bits.slice(0, -1)) {
      const next = nodes[node]![bit]
      if (next >= 0) node = next
      else {
        // Negative: -1 is nothing, -2 - offset a text.
        nodes.push([next, next])
        nodes[node]![bit] = nodes.length - 1
        node = nodes.length - 1
      }
    }
    nodes[node]![bits.at(-1)!] = -2 - textBytes
    const bytes = Buffer.from(values.join('\t'), 'utf8')
    const head = Buffer.alloc(2)
    head.writeUInt16BE(bytes.length)
    texts.push(head, bytes)
    textBytes += bytes.length + 2
  }
  const tree = Buffer.alloc(nodes.length * 8)
  for (const [position, pair] of nodes.entries()) {
    for (const bit of [0, 1] as const) {
      const child = pair[bit]
      // Behind the nodes comes "nothing", and texts start after the 8 bytes that the format leaves there.
      tree.writeUInt32BE(child >= 0 ? child : child === -1 ? nodes.length : nodes.length + 8 + (-2 - child), position * 8 + bit * 4)
    }
  }
  const json = Buffer.from(
    JSON.stringify({
      build: 1_767_225_600,
      ip_version: content.ipVersion ?? 3,
      languages: content.languages ?? { CN: 0 },
      fields: content.fields,
      node_count: nodes.length,
      total_size: tree.length + 8 + textBytes,
      ...content.metadata,
    }),
  )
  const head = Buffer.alloc(4)
  head.writeUInt32BE(json.length)
  return Buffer.concat([head, json, tree, Buffer.alloc(8), ...texts])
}
