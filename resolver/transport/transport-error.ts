/** Failures of opening and adopting sockets, with code and remedy (docs/errors.md). Shell. */

/** A socket that cannot be opened; the message names the address, the suggestion the remedy. */
export class TransportError extends Error {
  /** TRANSPORT_WHAT. */
  readonly code: string
  /** What to do about it; a lower-case fragment. */
  readonly suggestion: string

  constructor(code: string, message: string, suggestion: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.suggestion = suggestion
  }
}

const REMEDIES: Readonly<Record<string, readonly [code: string, what: string, suggestion: string]>> = {
  EADDRINUSE: [
    'TRANSPORT_ADDRESS_IN_USE',
    'is in use by another program',
    'stop that program (see it with "ss -lnup" or "ss -lntp") or choose another address',
  ],
  EACCES: [
    'TRANSPORT_PORT_PRIVILEGED',
    'needs the capability CAP_NET_BIND_SERVICE',
    'give it to the service (systemd: AmbientCapabilities=CAP_NET_BIND_SERVICE; container: --sysctl net.ipv4.ip_unprivileged_port_start=0), let systemd pass the socket, or choose a port from 1024 on',
  ],
  EADDRNOTAVAIL: [
    'TRANSPORT_ADDRESS_NOT_LOCAL',
    'is not an address of this machine',
    'see the addresses with "ip address", or listen on 0.0.0.0 or [::]',
  ],
  EAFNOSUPPORT: ['TRANSPORT_FAMILY_MISSING', 'is of an address family this system does not have', 'leave this address out'],
}

/** The error for a failed bind of `what`, e.g. "127.0.0.1:5300 (UDP)". */
export function bindError(what: string, errorName: string, cause?: unknown): TransportError {
  const [code, text, suggestion] = REMEDIES[errorName] ?? [
    'TRANSPORT_BIND_FAILED',
    `cannot be opened (${errorName})`,
    'choose another address',
  ]
  return new TransportError(code, `${what} ${text}`, suggestion, cause === undefined ? undefined : { cause })
}
