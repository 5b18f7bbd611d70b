/** The whole document, drafts, publishing and history. */
import { writeYaml } from '../../../policy/config/write-yaml.ts'
import type { GenerationSummary as StoredSummary } from '../../../policy/store/store.ts'
import type { DocumentAnswer } from '../../contract/document.ts'
import type { GenerationAnswer, GenerationSummary } from '../../contract/generation.ts'
import { ApiError } from '../api-error.ts'
import type { ApiParts } from '../api-parts.ts'
import { diffDocuments } from '../publish/document-diff.ts'
import { sourceOf } from '../publish/draft-desk.ts'
import { hasErrors, warningCodes } from '../publish/issue-view.ts'
import type { LiveDocument } from '../publish/publisher.ts'
import { withWrittenLayers } from '../publish/written-layers.ts'
import { type ApiRequest, callerOf, checkPrecondition, numberParameter, type RouteHandlers } from '../route-handler.ts'

type Names =
  | 'document'
  | 'checkDocument'
  | 'putDocument'
  | 'draft'
  | 'draftDocument'
  | 'putDraftDocument'
  | 'rebaseDraft'
  | 'discardDraft'
  | 'reviewDraft'
  | 'publish'
  | 'generations'
  | 'generation'
  | 'rollBack'

/** Handlers. */
export function documentRoutes(parts: ApiParts): RouteHandlers<Names> {
  const { publisher, drafts, store } = parts
  const viewDraft = async (user: string) => {
    const answer = await drafts.view(user)
    return { answer, etag: answer.etag }
  }
  return {
    document: (request) => {
      const live = publisher.live()
      const digest = live?.generation.canonicalDigest ?? ''
      const plain = live?.value ?? { apiVersion: 'nearcast/v1' }
      // For `nearcast export`: what updates did to the zones, written into it.
      const value = request.query('dynamic') === 'true' ? withWrittenLayers(plain, publisher.dynamic()) : plain
      const answer: DocumentAnswer = {
        generation: live?.generation.number ?? 0,
        digest,
        text: live === undefined ? '' : writeText(value, request),
        files: live?.files ?? {},
      }
      return { answer, etag: digest || 'none' }
    },
    checkDocument: async ({ body }) => {
      const judged = await publisher.judge(body)
      const { value } = await publisher.check(body)
      return {
        answer: {
          ok: !hasErrors(judged.issues),
          issues: judged.issues,
          changes: value === undefined ? [] : publisher.changesFromLive(value),
          digest: judged.digest,
        },
      }
    },
    putDocument: async (request) => {
      const { text, files, basedOn, force, comment, accept, replaceDynamic } = request.body
      checkPrecondition(request, publisher.live()?.generation.canonicalDigest, false)
      const wish = { text, files, account: callerOf(request).user, comment, accept, basedOn, force, origin: 'document' } as const
      return { answer: await publisher.publish({ ...wish, replaceDynamic }) }
    },
    draft: (request) => viewDraft(callerOf(request).user),
    draftDocument: async (request) => {
      const { user } = callerOf(request)
      const desk = drafts.open(user, 'draft')
      const answer = {
        generation: desk.baseGeneration,
        digest: (await drafts.check(desk)).digest,
        text: writeText(desk.value, request),
        files: desk.files,
      }
      return { answer, etag: drafts.etag(user) }
    },
    putDraftDocument: (request) => {
      const { user } = callerOf(request)
      checkPrecondition(request, drafts.etag(user), false)
      drafts.save(user, request.body)
      return viewDraft(user)
    },
    rebaseDraft: async (request) => {
      const { user } = callerOf(request)
      await drafts.rebase(user)
      return viewDraft(user)
    },
    discardDraft: (request) => {
      drafts.discard(callerOf(request).user)
      return { answer: undefined }
    },
    reviewDraft: async (request) => {
      const desk = drafts.open(callerOf(request).user, 'draft')
      if (desk.stored === undefined) throw new ApiError('DRAFT_EMPTY', 'there is no draft')
      const judged = await publisher.judge(sourceOf(desk.stored))
      const liveGeneration = store.latestGenerationNumber()
      const changes = await drafts.changes(desk)
      return {
        answer: {
          baseGeneration: desk.baseGeneration,
          liveGeneration,
          nextGeneration: liveGeneration + 1,
          changes,
          issues: judged.issues,
          acceptNeeded: warningCodes(judged.issues),
          movedPercent: judged.movedPercent,
          moves: judged.moves.slice(0, 200),
          publishable: judged.snapshot !== undefined && desk.baseGeneration === liveGeneration && changes.length > 0,
        },
      }
    },
    publish: async (request) => {
      const { user } = callerOf(request)
      const desk = drafts.open(user, 'draft')
      if (desk.stored === undefined) throw new ApiError('DRAFT_EMPTY', 'there is no draft')
      const { comment, accept } = request.body
      return {
        answer: await publisher.publish({
          ...sourceOf(desk.stored),
          account: user,
          comment,
          accept,
          basedOn: desk.baseGeneration,
          force: false,
          origin: 'draft',
        }),
      }
    },
    generations: (request) => {
      const limit = numberParameter(request, 'limit', 50, 1, 500)
      const before = numberParameter(request, 'before', Number.MAX_SAFE_INTEGER, 0, Number.MAX_SAFE_INTEGER)
      const rows = store.listGenerations({ before, limit: limit + 1 })
      const live = store.latestGenerationNumber()
      return { answer: { generations: rows.slice(0, limit).map((row) => viewSummary(row, live)), more: rows.length > limit } }
    },
    generation: async (request) => {
      const found = await findGeneration(parts, request.params.generation!)
      const against = numberParameter(request, 'against', found.generation.number - 1, 0, Number.MAX_SAFE_INTEGER)
      const other = against === 0 ? undefined : await findGeneration(parts, String(against))
      const answer: GenerationAnswer = {
        ...viewSummary(found.generation, store.latestGenerationNumber()),
        text: JSON.stringify(found.value, null, 2),
        files: found.files,
        against: other === undefined ? null : against,
        changes: diffDocuments(other?.value ?? {}, found.value),
      }
      return { answer }
    },
    rollBack: async (request) => {
      const { generation } = await findGeneration(parts, request.params.generation!)
      const { comment, accept } = request.body
      const source = { text: generation.documentText, files: generation.files }
      const wish = { ...source, account: callerOf(request).user, comment, accept, basedOn: null, force: true, origin: 'rollback' } as const
      return { answer: await publisher.publish(wish) }
    },
  }
}

function writeText(value: Record<string, unknown>, request: Pick<ApiRequest, 'query'>): string {
  const format = request.query('format') ?? 'json'
  if (format === 'json') return `${JSON.stringify(value, null, 2)}\n`
  if (format === 'yaml') return writeYaml(value)
  throw new ApiError('API_PARAMETER', `format "${format.slice(0, 20)}" is neither json nor yaml`)
}

async function findGeneration({ publisher }: ApiParts, text: string): Promise<LiveDocument> {
  const found = /^\d{1,15}$/.test(text) ? await publisher.generation(Number(text)) : undefined
  if (found === undefined) throw new ApiError('GENERATION_UNKNOWN', `there is no generation "${text.slice(0, 20)}"`)
  return found
}

function viewSummary(generation: StoredSummary, live: number): GenerationSummary {
  return {
    generation: generation.number,
    at: new Date(generation.createdAt).toISOString(),
    account: generation.author,
    comment: generation.comment,
    digest: generation.canonicalDigest,
    accepted: generation.acceptedIssues,
    movedPercent: generation.movedPercent,
    live: generation.number === live,
  }
}
