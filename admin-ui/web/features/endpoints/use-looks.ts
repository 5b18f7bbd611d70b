/** Codes and colours of the live endpoints, and of pools (a pool has its first member's). */
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { type EndpointLook, endpointLooks } from '../../lib/endpoint-look.ts'
import { endpointsQuery } from '../../lib/queries.ts'

/** Looks by endpoint id. */
export function useEndpointLooks(): ReadonlyMap<string, EndpointLook> {
  const endpoints = useQuery(endpointsQuery()).data?.endpoints
  // Standings change every few seconds, ids and places hardly ever.
  const key = (endpoints ?? []).map((endpoint) => `${endpoint.id} ${endpoint.placeEn} ${endpoint.carrier}`).join('\n')
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key stands for what the looks are made of
  return useMemo(() => endpointLooks(endpoints ?? []), [key])
}

/** Class of the colour of a pool: "e3", "" = grey. */
export function poolColour(
  pool: { readonly members: readonly { readonly endpoint: string }[] } | undefined,
  looks: ReadonlyMap<string, EndpointLook>,
): string {
  const first = pool?.members[0]?.endpoint
  const colour = first === undefined ? 0 : (looks.get(first)?.colour ?? 0)
  return colour > 0 ? `e${colour}` : ''
}
