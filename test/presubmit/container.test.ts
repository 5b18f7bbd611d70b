/** Dockerfile, .dockerignore, compose.yaml, package.json and the commands name each other's things: checked without a container engine. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import type { Command } from '../../cli/command.ts'
import { command as health } from '../../cli/health.ts'
import { command as up } from '../../cli/up.ts'
import { ROOT, readText } from './source-files.ts'

type Service = {
  readonly command: readonly string[]
  readonly ports: readonly string[]
  readonly volumes: readonly string[]
  readonly cap_drop: readonly string[]
  readonly sysctls: Readonly<Record<string, string>>
}

/** Instructions of the Dockerfile by stage: lines joined, comments left out. */
const stages = readText('Dockerfile')
  .split('\n')
  .filter((line) => !line.startsWith('#'))
  .join('\n')
  .replaceAll('\\\n', ' ')
  .split(/^(?=FROM )/m)
  .map((stage) => stage.split('\n').filter((line) => line.trim() !== ''))
  .filter((stage) => stage.length > 0)
const image = stages.at(-1)!

/** What stands behind the instructions of a name in the stage that ships. */
function all(name: string): readonly string[] {
  return image.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length).trim())
}

/** The same where one is right. */
function only(name: string): string {
  const found = all(name)
  assert.equal(found.length, 1, `${found.length} instructions ${name}`)
  return found[0]!
}

const manifest = JSON.parse(readText('package.json')) as { files: string[]; engines: { node: string }; bin: { nearcast: string } }
const variables = new Map(all('ENV').flatMap((line) => [...line.matchAll(/(\w+)=(\S+)/g)].map((match) => [match[1]!, match[2]!] as const)))
const compose = parse(readText('compose.yaml')) as { services: { nearcast: Service }; volumes: Record<string, unknown> }
const service = compose.services.nearcast

/** Words of an instruction in exec form. */
const wordsOf = (text: string): string[] => JSON.parse(text.slice(text.indexOf('['))) as string[]

/** Fails unless every flag among the words is one of the command's. */
function assertFlags(command: Command, words: readonly string[]): void {
  for (const word of words.filter((text) => text.startsWith('--'))) {
    assert.ok(Object.hasOwn(command.options, word.slice(2).split('=')[0]!), `${command.name} has no flag ${word}`)
  }
}

test('the image holds what package.json ships, and each thing at its place', () => {
  const copied = all('COPY').flatMap((line) => {
    const words = line.split(/\s+/).filter((word) => !word.startsWith('--'))
    return words.slice(0, -1).map((source) => ({ source: source.replace('/build/', ''), target: words.at(-1)! }))
  })
  for (const wanted of [...manifest.files, 'package.json', 'node_modules']) {
    const found = copied.find(({ source }) => source === wanted)
    assert.ok(found, `the Dockerfile does not copy ${wanted}`)
    // cli/package-root.ts finds files by their place below package.json.
    assert.ok(found.target === './' || found.target === `./${wanted}`, `${wanted} goes to ${found.target}`)
  }
  for (const { source } of copied) {
    if (source !== 'node_modules' && source !== 'dist') assert.ok(existsSync(join(ROOT, source)), `${source} does not exist`)
  }
})

test('what the build reads is not left out of its context, what is made here is', () => {
  const ignored = new Set(readText('.dockerignore').split('\n'))
  const build = [
    ...manifest.files,
    'package.json',
    'package-lock.json',
    'scripts',
    'tsconfig.json',
    'tsconfig.build.json',
    'main.ts',
    'admin-ui',
  ]
  for (const path of build.filter((name) => name !== 'dist'))
    assert.ok(!ignored.has(path.split('/')[0]!), `.dockerignore leaves ${path} out`)
  for (const path of ['.git', 'node_modules', 'dist', 'var']) assert.ok(ignored.has(path), `.dockerignore lets ${path} in`)
})

test('every stage has the Node that package.json asks for', () => {
  const major = /\d+/.exec(manifest.engines.node)![0]
  for (const stage of stages) assert.match(stage[0]!, new RegExp(`^FROM node:${major}-`))
})

test('entry point, command and health check are commands with such flags, run by a user without rights', () => {
  assert.deepEqual(wordsOf(only('ENTRYPOINT')), ['node', `/app/${manifest.bin.nearcast}`])
  for (const words of [wordsOf(only('CMD')), service.command]) {
    assert.equal(words[0], up.name)
    assertFlags(up, words)
  }
  const [node, script, name, ...flags] = wordsOf(only('HEALTHCHECK'))
  assert.deepEqual([node, script, name], ['node', `/app/${manifest.bin.nearcast}`, health.name])
  assertFlags(health, flags)
  assert.ok(readText('main.ts').includes(`${health.name}: () => import('./cli/health.ts')`))
  assert.equal(only('USER'), 'node')
})

test('every variable of the image is a flag of the command, those of the health check too', () => {
  for (const variable of [...variables.keys()].filter((key) => key.startsWith('NEARCAST_'))) {
    const flag = variable.slice('NEARCAST_'.length).toLowerCase().replaceAll('_', '-')
    assert.ok(Object.hasOwn(up.options, flag), `${variable} is no flag of up`)
  }
  for (const variable of ['NEARCAST_STATE', 'NEARCAST_METRICS_LISTEN']) assert.ok(variables.has(variable), variable)
})

test('ports and state of compose.yaml are those of the image', () => {
  const listening = ['NEARCAST_LISTEN', 'NEARCAST_API_LISTEN'].map((name) => variables.get(name)!.split(':').at(-1)!)
  assert.deepEqual(listening, ['53', '8080'])
  const exposed = only('EXPOSE').split(/\s+/)
  assert.deepEqual(exposed, [`${listening[0]}/udp`, `${listening[0]}/tcp`, `${listening[1]}/tcp`])
  const published = service.ports.map((text) => (text.includes('/') ? text : `${text}/tcp`))
  assert.deepEqual(
    published.map((text) => text.split(':').at(-1)),
    exposed,
  )
  assert.match(service.ports.at(-1)!, /^127\.0\.0\.1:/, 'the console without a proxy is for this machine only')
  const [volume, path] = service.volumes[0]!.split(':') as [string, string]
  assert.ok(Object.hasOwn(compose.volumes, volume))
  assert.equal(path, variables.get('NEARCAST_STATE'))
  assert.equal(only('VOLUME'), path)
})

test('port 53 needs no capability', () => {
  assert.deepEqual(service.cap_drop, ['ALL'])
  assert.equal(service.sysctls['net.ipv4.ip_unprivileged_port_start'], '0')
})

test('the simulated endpoints of the example leave the port free that the API takes on all addresses', () => {
  const example = parse(readText('examples/edge-api/nearcast.yaml')) as { probes: { port: number }[] }
  const taken = ['NEARCAST_LISTEN', 'NEARCAST_API_LISTEN', 'NEARCAST_METRICS_LISTEN'].map((name) =>
    Number(variables.get(name)!.split(':').at(-1)),
  )
  for (const { port } of example.probes) assert.ok(!taken.includes(port), `port ${port}`)
})
