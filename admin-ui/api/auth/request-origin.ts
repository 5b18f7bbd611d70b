/**
 * Which requests may reach the API at all: the Host header must be one we answer to (DNS rebinding), a request that changes something
 * must be JSON and, when a browser sends it, come from our own pages (CSRF). Pure.
 */
import { isIPv6 } from 'node:net'
import { ApiError } from '../api-error.ts'

/** Host part of a Host header or origin, lower-case, without port and brackets; empty = malformed. */
export function hostNameOf(host: string): string {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+))(?::\d{1,5})?$/.exec(host)
  return (match?.[1] ?? match?.[2] ?? '').toLowerCase()
}

/** Host names that requests may carry: where we listen, the names of this machine's loopback, and what the operator adds. */
export function allowedHosts(listenHost: string, more: readonly string[]): ReadonlySet<string> {
  const listen = isIPv6(listenHost) || !listenHost.includes(':') ? listenHost : hostNameOf(listenHost)
  return new Set([listen.toLowerCase(), 'localhost', '127.0.0.1', '::1', ...more.map((host) => host.toLowerCase())])
}

/** Throws API_HOST_NOT_ALLOWED unless the Host header is allowed. */
export function checkHost(host: string | undefined, allowed: ReadonlySet<string>): void {
  const name = hostNameOf(host ?? '')
  if (name === '' || !allowed.has(name))
    throw new ApiError('API_HOST_NOT_ALLOWED', `host "${(host ?? '').slice(0, 100)}" is not served here`)
}

/** What checkChange looks at. */
export type ChangeRequest = {
  readonly contentType: string | undefined
  readonly origin: string | undefined
  readonly host: string | undefined
  /** `Sec-Fetch-Site`, sent by every present browser. */
  readonly fetchSite: string | undefined
  /** A cookie was sent: then only an Origin of our own will do. */
  readonly hasCookie: boolean
  /** The console is reached over TLS (ours or the proxy's): a page of plain http is a foreign one. */
  readonly secure: boolean
}

/** Throws API_CONTENT_TYPE or API_ORIGIN when a request that changes something might be forged by a foreign page. */
export function checkChange(request: ChangeRequest): void {
  if (!/^application\/json(?:;|$)/i.test((request.contentType ?? '').trim())) {
    throw new ApiError('API_CONTENT_TYPE', `content type "${(request.contentType ?? '').slice(0, 100)}" is not application/json`)
  }
  if (request.origin === undefined && !request.hasCookie && (request.fetchSite === undefined || request.fetchSite === 'same-origin')) return
  const match = (request.secure ? /^https:\/\/(.+)$/ : /^https?:\/\/(.+)$/).exec(request.origin ?? '')
  // The Host header was checked before, so an origin with the same host and port is one of our own pages.
  if (match === null || match[1]!.toLowerCase() !== (request.host ?? '').toLowerCase()) {
    throw new ApiError('API_ORIGIN', `the request comes from "${(request.origin ?? 'an unknown origin').slice(0, 100)}"`)
  }
}

/**
 * True for a request that came past the proxy from a browser on this machine, such as by a container's port that is published on
 * loopback: the Host header names loopback, which a browser sends only for a page of loopback, and no proxy left its mark.
 */
export function isDirectLoopback(request: { readonly host: string | undefined; readonly forwarded: boolean }): boolean {
  return !request.forwarded && isLoopback(hostNameOf(request.host ?? ''))
}

/** True when only this machine can connect to the address. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\./.test(host)
}
