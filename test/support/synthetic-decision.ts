/** A compiled configuration with a ranking, asked by textual address: the fast path as a table test wants it. */
import { type AddressWords, parseAddress } from '../../geodata/address/address.ts'
import { type CompiledConfig, compilePolicies } from '../../policy/compile/compile-policies.ts'
import type { LocationTables } from '../../policy/compile/line-table.ts'
import type { Config } from '../../policy/config/config-schema.ts'
import { type CompiledPolicies, viewPolicies } from '../../policy/decide/compiled-policies.ts'
import { decide } from '../../policy/decide/decide.ts'
import { type Decision, makeDecision, OUTCOME_ANSWER, OUTCOME_SERVFAIL } from '../../policy/model/decision.ts'
import type { NaiveDecision, PlainRanking } from '../../policy/reference/naive-decide.ts'
import { wordsOfBig } from './synthetic-geodata.ts'
import { fillRanking, makePlainRanking, type RankingDraft } from './synthetic-ranking.ts'

/** Something to ask. */
export type Subject = {
  readonly compiled: CompiledConfig
  readonly policies: CompiledPolicies
  /** Decides for an address as text. */
  readonly ask: (client: string, ranking?: RankingDraft, question?: Question) => NaiveDecision
  /** Answer class of an address as text. */
  readonly classOf: (client: string, question?: Question) => number
  /** A plain ranking of the configuration, to be changed by hand. */
  readonly plainOf: (ranking: RankingDraft) => PlainRanking
  /** Decides for an address as a number. */
  readonly askNumber: (family: 4 | 6, address: bigint, ranking: PlainRanking, question?: Question) => NaiveDecision
}

/** What else a decision depends on. */
export type Question = { readonly policy?: string; readonly view?: 0 | 1; readonly draw?: number }

/** Compiles a configuration for asking. */
export function makeSubject(config: Config, geodata: LocationTables): Subject {
  const compiled = compilePolicies(config, geodata)
  const policies = viewPolicies(compiled.columns)
  const out = makeDecision()
  // Filling the columns costs more than a decision, and properties ask one ranking many times.
  let lastPlain: PlainRanking | undefined
  let lastColumns = fillRanking(config, makePlainRanking(config))
  const askNumber: Subject['askNumber'] = (family, address, plain, question = {}) => {
    if (plain !== lastPlain) {
      lastPlain = plain
      lastColumns = fillRanking(config, plain, compiled)
    }
    const policy = question.policy === undefined ? 0 : compiled.names.policies.indexOf(question.policy)
    const [w0, w1, w2, w3] = family === 4 ? [Number(address), 0, 0, 0] : wordsOfBig(address)
    decide(policies, lastColumns, policy, question.view ?? 0, family, w0!, w1!, w2!, w3!, question.draw ?? 0, out)
    return wordDecision(compiled, out)
  }
  return {
    compiled,
    policies,
    askNumber,
    classOf: (client, question) => {
      const { family, words } = parseAddress(client)
      askNumber(family, numberOf(family, words), lastPlain ?? makePlainRanking(config), question)
      return out.class
    },
    plainOf: (ranking) => makePlainRanking(config, ranking),
    ask: (client, ranking, question) => {
      const { family, words } = parseAddress(client)
      return askNumber(family, numberOf(family, words), makePlainRanking(config, ranking), question)
    },
  }
}

function numberOf(family: 4 | 6, words: AddressWords): bigint {
  return family === 4 ? BigInt(words[3]) : words.reduce((sum, word) => (sum << 32n) | BigInt(word), 0n)
}

/** A decision in words, in the form of the naive twin. */
export function wordDecision({ columns, names }: CompiledConfig, out: Decision): NaiveDecision {
  return {
    outcome: out.outcome === OUTCOME_ANSWER ? 'answer' : out.outcome === OUTCOME_SERVFAIL ? 'servfail' : 'nodata',
    step: out.step as NaiveDecision['step'],
    line: out.rule < 0 ? '' : names.ruleLines[out.rule]!,
    chainPosition: out.chainPosition,
    poolId: out.poolUse < 0 ? '' : names.pools[columns.poolUsePool[out.poolUse]!]!,
    poolPosition: out.poolPosition,
    endpoints: Array.from(out.members.subarray(0, out.memberCount), (member) => names.endpoints[columns.memberEndpoint[member]!]!),
    ttlSeconds: out.ttlSeconds,
    scope: out.scope,
  }
}
