/**
 * Address of a target endpoint's host name, asked anew for each probe: the address that clients would get may change at any time. Asked
 * by c-ares first, not by getaddrinfo: that holds one of the four threads that the whole process has for files and names until the
 * resolver's own long time limit, and a dead resolver would hold up everything else. Only a definite "no such name" leads there: then
 * the hosts file may still know it.
 */
import { lookup, Resolver } from 'node:dns/promises'

const QUERY_TIMEOUT_MS = 2000
const DEFINITE: ReadonlySet<string> = new Set(['ENOTFOUND', 'ENODATA'])

/** Our resolver gave no answer: nothing is known about the endpoint. */
export class ResolverError extends Error {
  readonly code: string = 'RESOLVER'
}

/** The first IPv4 address of a name, else its first IPv6 address; of one family alone if so wished. Rejects when there is none; `signal` ends the waiting. */
export async function findTargetAddress(name: string, signal: AbortSignal, families?: 'ipv4' | 'ipv6'): Promise<string> {
  const resolver = new Resolver({ timeout: QUERY_TIMEOUT_MS, tries: 1 })
  const cancel = (): void => resolver.cancel()
  signal.addEventListener('abort', cancel)
  try {
    const none: Promise<string[]> = Promise.resolve([])
    const [four, six] = await Promise.allSettled([
      families === 'ipv6' ? none : resolver.resolve4(name),
      families === 'ipv4' ? none : resolver.resolve6(name),
    ])
    if (four.status === 'fulfilled' && four.value[0] !== undefined) return four.value[0]
    if (six.status === 'fulfilled' && six.value[0] !== undefined) return six.value[0]
    for (const result of [four, six]) {
      if (result.status === 'fulfilled') continue
      const { code, message } = result.reason as { code: string; message: string }
      if (!DEFINITE.has(code)) throw new ResolverError(`our resolver did not answer for ${name}: ${message}`)
    }
  } finally {
    signal.removeEventListener('abort', cancel)
  }
  return (await lookup(name, { family: families === undefined ? 0 : families === 'ipv4' ? 4 : 6 })).address
}
