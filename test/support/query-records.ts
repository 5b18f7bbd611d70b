/** Logged queries for tests of the query log's encoders: what an answering worker would have put into its ring. */
import { findAddress } from '../../geodata/address/address.ts'
import type { QueryRecord } from '../../resolver/observe/query-log-ring.ts'

/** What of a record a test sets; addresses as text. */
export type RecordDraft = Partial<Omit<QueryRecord, 'source' | 'local' | 'bytes'>> & {
  readonly query?: Uint8Array
  readonly response?: Uint8Array
  readonly source?: string
  readonly local?: string
}

/** Makes a record; without a response, none was sent. */
export function queryRecord({ query = new Uint8Array(0), response = new Uint8Array(0), source, local, ...rest }: RecordDraft): QueryRecord {
  const responseAt = 16 + query.length
  const bytes = new Uint8Array(responseAt + response.length)
  bytes.set(query, 16)
  bytes.set(response, responseAt)
  return {
    ...{ bytes, transport: 0, queryTime: 1_700_000_000_123.5, responseTime: 1_700_000_000_123.75, generation: 3 },
    ...{ queryBytes: query.length, queryAt: 16, queryLength: query.length },
    ...{ responseBytes: response.length, responseAt, responseLength: response.length, sourcePort: 4321, localPort: 5300 },
    source: Uint32Array.from(findAddress(source ?? '203.0.113.0')!.words),
    local: Uint32Array.from(findAddress(local ?? '192.0.2.53')!.words),
    ...{ policy: -1, rule: -1, outcome: -1 },
    ...rest,
  }
}
