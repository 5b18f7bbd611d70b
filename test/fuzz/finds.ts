/** What a fuzzer found: collected, printed once as it would stand among the rows of rows.tsv, and counted. */

/** Something that went wrong. */
export type Find = {
  /** What was asked: a transport, or a parser. */
  readonly where: string
  readonly reason: string
  /** What was sent or parsed. */
  readonly input: Uint8Array
}

/** Finds of a run, at most a few of each place. */
export type Finds = {
  readonly add: (where: string, reason: unknown, input?: Uint8Array, reply?: Uint8Array) => void
  readonly list: () => readonly Find[]
  /** True when it makes no sense to go on. */
  readonly isFull: () => boolean
}

const MOST_FINDS = 20

/** Makes an empty collection that prints what is added. */
export function makeFinds(print: (line: string) => void): Finds {
  const list: Find[] = []
  const seen = new Set<string>()
  return {
    add: (where, error, input = new Uint8Array(0), reply) => {
      const reason = error instanceof Error ? (error.message.split('\n')[0] ?? error.name) : String(error)
      const key = `${where} ${reason.replace(/\d+/g, '#')}`
      if (seen.has(key) || list.length >= MOST_FINDS) return
      seen.add(key)
      list.push({ where, reason, input })
      print(`find: ${where}\t${Buffer.from(input).toString('hex')}\t${reason}`)
      if (reply !== undefined) print(`  reply ${Buffer.from(reply).toString('hex')}`)
      if (error instanceof Error && error.stack !== undefined) print(error.stack)
    },
    list: () => list,
    isFull: () => list.length >= MOST_FINDS,
  }
}
