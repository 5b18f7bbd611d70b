/**
 * Scope soundness on the wire (RFC 7871 §7.2.1, DESIGN.md section 5): whoever stands inside the scope that came back gets the same
 * octets. Whole packets through the compiled snapshot: weights, hashPrefix, chains of CNAMEs, wildcards, steered targets.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { AddressWords } from '../../geodata/address/address.ts'
import { parsePrefix, prefixContains } from '../../geodata/address/prefix.ts'
import { RCODE_SERVFAIL } from '../../resolver/wire/registry.ts'
import { packetSubjectOf, STEERED_QUESTIONS } from '../support/answer-arbitraries.ts'
import { buildQuery, readReply, sourceWords, subnetOf } from '../support/dns-packets.ts'
import { type PacketSubject, SOMEONE } from '../support/packet-subject.ts'
import { type Client, client, edgesOf, health, PROPERTY_SEED, prefix, world } from '../support/synthetic-arbitraries.ts'

type Asked = { readonly scope: number; readonly body: string; readonly tc: boolean }
const bitsOf = (family: 4 | 6): number => (family === 4 ? 32 : 128)

/** What stands before the OPT record, which is the last one: root, type 41, our UDP size. */
function withoutOpt(reply: Uint8Array): string {
  const octets = Buffer.from(reply)
  return octets.toString('hex', 0, octets.lastIndexOf(Buffer.of(0, 0, 41, 1232 >> 8, 1232 & 255)))
}

/** Asks with a client subnet of `source` bits; the body is the reply without its OPT, which holds the asker's own address. */
function ask(subject: PacketSubject, [name, type]: readonly [string, number], { family, address }: Client, source: number): Asked {
  const subnet = subnetOf(family, address, source)
  const reply = subject.ask(buildQuery({ name, type, opts: [{ subnet }] }))!
  const read = readReply(reply)
  assert.ok(read.opt?.subnet !== undefined, `${name}: no client subnet came back`)
  const { family: echoedFamily, source: echoedSource, scope, octets } = read.opt.subnet
  assert.deepEqual([echoedFamily, echoedSource, [...octets]], [subnet.family, source, subnet.octets], `${name}: the subnet is echoed`)
  assert.ok(scope <= bitsOf(family))
  return { scope, body: withoutOpt(reply), tc: read.tc }
}

test('any address inside the returned scope gets the same octets and the same scope', () => {
  const scopes = new Set<string>()
  let chains = 0
  fc.assert(
    fc.property(
      world,
      health,
      fc.array(client, { minLength: 4, maxLength: 4 }),
      fc.array(fc.bigInt(0n, (1n << 128n) - 1n), { minLength: 3, maxLength: 3 }),
      (drawn, ranking, clients, offsets) => {
        const subject = packetSubjectOf(drawn, ranking)
        const edges = edgesOf(drawn)
        const picked = [...clients, ...edges.filter((_, at) => at % 5 === 0).slice(0, 8)]
        for (const question of STEERED_QUESTIONS) {
          for (const asker of picked) {
            const bits = bitsOf(asker.family)
            const whole = ask(subject, question, asker, bits)
            scopes.add(`${asker.family}/${whole.scope}`)
            if (question[0] === 'c2.z.test' && whole.scope > 0) chains++
            const size = 1n << BigInt(bits - whole.scope)
            const first = (asker.address / size) * size
            const inside = edges.filter(({ family, address }) => family === asker.family && address >= first && address < first + size)
            const others = [
              first,
              first + size - 1n,
              ...offsets.map((offset) => first + (offset % size)),
              ...inside.map((edge) => edge.address),
            ]
            for (const address of new Set(others)) {
              const other = ask(subject, question, { family: asker.family, address }, bits)
              assert.deepEqual(other, whole, `${question}: ${address} inside the scope /${whole.scope} of ${asker.address}`)
            }
            // A resolver that sends fewer bits is decided at its network address.
            const source = Number(offsets[0]! % BigInt(bits)) + 1
            const cut = ask(subject, question, asker, source)
            const network = (asker.address >> BigInt(bits - source)) << BigInt(bits - source)
            assert.deepEqual(
              cut,
              ask(subject, question, { family: asker.family, address: network }, bits),
              `${question}: source /${source}`,
            )
          }
        }
      },
    ),
    { seed: PROPERTY_SEED, numRuns: Number(process.env.PROPERTY_RUNS ?? 150) },
  )
  for (const scope of ['4/0', '4/24', '4/32', '6/0', '6/56', '6/128']) assert.ok(scopes.has(scope), `no answer had scope ${scope}`)
  assert.ok(chains > 100, `${chains} chains had a scope`)
})

