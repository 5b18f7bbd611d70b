/**
 * The policy being edited: my draft's version, edits with undo and redo, and saving 400 ms after the last edit. One save is under way
 * at a time; edits made meanwhile are saved after it. A save over someone else's (412) reads anew and says so.
 */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useRef, useState } from 'react'
import type { PolicyAnswer, PolicyObject } from '../../../contract/policy.ts'
import { ApiProblem, callApi } from '../../lib/api-client.ts'
import { words } from '../../lib/i18n.ts'
import { policyQuery } from '../../lib/queries.ts'
import { showToast } from '../../lib/toast.ts'

/** Pause after the last edit before it is saved. */
const SAVE_AFTER_MS = 400
/** Steps that can be undone. */
const UNDO_MAX = 100

/** State of saving. */
export type SaveState = { readonly state: 'saved' | 'waiting' | 'saving' | 'failed'; readonly at: number | null; readonly error: unknown }

/** The editor. */
export type PolicyEditor = {
  readonly query: ReturnType<typeof useQuery<PolicyAnswer>>
  /** The policy as edited; undefined while it loads. */
  readonly policy: PolicyObject | undefined
  readonly answer: PolicyAnswer | undefined
  readonly edit: (change: (policy: PolicyObject) => PolicyObject) => void
  readonly undo: () => void
  readonly redo: () => void
  readonly canUndo: boolean
  readonly save: SaveState
}

/** Edits policy `id`. */
export function usePolicyEditor(id: string): PolicyEditor {
  const queryClient = useQueryClient()
  const query = useQuery({ ...policyQuery(id, 'draft'), refetchOnWindowFocus: false })
  const [policy, setPolicy] = useState<PolicyObject | undefined>(undefined)
  const [steps, setSteps] = useState<{ readonly past: readonly PolicyObject[]; readonly future: readonly PolicyObject[] }>({
    past: [],
    future: [],
  })
  const [save, setSave] = useState<SaveState>({ state: 'saved', at: null, error: null })
  const work = useRef<{ etag: string; next: PolicyObject | undefined; timer: ReturnType<typeof setTimeout> | undefined; busy: boolean }>({
    etag: '',
    next: undefined,
    timer: undefined,
    busy: false,
  })

  useEffect(() => {
    const { current } = work
    // What comes in while something waits to be saved is older than what is on the screen.
    if (query.data === undefined || current.next !== undefined || current.busy) return
    current.etag = query.data.etag
    setPolicy(query.data.policy)
  }, [query.data])

  const flush = useCallback(async (): Promise<void> => {
    const { current } = work
    if (current.busy || current.next === undefined) return
    const body = current.next
    current.next = undefined
    current.busy = true
    setSave((before) => ({ ...before, state: 'saving' }))
    try {
      const answer = await callApi('putPolicy', { params: { id }, body, ifMatch: current.etag })
      current.etag = answer.etag
      queryClient.setQueryData(['policy', id, 'draft'], answer)
      setSave({ state: current.next === undefined ? 'saved' : 'waiting', at: Date.now(), error: null })
      for (const key of ['draft', 'policies', 'pools', 'review']) void queryClient.invalidateQueries({ queryKey: [key] })
    } catch (error) {
      setSave((before) => ({ ...before, state: 'failed', error }))
      if (error instanceof ApiProblem && error.status === 412) {
        current.next = undefined
        showToast({ tone: 'down', title: words('policy.changedElsewhere'), detail: words('policy.changedElsewhereDetail') })
        current.busy = false
        await queryClient.invalidateQueries({ queryKey: ['policy', id] })
        return
      }
      // Kept, so that the next edit or Retry sends it.
      current.next ??= body
      return
    } finally {
      current.busy = false
    }
    if (work.current.next !== undefined) void flush()
  }, [id, queryClient])

  const put = useCallback(
    (next: PolicyObject): void => {
      setPolicy(next)
      setSave((before) => ({ ...before, state: 'waiting' }))
      work.current.next = next
      clearTimeout(work.current.timer)
      work.current.timer = setTimeout(() => void flush(), SAVE_AFTER_MS)
    },
    [flush],
  )
  useEffect(() => {
    // Leaving the page saves at once what waits.
    return () => {
      clearTimeout(work.current.timer)
      void flush()
    }
  }, [flush])

  const edit = useCallback(
    (change: (policy: PolicyObject) => PolicyObject): void => {
      if (policy === undefined) return
      const next = change(policy)
      if (next === policy) return
      setSteps(({ past }) => ({ past: [...past.slice(-UNDO_MAX), policy], future: [] }))
      put(next)
    },
    [policy, put],
  )
  const undo = useCallback((): void => {
    const last = steps.past.at(-1)
    if (last === undefined || policy === undefined) return
    setSteps({ past: steps.past.slice(0, -1), future: [policy, ...steps.future] })
    put(last)
  }, [policy, put, steps])
  const redo = useCallback((): void => {
    const next = steps.future[0]
    if (next === undefined || policy === undefined) return
    setSteps({ past: [...steps.past, policy], future: steps.future.slice(1) })
    put(next)
  }, [policy, put, steps])

  return { query, policy, answer: query.data, edit, undo, redo, canUndo: steps.past.length > 0, save }
}
