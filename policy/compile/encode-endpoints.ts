/** Endpoint columns: addresses as numbers, targets as names in wire form. Pure. */
import { parseAddress } from '../../geodata/address/address.ts'
import type { Endpoint } from '../config/config-schema.ts'
import { ENDPOINT_DISABLED, ENDPOINT_IPV4, ENDPOINT_IPV6, ENDPOINT_TARGET, type PolicyColumns } from '../model/policy-columns.ts'

type EndpointColumns = Pick<PolicyColumns, 'endpointKinds' | 'endpointIpv4' | 'endpointIpv6' | 'endpointTargetFirst' | 'endpointTargets'>

/** Encodes endpoints in the order given. */
export function encodeEndpoints(endpoints: readonly Endpoint[]): EndpointColumns {
  const ipv6 = new Uint32Array(4 * endpoints.length)
  const targetFirst: number[] = [0]
  const targets: number[] = []
  for (const [number, endpoint] of endpoints.entries()) {
    if (endpoint.ipv6 !== '') ipv6.set(parseAddress(endpoint.ipv6).words, 4 * number)
    if (endpoint.target !== '') targets.push(...encodeName(endpoint.target))
    targetFirst.push(targets.length)
  }
  return {
    endpointKinds: Uint8Array.from(endpoints, kindsOf),
    endpointIpv4: Uint32Array.from(endpoints, ({ ipv4 }) => (ipv4 === '' ? 0 : parseAddress(ipv4).words[3])),
    endpointIpv6: ipv6,
    endpointTargetFirst: Uint32Array.from(targetFirst),
    endpointTargets: Uint8Array.from(targets),
  }
}

function kindsOf(endpoint: Endpoint): number {
  return (
    (endpoint.ipv4 === '' ? 0 : ENDPOINT_IPV4) |
    (endpoint.ipv6 === '' ? 0 : ENDPOINT_IPV6) |
    (endpoint.target === '' ? 0 : ENDPOINT_TARGET) |
    (endpoint.enabled ? 0 : ENDPOINT_DISABLED)
  )
}

/** Wire form of a canonical absolute name ("a\.b.example.", with \DDD escapes; RFC 1035 §3.1, §5.1). */
export function encodeName(name: string): number[] {
  const wire: number[] = []
  let label: number[] = []
  for (let at = 0; at < name.length; at++) {
    if (name[at] === '.') {
      if (label.length > 0) wire.push(label.length, ...label)
      label = []
    } else if (name[at] === '\\') {
      const digits = /^\d{3}/.exec(name.slice(at + 1, at + 4))
      label.push(digits === null ? name.charCodeAt(at + 1) : Number(digits[0]))
      at += digits === null ? 1 : 3
    } else label.push(name.charCodeAt(at))
  }
  wire.push(0)
  return wire
}
