/** My draft, for those who may have one. */
import { useQuery } from '@tanstack/react-query'
import type { Draft } from '../../../contract/draft.ts'
import { draftQuery } from '../../lib/queries.ts'
import { useMay } from '../session/use-me.ts'

/** The draft and the number of its changes. */
export function useDraft(): { readonly draft: Draft | undefined; readonly changeCount: number } {
  const may = useMay('editor')
  const draft = useQuery({ ...draftQuery(), enabled: may }).data
  return { draft, changeCount: draft?.exists ? draft.changes.length : 0 }
}
