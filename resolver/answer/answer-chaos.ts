/** Questions about the server itself in class CH (RFC 4892): who answers here, and by which product. Pure, no allocation. */
import { HEADER_BYTES } from '../wire/read-query.ts'
import { CLASS_CH, RCODE_NOERROR, RCODE_REFUSED, TYPE_ANY, TYPE_TXT } from '../wire/registry.ts'
import { ANSWERS, addCount, writePointer, writeRecord } from '../wire/response-writer.ts'
import type { AnswerContext } from './answer-context.ts'

/** version.bind (version.server), id.server and hostname.bind in class CH (RFC 4892); everything else there is refused. */
export function answerChaos(ctx: AnswerContext): void {
  const { query, writer } = ctx
  ctx.rcode = RCODE_REFUSED
  if (query.type !== TYPE_TXT && query.type !== TYPE_ANY) return
  const text =
    matches(query.name, ID_SERVER) || matches(query.name, HOSTNAME_BIND)
      ? ctx.identityText
      : matches(query.name, VERSION_BIND) || matches(query.name, VERSION_SERVER)
        ? VERSION_TEXT
        : undefined
  if (text === undefined || text.length < 2) return
  ctx.rcode = RCODE_NOERROR
  if (!writePointer(writer, HEADER_BYTES) || !writeRecord(writer, TYPE_TXT, 0, text, 0, text.length)) {
    ctx.truncated = true
    return
  }
  // writeRecord writes class IN; the record of a CH question is in CH.
  writer.mem[writer.off + writer.rdataAt - 7] = CLASS_CH
  addCount(writer, ANSWERS, 1)
}

function wireText(...labels: readonly string[]): Uint8Array {
  return Uint8Array.from([...labels.flatMap((label) => [label.length, ...new TextEncoder().encode(label)]), 0])
}

const ID_SERVER = wireText('id', 'server')
const HOSTNAME_BIND = wireText('hostname', 'bind')
const VERSION_BIND = wireText('version', 'bind')
const VERSION_SERVER = wireText('version', 'server')
const VERSION_TEXT = Uint8Array.of(8, ...new TextEncoder().encode('nearcast'))

function matches(name: Uint8Array, wanted: Uint8Array): boolean {
  for (let i = 0; i < wanted.length; i++) if (name[i] !== wanted[i]) return false
  return true
}
