/** Answer of a node to the request `problems` (fleet-transport.ts): what is wrong on it now, to be compared with what control has told. Pure types. */

/** What is so on the node now. */
export type NodeProblems = {
  /** 0 = none is live: nothing can be said yet. */
  readonly generation: number
  /** All addresses of the live generation. */
  readonly standings: readonly {
    readonly endpoint: string
    readonly address: string
    readonly standing: 'unknown' | 'down' | 'degraded' | 'up'
    /** RFC 3339; null = never changed. */
    readonly since: string | null
  }[]
  /** Policies that answer without an eligible endpoint. */
  readonly failOpen: readonly string[]
  /** The node is cut off itself; null = health did not answer. */
  readonly isolated: boolean | null
  /** Endpoints beyond their hard capacity; null = health did not answer. */
  readonly overloaded: readonly string[] | null
}
