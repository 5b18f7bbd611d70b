/** Text of a listen address ("127.0.0.1:5300", "[::1]:53", "53") and its parts. Pure. */
import { type Address, findAddress, formatAddress } from '../../geodata/address/address.ts'
import { TransportError } from './transport-error.ts'

/** Where to listen. */
export type ListenAddress = {
  readonly address: Address
  /** 0 = the kernel chooses. */
  readonly port: number
}

/** Parses "ADDR:PORT" or "[ADDR6]:PORT"; `defaultPort` serves a bare address. Throws TRANSPORT_ADDRESS_INVALID. */
export function parseListenAddress(text: string, defaultPort: number): ListenAddress {
  const match = /^(?:\[(?<six>[^\]]+)\](?::(?<port6>\d+))?|(?<four>[^:]+)(?::(?<port4>\d+))?|(?<bare>.*:.*:.*))$/.exec(text.trim())
  const groups = match?.groups ?? {}
  const address = findAddress(groups.six ?? groups.four ?? groups.bare ?? '')
  const port = Number(groups.port6 ?? groups.port4 ?? defaultPort)
  if (address === undefined || port > 65535) {
    throw new TransportError(
      'TRANSPORT_ADDRESS_INVALID',
      `"${text}" is not a listen address`,
      'write ADDRESS:PORT, e.g. 127.0.0.1:5300 or [::1]:5300',
    )
  }
  return { address, port }
}

/** Canonical text, IPv6 in brackets. */
export function formatListenAddress({ address, port }: ListenAddress): string {
  return address.family === 6 ? `[${formatAddress(address)}]:${port}` : `${formatAddress(address)}:${port}`
}

/** True for 0.0.0.0 and ::. */
export function isWildcard(address: Address): boolean {
  const [a, b, , d] = address.words
  return a === 0 && b === 0 && d === 0 && (address.family === 4 || address.words[2] === 0)
}

/** True for 127.0.0.0/8 and ::1. */
export function isLoopback(address: Address): boolean {
  const [a, b, c, d] = address.words
  return address.family === 4 ? d >>> 24 === 127 : a === 0 && b === 0 && c === 0 && d === 1
}
