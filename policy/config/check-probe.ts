/**
 * What a probe asks for and can never get, so that it could never pass: a text in the body of an answer that has none, a status that no
 * answer ends with, headers that the protocol or our client refuses. Pure. Keys that the kind does not have are told by fill-probe.ts.
 */
import type { ConfigPath, IssueDraft } from './config-issue.ts'
import type { ProbeShape } from './document-schema.ts'
import type { Located } from './read-shape.ts'

/** Answers without a body (RFC 9110 §6.4.1). */
const NO_BODY: ReadonlySet<number> = new Set([204, 304])
/** Answers that name another place: with `redirects: true` they are followed and never judged. */
const FOLLOWED: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

const FRAMING = 'it describes the request, which nearcast frames itself'
const CONNECTION = 'it describes the connection, which nearcast makes anew for each probe'
/** Headers that are not for a document to set. */
const OWN_HEADERS: ReadonlyMap<string, string> = new Map([
  ['host', ''],
  ['content-length', FRAMING],
  ['transfer-encoding', FRAMING],
  ['expect', 'it asks for an interim answer, and probes have no body to wait with'],
  ['connection', CONNECTION],
  ['keep-alive', CONNECTION],
  ['proxy-connection', CONNECTION],
  ['upgrade', CONNECTION],
  ['http2-settings', CONNECTION],
])
/** HTTP/2 has no header of a connection (RFC 9113 §8.2.2). */
const NOT_IN_HTTP2: ReadonlyMap<string, string> = new Map([['te', 'HTTP/2 does not have it']])

/** Checks what the probe expects against what it sends. */
export function checkProbe({ value, path }: Located<ProbeShape>, issues: IssueDraft[]): void {
  if (value.kind === 'http' || value.kind === 'https') {
    checkAnswer(value, path, issues)
    checkHeaders(value, [...path, 'headers'], issues)
  }
  if (value.kind === 'dns' && (value.expectRcode ?? 'NOERROR') !== 'NOERROR' && (value.expectAnswer ?? []).length > 0) {
    const params = { probe: value.id, reason: `an answer ${value.expectRcode} has no records to be those of expectAnswer` }
    issues.push(never([...path, 'expectAnswer'], params, 'remove expectAnswer, or expectRcode'))
  }
}

function never(path: ConfigPath, params: { readonly probe: string; readonly reason: string }, remedy: string): IssueDraft {
  return { code: 'CONFIG_PROBE_NEVER', path, params: { ...params, remedy } }
}

function checkAnswer(value: ProbeShape, path: ConfigPath, issues: IssueDraft[]): void {
  const statuses = value.expectStatus ?? [200]
  const judged = value.redirects === true ? statuses.filter((status) => !FOLLOWED.has(status)) : statuses
  const probe = value.id
  if (judged.length === 0) {
    const reason = `with redirects: true an answer ${statuses.join(', ')} is followed, and the one at the end of the way is judged`
    return void issues.push(
      never([...path, 'expectStatus'], { probe, reason }, 'remove redirects, or expect the status at the end, e.g. 200'),
    )
  }
  for (const key of ['match', 'matchPattern'] as const) {
    if (!value[key]) continue
    if (value.method === 'HEAD') {
      const reason = `an answer to HEAD has no body that "${key}" could be in`
      issues.push(never([...path, key], { probe, reason }, `write method: GET, or remove ${key}`))
    } else if (judged.every((status) => NO_BODY.has(status))) {
      const reason = `an answer ${judged.join(', ')} has no body that "${key}" could be in`
      issues.push(never([...path, key], { probe, reason }, `remove ${key}, or expect another status`))
    }
  }
}

function checkHeaders(value: ProbeShape, path: ConfigPath, issues: IssueDraft[]): void {
  const isHttp2 = value.httpVersion === '2'
  for (const [name, content] of Object.entries(value.headers ?? {})) {
    const lower = name.toLowerCase()
    const reason = OWN_HEADERS.get(lower) ?? (isHttp2 ? NOT_IN_HTTP2.get(lower) : undefined)
    if (reason !== undefined) {
      const params =
        lower === 'host'
          ? { name, reason: 'it is set by the key "host"', remedy: 'write it as host: … of the probe' }
          : { name, reason, remedy: 'remove it' }
      issues.push({ code: 'CONFIG_PROBE_HEADER', path: [...path, name], params, atKey: true })
    } else if (isHttp2 && content !== content.trim()) {
      const params = { name, reason: 'its value begins or ends with a blank, which HTTP/2 refuses', remedy: 'remove the blank' }
      issues.push({ code: 'CONFIG_PROBE_HEADER', path: [...path, name], params })
    }
  }
}