test('health never changes the scope of an answer', () => {
  fc.assert(
    fc.property(world, health, health, fc.array(client, { minLength: 6, maxLength: 6 }), (drawn, one, other, clients) => {
      const subject = packetSubjectOf(drawn, one)
      // A chain ends elsewhere when another target is picked: only names of one decision are compared.
      const questions = STEERED_QUESTIONS.filter(([name, type]) => name.startsWith('s') && type !== 255).slice(0, 3)
      const scopes = (): number[] =>
        clients.flatMap((asker) => questions.map((question) => ask(subject, question, asker, bitsOf(asker.family)).scope))
      const hasTargets = drawn.config.endpoints.some((endpoint) => endpoint.target !== '')
      fc.pre(!hasTargets)
      const before = scopes()
      subject.rank(other)
      assert.deepEqual(scopes(), before)
    }),
    { seed: PROPERTY_SEED, numRuns: 60 },
  )
})

test('without a client subnet, with source /0, or where it is ignored, the resolver decides and the scope is 0', () => {
  fc.assert(
    fc.property(world, health, client, client, (drawn, ranking, resolver, asker) => {
      const subject = packetSubjectOf(drawn, ranking)
      const src = sourceWords(resolver.family, resolver.address)
      for (const [name, type] of STEERED_QUESTIONS) {
        const plain = subject.ask(buildQuery({ name, type, opts: [{}] }), { src })!
        const body = withoutOpt(plain)
        for (const family of [4, 6] as const) {
          const zero = subject.ask(buildQuery({ name, type, opts: [{ subnet: subnetOf(family, 0n, 0) }] }), { src })!
          assert.equal(withoutOpt(zero), body, `${name}: source /0`)
          assert.equal(readReply(zero).opt!.subnet!.scope, 0)
        }
        // Whoever asks for himself is decided like a resolver that names him with all bits.
        const mapped = resolver.family === 6 && resolver.address >> 32n === 0xffffn
        if (!name.startsWith('ignored') && !mapped)
          assert.equal(ask(subject, [name, type], resolver, bitsOf(resolver.family)).body, body, `${name}: the resolver itself`)
      }
      const ignored = buildQuery({
        name: 'ignored.i.test',
        opts: [{ subnet: subnetOf(asker.family, asker.address, bitsOf(asker.family)) }],
      })
      const read = readReply(subject.ask(ignored, { src: SOMEONE })!)
      const without = readReply(subject.ask(buildQuery({ name: 'ignored.i.test', opts: [{}] }), { src: SOMEONE })!)
      // A target of ours in a zone that uses the subnet is decided by it again; when that fails, the reply does not hold the CNAME.
      if (read.answers.some((record) => record.type === 'CNAME') || read.rcode === RCODE_SERVFAIL) return
      assert.deepEqual([read.answers, read.opt!.subnet!.scope], [without.answers, 0])
    }),
    { seed: PROPERTY_SEED, numRuns: 60 },
  )
})

test('a resolver that is not trusted decides by itself with scope 0, whatever subnet it sends; a trusted one as if there were no list', () => {
  let trusted = 0
  let untrusted = 0
  fc.assert(
    fc.property(world, health, client, client, fc.array(prefix, { maxLength: 6 }), (drawn, ranking, resolver, asker, ecsTrust) => {
      const subject = packetSubjectOf({ ...drawn, config: { ...drawn.config, options: { ...drawn.config.options, ecsTrust } } }, ranking)
      const open = packetSubjectOf(drawn, ranking)
      const src = sourceWords(resolver.family, resolver.address)
      const isMapped = resolver.family === 6 && resolver.address >> 32n === 0xffffn
      const address = { family: isMapped ? 4 : resolver.family, words: wordsOfAddress(src) } as const
      const isListed = ecsTrust.some((text) => prefixContains(parsePrefix(text), address))
      if (isListed) trusted++
      else untrusted++
      for (const [name, type] of STEERED_QUESTIONS) {
        const subnet = subnetOf(asker.family, asker.address, bitsOf(asker.family))
        const query = buildQuery({ name, type, opts: [{ subnet }] })
        const reply = subject.ask(query, { src })!
        if (isListed) assert.deepEqual(reply, open.ask(query, { src })!, `${name}: ${ecsTrust.join(' ')}`)
        else {
          assert.equal(withoutOpt(reply), withoutOpt(subject.ask(buildQuery({ name, type, opts: [{}] }), { src })!), name)
          const { source, scope, octets } = readReply(reply).opt!.subnet!
          assert.deepEqual([source, scope, [...octets]], [bitsOf(asker.family), 0, subnet.octets], name)
        }
      }
    }),
    { seed: PROPERTY_SEED, numRuns: 200 },
  )
  assert.ok(trusted > 20 && untrusted > 20, `${trusted} trusted, ${untrusted} not`)
})

const wordsOfAddress = (src: Uint32Array): AddressWords => [src[0]!, src[1]!, src[2]!, src[3]!]
