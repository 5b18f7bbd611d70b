/**
 * Coverage-guided: the readers of parse-targets.ts are fed inputs changed by chance; one that reaches code that none reached before joins
 * the corpus that later ones are made of. An exception, a contradiction, or one input that takes longer than SLOW_MS is a find.
 */
import { signMessage } from '../support/hostile-messages.ts'
import { type Draw, drawPacket, mutatePacket } from '../support/hostile-packets.ts'
import { HOSTILE_ZONES } from '../support/hostile-zones.ts'
import { RDATA_ROWS } from '../support/rdata-rows.ts'
import { updateMessage } from '../support/update-message.ts'
import { startCoverage } from './coverage.ts'
import type { Finds } from './finds.ts'
import { FUZZ_SIGNING } from './hostile-product.ts'
import { PARSE_TARGETS } from './parse-targets.ts'
import { drawTransferAnswer } from './transfer-answers.ts'

type Target = keyof typeof PARSE_TARGETS

/** Inputs between two looks at the coverage. */
const BATCH = 100
/** One input may take this long, on a machine that does other things too. */
const SLOW_MS = 2000
const LARGEST_INPUT_BYTES = 20_000

const framed = (messages: readonly Uint8Array[]): Uint8Array =>
  new Uint8Array(Buffer.concat(messages.flatMap((message) => [Uint8Array.of(message.length >> 8, message.length & 255), message])))

/** Words that master files are made of, to be put in anywhere. */
const WORDS = [
  '(',
  ')',
  ';',
  '"',
  '\n',
  '\n ',
  '\t',
  '\\',
  '\\000',
  '\\999',
  '@',
  '.',
  '*',
  '$TTL 1\n',
  '$ORIGIN x.\n',
  '$INCLUDE self\n',
  '$INCLUDE no\n',
  '$GENERATE 1-9 a$ A 1.2.3.$\n',
  '$GENERATE 0-65535/1 $\u007b0,3,x} TXT $\n',
  '$\u007b-1,300,n}',
  '\\# 4 01020304',
  '\\# 65535 00',
  'TYPE65280',
  'CLASS1',
  'CH',
  '1w2d',
  '4294967296',
  '99999999999',
  'a'.repeat(64),
  'a.'.repeat(130),
  '=',
  ',',
  '"\\"',
  '::',
  '\u00ff',
]

function seeds(draw: Draw, target: Target): Uint8Array[] {
  switch (target) {
    case 'zone-file':
      return [
        ...Object.values(HOSTILE_ZONES),
        ...RDATA_ROWS.map(([, word, text]) => `@ SOA a b 1 2 3 4 5\n@ NS a\na A 192.0.2.1\nx 5 IN ${word} ${text}\n`),
      ].map((text) => new Uint8Array(Buffer.from(text, 'latin1')))
    case 'axfr':
    case 'ixfr':
      return Array.from({ length: 30 }, () => framed(drawTransferAnswer(draw, 'sec.test', 0x1234, target === 'axfr' ? 252 : 251)))
    case 'update':
      return [
        updateMessage(
          'dyn.test.',
          ['h1 0 ANY A', 'h1 0 IN A 192.0.2.1', 'h9 0 NONE ANY'],
          ['h1 60 IN A 192.0.2.9', 'h1 0 NONE A 192.0.2.1', 'h2 0 ANY ANY'],
        ),
        updateMessage(
          'dyn.test.',
          [],
          ['@ 60 IN SOA ns1 h 6 1 1 60 5', '@ 0 ANY NS', '@ 0 NONE NS ns1', 'h2 60 IN CNAME h3', 'h3 60 IN DNAME h4'],
        ),
      ]
    case 'message': {
      const packets = Array.from({ length: 20 }, () => drawPacket(draw))
      const answers = Array.from({ length: 20 }, () => drawTransferAnswer(draw, 'sec.test', 0x1234, 252)[0]!)
      return [...packets, ...answers, ...packets.map((packet) => signMessage(packet, FUZZ_SIGNING.known, 1_800_000_000))]
    }
  }
}

/** A changed copy of one of the corpus, sometimes with a piece of another. */
function change(draw: Draw, corpus: readonly Uint8Array[], target: Target): Uint8Array {
  let input: Uint8Array = corpus[draw(corpus.length)]!.slice()
  for (let changes = 1 + draw(draw(4) === 0 ? 16 : 3); changes > 0; changes--) {
    const kind = draw(6)
    const at = draw(input.length + 1)
    if (kind === 0) {
      const other = corpus[draw(corpus.length)]!
      const from = draw(other.length + 1)
      const to = Math.min(other.length, from + draw(200))
      input = Uint8Array.from([
        ...input.subarray(0, at),
        ...other.subarray(from, to),
        ...input.subarray(draw(2) === 0 ? at : draw(input.length + 1)),
      ])
    } else if (kind < 4 && target === 'zone-file') {
      const word = Buffer.from(WORDS[draw(WORDS.length)]!, 'latin1')
      input = Uint8Array.from([...input.subarray(0, at), ...word, ...input.subarray(at + (draw(2) === 0 ? 0 : draw(8)))])
    } else if (kind === 4 && target !== 'zone-file' && input.length > 2) {
      // A length or a number of two octets.
      const place = draw(input.length - 1)
      const value = [0, 1, 0xffff, 0x8000, draw(0x10000), draw(64)][draw(6)]!
      input[place] = value >> 8
      input[place + 1] = value & 255
    } else input = mutatePacket(input, draw)
  }
  return input.length > LARGEST_INPUT_BYTES ? input.slice(0, LARGEST_INPUT_BYTES) : input
}

/** Runs all targets in turn until `endAt`; what was done, in words. */
export function fuzzParsers(draw: Draw, endAt: number, finds: Finds): string {
  const coverage = startCoverage((url) => /\/resolver\/(?:wire|zone|update|transfer)\//.test(url))
  const names = Object.keys(PARSE_TARGETS) as Target[]
  const corpora = new Map(names.map((name) => [name, seeds(draw, name)]))
  let count = 0
  let kept = 0
  const run = (target: Target, input: Uint8Array): void => {
    const startedAt = performance.now()
    count++
    try {
      PARSE_TARGETS[target](input)
    } catch (error) {
      finds.add(target, error, input)
    }
    const tookMs = performance.now() - startedAt
    if (tookMs > SLOW_MS) finds.add(target, `one input took ${Math.round(tookMs)} ms`, input)
  }
  for (const target of names) for (const input of corpora.get(target)!) run(target, input)
  coverage.takeNew()
  const atFirst = coverage.functions().ran
  while (performance.now() < endAt && !finds.isFull()) {
    for (const target of names) {
      const corpus = corpora.get(target)!
      const inputs: Uint8Array[] = []
      const until = Math.min(endAt, performance.now() + 200)
      while (inputs.length < BATCH && performance.now() < until) {
        const input = change(draw, corpus, target)
        inputs.push(input)
        run(target, input)
      }
      if (coverage.look() === 0 || corpus.length > 3000) continue
      // Which of them? Each again, alone.
      for (const input of inputs) {
        if (performance.now() > endAt) break
        run(target, input)
        if (coverage.takeNew() === 0) continue
        corpus.push(input)
        kept++
      }
    }
  }
  const { ran, all } = coverage.functions()
  coverage.stop()
  return `${count} inputs, ${kept} kept for new code; functions of resolver/{wire,zone,update,transfer} run: ${atFirst} by the seeds, ${ran} of ${all} at the end`
}
