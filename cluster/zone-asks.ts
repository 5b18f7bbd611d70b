/** What a node asks of control on behalf of DNS clients. Pure types. */

/** An UPDATE (RFC 2136) whose TSIG the node has checked. */
export type UpdateAsk = {
  /** Name of the key it is signed with, presentation form of its canonical name. */
  readonly keyName: string
  /** The message without TSIG, base64. */
  readonly message: string
  /** Address of the client, for the audit. */
  readonly client: string
  /** ms since epoch: the node has given up on the answer by then, so what is not stored yet is not done. */
  readonly expiresAt: number
}

/** What came of it. */
export type UpdateVerdict = {
  readonly rcode: number
  /** Generation that holds the change (or that needed none): the node acknowledges when it answers from it. 0 when it was refused. */
  readonly generation: number
  /** For people; empty when it was done. */
  readonly reason: string
}

/** A NOTIFY (RFC 1996) for a secondary zone. */
export type NotifyAsk = {
  /** Apex, presentation form of its canonical name. */
  readonly zone: string
  /** Address that it came from. */
  readonly client: string
  /** Key that it was signed with; empty = none. */
  readonly keyName: string
}
