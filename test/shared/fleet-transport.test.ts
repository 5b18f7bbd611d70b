/** One suite for every FleetTransport: what control and nodes may rely on, whatever carries the messages. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, test } from 'node:test'
import type { EventOutboxLimits } from '../../cluster/event-outbox.ts'
import type { FleetHub, FleetLink, HealthMessage, NodeEvent, NodeStatus, PublishMessage } from '../../cluster/fleet-transport.ts'
import { openLocalFleetLink, startLocalFleetHub } from '../../cluster/local-fleet-transport.ts'
import type { LatencyCell, LatencyMessage } from '../../health/model/latency-matrix.ts'
import type { Override } from '../../health/model/override.ts'
import type { VantageReport } from '../../health/model/vantage-report.ts'

type Transport = {
  readonly hub: () => Promise<FleetHub>
  readonly link: (status: NodeStatus, eventLimits?: EventOutboxLimits) => FleetLink
  readonly cleanUp: () => void
}

const TRANSPORTS: readonly { readonly name: string; readonly open: () => Transport }[] = [
  {
    name: 'unix socket',
    open: () => {
      const folder = mkdtempSync(join(tmpdir(), 'nearcast-fleet-'))
      const path = join(folder, 'fleet.sock')
      return {
        hub: () => startLocalFleetHub({ path }),
        link: (status, eventLimits) => openLocalFleetLink({ path, status, ...(eventLimits === undefined ? {} : { eventLimits }) }),
        cleanUp: () => rmSync(folder, { recursive: true }),
      }
    },
  },
]

const statusOf = (nodeId: string, generation = 0): NodeStatus => ({
  nodeId,
  generation,
  digest: generation ? `d${generation}` : '',
  startedAt: 1,
})
const publishOf = (generation: number): PublishMessage => ({
  type: 'publish',
  generation,
  digest: `d${generation}`,
  path: `/snap/${generation}`,
  geodataPath: '/geo',
})

/** Resolves when the condition holds. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2))
}

for (const { name, open } of TRANSPORTS) {
  describe(`FleetTransport on a ${name}`, () => {
    let closers: (() => Promise<void>)[] = []
    let transport: Transport
    const start = (): Transport => {
      transport = open()
      return transport
    }
    const keep = <T extends { close(): Promise<void> }>(thing: T): T => {
      closers.push(() => thing.close())
      return thing
    }
    /** A node that applies what is published. */
    const node = (nodeId: string, applied: number[] = []): FleetLink => {
      const link = keep(transport.link(statusOf(nodeId)))
      link.onPublish(async (message) => {
        applied.push(message.generation)
        return statusOf(nodeId, message.generation)
      })
      return link
    }
    afterEach(async () => {
      for (const close of closers.reverse()) await close()
      closers = []
      transport.cleanUp()
    })

    test('a publish reaches every connected node and resolves with their answers', async () => {
      const hub = keep(await start().hub())
      node('a')
      node('b')
      await until(() => hub.nodes().length === 2)
      const answers = await hub.publish(publishOf(1), 1000)
      assert.deepEqual(
        [...answers].sort((x, y) => (x.nodeId < y.nodeId ? -1 : 1)),
        [
          { nodeId: 'a', ok: true },
          { nodeId: 'b', ok: true },
        ],
      )
      assert.deepEqual(
        hub.nodes().map(({ generation }) => generation),
        [1, 1],
      )
    })

    test('a node that connects later gets the latest generation only', async () => {
      const hub = keep(await start().hub())
      assert.deepEqual(await hub.publish(publishOf(1), 1000), [])
      await hub.publish(publishOf(2), 1000)
      const applied: number[] = []
      node('late', applied)
      await until(() => hub.nodes()[0]?.generation === 2)
      assert.deepEqual(applied, [2])
    })

    test('latency: nodes that connect get the whole matrix, connected ones what changed, handlers that are set late all of it', async () => {
      const hub = keep(await start().hub())
      const cell = (endpointId: string): LatencyCell => ({ line: 'jp', endpointId, medianMs: 9, p90Ms: 12, count: 4, at: 1 })
      const all = [cell('a')]
      let changed: LatencyCell[] = []
      const read = (whole: boolean): LatencyMessage => ({ type: 'latency', whole, cells: whole ? all : changed, at: 2 })
      const seen: string[] = []
      const note =
        (nodeId: string) =>
        ({ whole, cells }: LatencyMessage): void =>
          void seen.push(`${nodeId} ${whole ? 'whole' : 'changed'} ${cells.map(({ endpointId }) => endpointId).join('+')}`)
      hub.tellLatency(read)
      const first = keep(transport.link(statusOf('a')))
      first.onLatency(note('a'))
      await until(() => seen.length === 1)
      hub.tellLatency(read)
      changed = [cell('b')]
      all.push(cell('b'))
      hub.tellLatency(read)
      await until(() => seen.length === 2)
      const late = keep(transport.link(statusOf('b')))
      late.onRequest(async () => 'pong')
      await until(() => hub.nodes().length === 2)
      changed = [cell('c')]
      hub.tellLatency(read)
      await hub.request('stats', {}, 1000, 'b')
      late.onLatency(note('b'))
      await until(() => seen.length === 5)
      assert.deepEqual(
        seen.filter((line) => line.startsWith('a')),
        ['a whole a', 'a changed b', 'a changed c'],
      )
      assert.deepEqual(
        seen.filter((line) => line.startsWith('b')),
        ['b whole a+b', 'b changed c'],
      )
    })

    test('overrides reach connected nodes, nodes that connect later before any generation, and handlers that are set late', async () => {
      const hub = keep(await start().hub())
      const seen: string[] = []
      const link = (nodeId: string): FleetLink => {
        const opened = keep(transport.link(statusOf(nodeId)))
        opened.onOverrides(({ overrides }) => void seen.push(`${nodeId} ${overrides.map(({ id }) => id).join('+')}`))
        opened.onPublish(async ({ generation }) => {
          seen.push(`${nodeId} generation ${generation}`)
          return statusOf(nodeId, generation)
        })
        return opened
      }
      const overrideOf = (id: string): Override => ({
        id,
        target: { kind: 'endpoint', value: 'a' },
        action: 'down',
        drainSeconds: 0,
        owner: 'wang',
        reason: 'power work',
        createdAt: 1,
        startsAt: null,
        endsAt: null,
      })
      link('a')
      await until(() => hub.nodes().length === 1)
      hub.tellOverrides(() => ({ type: 'overrides', overrides: [overrideOf('1')] }))
      await until(() => seen.length === 1)
      hub.tellOverrides(() => ({ type: 'overrides', overrides: [overrideOf('2'), overrideOf('1')] }))
      await hub.publish(publishOf(1), 1000)
      link('b')
      await until(() => seen.length === 5)
      assert.deepEqual(seen, ['a 1', 'a 2+1', 'a generation 1', 'b 2+1', 'b generation 1'])
      const late = keep(transport.link(statusOf('c', 1)))
      late.onRequest(async () => 'pong')
      await until(() => hub.nodes().length === 3)
      await hub.request('stats', {}, 1000, 'c')
      late.onOverrides(({ overrides }) => void seen.push(`c ${overrides.length}`))
      assert.equal(seen.at(-1), 'c 2')
    })

    test('a node that already has the latest generation is not sent it again', async () => {
      const hub = keep(await start().hub())
      await hub.publish(publishOf(3), 1000)
      const link = keep(transport.link(statusOf('a', 3)))
      let published = 0
      link.onPublish(async () => statusOf('a', ++published))
      link.onRequest(async () => 'pong')
      await until(() => hub.nodes().length === 1)
      assert.equal(await hub.request('stats', {}, 1000), 'pong')
      assert.equal(published, 0)
    })

    test('a node that refuses a generation says why and keeps its own', async () => {
      const hub = keep(await start().hub())
      const link = keep(transport.link(statusOf('a', 1)))
      link.onPublish(async () => {
        throw new Error('digest differs')
      })
      await until(() => hub.nodes().length === 1)
      assert.deepEqual(await hub.publish(publishOf(2), 1000), [{ nodeId: 'a', ok: false, reason: 'digest differs' }])
      assert.equal(hub.nodes()[0]!.generation, 1)
    })

    test('a publish ends at its time-out when a node does not answer', async () => {
      const hub = keep(await start().hub())
      keep(transport.link(statusOf('mute'))).onPublish(() => new Promise(() => undefined))
      await until(() => hub.nodes().length === 1)
      assert.deepEqual(await hub.publish(publishOf(1), 5), [{ nodeId: 'mute', ok: false, reason: 'no answer within 5 ms' }])
    })

    test('a request is answered by the asked node, with its result or its reason', async () => {
      const hub = keep(await start().hub())
      for (const nodeId of ['a', 'b']) {
        keep(transport.link(statusOf(nodeId))).onRequest(async (method, params) => {
          if (method === 'stats') throw new Error('no stats here')
          return { nodeId, method, params }
        })
      }
      await until(() => hub.nodes().length === 2)
      assert.deepEqual(await hub.request('explain', { name: 'ü.' }, 1000, 'b'), { nodeId: 'b', method: 'explain', params: { name: 'ü.' } })
      await assert.rejects(hub.request('stats', {}, 1000, 'a'), { code: 'FLEET_REQUEST_FAILED', message: 'no stats here' })
    })

    test('requests fail with a code when no node is there or it is silent', async () => {
      const hub = keep(await start().hub())
      await assert.rejects(hub.request('scores', {}, 1000), { code: 'FLEET_NODE_AWAY' })
      await assert.rejects(hub.request('scores', {}, 1000, 'x'), { code: 'FLEET_NODE_AWAY' })
      keep(transport.link(statusOf('mute'))).onRequest(() => new Promise(() => undefined))
      await until(() => hub.nodes().length === 1)
      await assert.rejects(hub.request('scores', {}, 5), { code: 'FLEET_TIMEOUT' })
    })

    test('events arrive with the id of their node', async () => {
      const hub = keep(await start().hub())
      const seen: [string, NodeEvent][] = []
      hub.onEvent((nodeId, event) => seen.push([nodeId, event]))
      const link = node('a')
      await until(() => hub.nodes().length === 1)
      const event: NodeEvent = { at: 5, kind: 'standing', subject: 'ningbo-telecom-1', detail: 'up → down' }
      link.event(event)
      await until(() => seen.length === 1)
      assert.deepEqual(seen, [['a', event]])
    })

    const eventAt = (at: number): NodeEvent => ({ at, kind: 'standing', subject: 'ningbo-telecom-1', detail: 'up → down' })

    test('events raised while control is away arrive once, in order, with their time, before the node counts as caught up', async () => {
      start()
      const link = node('a')
      for (let at = 1; at <= 300; at++) link.event(eventAt(at))
      const first = await transport.hub()
      const seen: number[] = []
      const listen = (hub: FleetHub): void => hub.onEvent((_nodeId, { at }) => void seen.push(at))
      await until(() => first.nodes().length === 1)
      assert.equal(first.caughtUp().size, 0)
      assert.equal(link.eventFigures().waiting, 300)
      listen(first)
      await until(() => first.caughtUp().has('a'))
      assert.equal(link.eventFigures().waiting, 0)
      await first.close()
      for (let at = 301; at <= 310; at++) link.event(eventAt(at))
      const second = keep(await transport.hub())
      listen(second)
      await until(() => second.caughtUp().has('a'))
      link.event(eventAt(311))
      await until(() => link.eventFigures().waiting === 0)
      assert.deepEqual(
        seen,
        Array.from({ length: 311 }, (_, index) => index + 1),
      )
      assert.deepEqual(link.eventFigures(), { waiting: 0, dropped: 0 })
    })

    test('events that control read and did not take before it died come to the next one', async () => {
      const first = await start().hub()
      const link = node('a')
      link.onRequest(async () => 'pong')
      await until(() => first.nodes().length === 1)
      link.event(eventAt(1))
      // Without a listener nothing is taken; the answer comes after the event.
      await first.request('stats', {}, 1000)
      await first.close()
      const second = keep(await transport.hub())
      const seen: number[] = []
      second.onEvent((_nodeId, { at }) => void seen.push(at))
      await until(() => second.caughtUp().has('a'))
      assert.deepEqual(seen, [1])
    })

    test('an event is taken once though its connection broke before the node knew', async () => {
      const hub = keep(await start().hub())
      const seen: number[] = []
      hub.onEvent((_nodeId, { at }) => {
        seen.push(at)
        // Ends the connection before anything is acknowledged.
        if (at === 2 && seen.length === 2) throw new Error('the listener fails')
      })
      const link = node('a')
      for (let at = 1; at <= 3; at++) link.event(eventAt(at))
      await until(() => link.eventFigures().waiting === 0)
      assert.deepEqual(seen, [1, 2, 3])
    })

    test('a node keeps so many events; the oldest give way and are counted', async () => {
      start()
      const link = keep(transport.link(statusOf('a'), { events: 5, bytes: 10_000, inFlight: 2 }))
      for (let at = 1; at <= 8; at++) link.event(eventAt(at))
      assert.deepEqual(link.eventFigures(), { waiting: 5, dropped: 3 })
      const hub = keep(await transport.hub())
      const seen: number[] = []
      hub.onEvent((_nodeId, { at }) => void seen.push(at))
      await until(() => hub.caughtUp().has('a'))
      assert.deepEqual(seen, [4, 5, 6, 7, 8])
    })

    test('another run of a node begins its numbers anew, and each connection has its own number', async () => {
      const hub = keep(await start().hub())
      const seen: number[] = []
      hub.onEvent((_nodeId, { at }) => void seen.push(at))
      const connections: number[] = []
      for (const at of [1, 2]) {
        const link = transport.link(statusOf('a'))
        link.event(eventAt(at))
        await until(() => hub.caughtUp().has('a'))
        connections.push(hub.caughtUp().get('a')!)
        await link.close()
        await until(() => hub.nodes().length === 0)
      }
      assert.deepEqual(seen, [1, 2])
      assert.notEqual(connections[0], connections[1])
    })

    test('a new status shows in nodes()', async () => {
      const hub = keep(await start().hub())
      const link = node('a')
      await until(() => hub.nodes().length === 1)
      link.status(statusOf('a', 9))
      await until(() => hub.nodes()[0]!.generation === 9)
      assert.equal(hub.nodes().length, 1)
    })

    test('nodes come back after the hub died, with the generation they have, and get the next', async () => {
      const hub = await start().hub()
      const applied: number[] = []
      node('a', applied)
      await until(() => hub.nodes().length === 1)
      await hub.publish(publishOf(1), 1000)
      await hub.close()
      const again = keep(await transport.hub())
      await until(() => again.nodes().length === 1)
      assert.equal(again.nodes()[0]!.generation, 1)
      assert.deepEqual(await again.publish(publishOf(2), 1000), [{ nodeId: 'a', ok: true }])
      assert.deepEqual(applied, [1, 2])
    })

    test('a node started before the hub connects when it comes', async () => {
      start()
      node('early')
      await new Promise(setImmediate)
      const hub = keep(await transport.hub())
      await until(() => hub.nodes().length === 1)
      assert.equal(hub.nodes()[0]!.nodeId, 'early')
    })

    test('what is told of health reaches every node, and the newest of it a node that connects later', async () => {
      const hub = keep(await start().hub())
      const push = (at: number) => ({ endpointId: 'e', probeId: 'p', at, ok: false, latencyMs: null, detail: '' })
      const loads: HealthMessage = { type: 'loads', loads: [{ endpointId: 'e', requestsPerSecond: 5, at: 1 }] }
      hub.onHealthWanted(() => [{ type: 'pushes', pushes: [push(2)] }, loads])
      const seen: HealthMessage[] = []
      const listen = (nodeId: string, into: HealthMessage[]): FleetLink => {
        const link = node(nodeId)
        link.onHealth((message) => into.push(message))
        return link
      }
      listen('a', seen)
      await until(() => seen.length === 2)
      hub.tellHealth({ type: 'pushes', pushes: [push(3)] })
      await until(() => seen.length === 3)
      assert.deepEqual(seen, [{ type: 'pushes', pushes: [push(2)] }, loads, { type: 'pushes', pushes: [push(3)] }])
      const later: HealthMessage[] = []
      listen('b', later)
      await until(() => later.length === 2)
      assert.deepEqual(later, seen.slice(0, 2))
    })

    test('a report of a vantage has the name of its node, and comes back to all but that one', async () => {
      const hub = keep(await start().hub())
      const reports: VantageReport[] = []
      hub.onVantageReport((report) => {
        reports.push(report)
        hub.tellHealth({ type: 'vantage-reports', reports: [report] })
      })
      const heard: Record<string, string[]> = { a: [], b: [] }
      const links = ['a', 'b'].map((nodeId) => {
        const link = node(nodeId)
        link.onHealth((message) => {
          if (message.type === 'vantage-reports') heard[nodeId]!.push(...message.reports.map(({ vantage }) => vantage))
        })
        return link
      })
      await until(() => hub.nodes().length === 2)
      for (const link of links) link.vantageReport({ vantage: 'somebody else', site: '', at: 1, addresses: [] })
      await until(() => heard.a!.length === 1 && heard.b!.length === 1)
      assert.deepEqual(reports.map(({ vantage }) => vantage).sort(), ['a', 'b'])
      assert.deepEqual(heard, { a: ['b'], b: ['a'] })
    })

    test('a closed node leaves nodes(), and what waited for it ends', async () => {
      const hub = keep(await start().hub())
      const link = transport.link(statusOf('a'))
      link.onRequest(() => new Promise(() => undefined))
      await until(() => hub.nodes().length === 1)
      const asked = assert.rejects(hub.request('scores', {}, 10_000), { code: 'FLEET_REQUEST_FAILED', message: /lost/ })
      await link.close()
      await asked
      assert.deepEqual(hub.nodes(), [])
    })
  })
}
