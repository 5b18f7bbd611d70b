/** Open overrides, and which of them decides on an endpoint now. */
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { Override, OverrideNote } from '../../../contract/override.ts'
import { overridesQuery } from '../../lib/queries.ts'

/** Open overrides, newest first; empty while they are not known. */
export function useOverrides(): readonly Override[] {
  return useQuery(overridesQuery()).data?.overrides ?? NONE
}

const NONE: readonly Override[] = []

/** The override that holds each endpoint, by endpoint id. */
export function useHeld(): ReadonlyMap<string, OverrideNote> {
  const overrides = useOverrides()
  return useMemo(
    () => new Map(overrides.flatMap((override) => override.holds.map((endpoint) => [endpoint, noteOf(override)] as const))),
    [overrides],
  )
}

/** An override as it is shown beside what it holds. */
export function noteOf({ id, action, owner, reason, window, sharePercent }: Override): OverrideNote {
  return { id, action, owner, reason, until: window?.until ?? null, ...(sharePercent === null ? {} : { sharePercent }) }
}
