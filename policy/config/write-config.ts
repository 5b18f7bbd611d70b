/**
 * Config → document, for `nearcast export` and for edits by API. Pure. Defaults are left out, so a default that changes its meaning is not frozen
 * into documents. parseConfig(writeConfig(config)) has the same canonical digest; comments, key order and spelling of the source are not kept.
 */
import { prefixTexts } from '../../geodata/address/prefix-list.ts'
import type {
  Config,
  Endpoint,
  GeodataSettings,
  GeodataSource,
  Line,
  NotifyTarget,
  Policy,
  Pool,
  Primary,
  Probe,
  SteeredName,
  Zone,
} from './config-schema.ts'
import { automaticOf } from './fill-config.ts'
import { automaticPort, automaticRetryIntervalMs } from './fill-probe.ts'
import { GEODATA_DEFAULTS } from './geodata-schema.ts'
import { latencyReadingOf, USUAL_LATENCY } from './latency-reading.ts'
import { writeYaml } from './write-yaml.ts'

/** A document and the files that it names. */
export type WrittenConfig = { readonly document: string; readonly files: Readonly<Record<string, string>> }

/** Writes a document (YAML). `single` puts the files into it, under `files:`. */
export function writeConfig(config: Config, options: { readonly single?: boolean } = {}): WrittenConfig {
  const value = documentValue(config)
  if (options.single === true && Object.keys(config.files).length > 0) value.files = config.files
  const document = writeYaml(value)
  return { document, files: options.single === true ? {} : config.files }
}

/** The document as plain values, defaults left out. */
export function documentValue(config: Config): Record<string, unknown> {
  const pools = new Map(config.pools.map((pool) => [pool.id, pool]))
  const endpoints = new Map(config.endpoints.map((endpoint) => [endpoint.id, endpoint]))
  const value: Record<string, unknown> = { apiVersion: config.apiVersion }
  const put = (key: string, list: readonly unknown[]): void => {
    if (list.length > 0) value[key] = list
  }
  put('zones', config.zones.map(zoneValue))
  put('probes', config.probes.map(probeValue))
  put('endpoints', config.endpoints.map(endpointValue))
  put('pools', config.pools.map(poolValue))
  put('lines', config.lines.map(lineValue))
  put(
    'policies',
    config.policies.map((policy) => policyValue(policy, automaticOf(policy, pools, endpoints))),
  )
  put('names', config.names.map(nameValue))
  put(
    'tsigKeys',
    config.tsigKeys.map((key) => without(key, { algorithm: 'hmac-sha256' })),
  )
  const geodata = geodataValue(config.geodata)
  if (Object.keys(geodata).length > 0) value.geodata = geodata
  if (Object.keys(config.options).length > 0) value.options = optionsValue(config.options)
  return value
}

function optionsValue({ isolation, ...options }: Config['options']): Record<string, unknown> {
  if (isolation === undefined) return options
  const reference = isolation.reference.map(({ address, port }) => {
    if (port === 53) return address
    return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
  })
  return { ...options, isolation: { reference } }
}

/** `object` without the keys whose value equals the default. */
function without(object: Readonly<Record<string, unknown>>, defaults: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const kept = Object.entries(object).filter(
    ([key, value]) => !(key in defaults) || JSON.stringify(value) !== JSON.stringify(defaults[key]),
  )
  return Object.fromEntries(kept)
}

function zoneValue(zone: Zone): Record<string, unknown> {
  const plain = { name: zone.name, ttlSeconds: zone.ttlSeconds, file: zone.file, serial: zone.serial, ecs: zone.ecs }
  const value = without(plain, { ttlSeconds: 300, file: '', serial: 'auto', ecs: 'use' })
  if (zone.allowTransfer.length > 0) {
    value.allowTransfer = zone.allowTransfer.map((rule) => (rule.tsigKey === '' ? rule.prefix : without(rule, { prefix: '' })))
  }
  if (zone.notify.length > 0) value.notify = zone.notify.map(notifyValue)
  if (zone.primaries.length > 0) {
    delete value.serial
    value.primaries = zone.primaries.map(primaryValue)
  }
  if (zone.allowUpdate.length > 0) {
    value.allowUpdate = zone.allowUpdate.map((rule) =>
      without({ ...rule, names: rule.names.map((name) => relativeName(name, zone.name)) }, { names: [], types: [] }),
    )
  }
  if (zone.soa !== null) {
    const defaults = { serial: 0, refreshSeconds: 3600, retrySeconds: 600, expireSeconds: 604_800, minimumSeconds: 300 }
    value.soa = without(zone.soa, defaults)
    value.nameservers = zone.nameservers
  }
  if (zone.records.length > 0) {
    value.records = zone.records.map((record) => ({
      name: relativeName(record.name, zone.name),
      type: record.type,
      ...(record.ttlSeconds === zone.ttlSeconds ? {} : { ttlSeconds: record.ttlSeconds }),
      data: record.data,
    }))
  }
  return value
}

function primaryValue({ address, port, tsigKey, tlsName, tlsCaRef }: Primary): unknown {
  const isPlain = tlsName === ''
  const tls = isPlain ? {} : { tls: without({ name: tlsName, caRef: tlsCaRef }, { caRef: '' }) }
  const value = without({ address, port, tsigKey, ...tls }, { port: isPlain ? 53 : 853, tsigKey: '' })
  return Object.keys(value).length === 1 ? address : value
}

function notifyValue(target: NotifyTarget): unknown {
  return target.port === 53 && target.tsigKey === '' ? target.address : without(target, { port: 53, tsigKey: '' })
}

function relativeName(name: string, zone: string): string {
  if (name === zone) return '@'
  return zone !== '.' && name.endsWith(`.${zone}`) ? name.slice(0, -zone.length - 1) : name
}

function probeValue(probe: Probe): Record<string, unknown> {
  return without(probe, {
    port: automaticPort(probe.kind),
    path: '/',
    expectStatus: [200],
    intervalMs: 5000,
    timeoutMs: 1000,
    retryIntervalMs: automaticRetryIntervalMs(probe),
    fall: 3,
    rise: 2,
    windowSeconds: 300,
    required: true,
    host: '',
    sni: '',
    method: 'GET',
    headers: {},
    match: '',
    redirects: false,
    certificate: 'verify',
  })
}

function endpointValue({ capacity, ...endpoint }: Endpoint): Record<string, unknown> {
  const limits = capacity === undefined ? {} : { capacity: without(capacity, { softPercent: 80, hardPercent: 100 }) }
  return without(
    { ...endpoint, ...limits },
    {
      ipv4: '',
      ipv6: '',
      target: '',
      place: '',
      carrier: '',
      coordinates: null,
      probes: [],
      site: '',
      labels: {},
      enabled: true,
    },
  )
}

function poolValue(pool: Pool): Record<string, unknown> {
  const members = pool.members.map((member) => without(member, { weight: 1 }))
  return without(
    { ...pool, members },
    { minimumUp: 1, choose: 'best', sticky: true, maxAnswers: 8, slowStartSeconds: 0, tolerancePercent: 10, dwellSeconds: 60 },
  )
}

function lineValue({ id, label, inline, union, except, file }: Line): Record<string, unknown> {
  const prefixes = [...prefixTexts(inline)]
  return without({ id, label: without(label, { en: '', 'zh-CN': '' }), prefixes, file, union, except }, LINE_DEFAULTS)
}

const LINE_DEFAULTS = { label: {}, prefixes: [], file: '', union: [], except: [] }

function policyValue(policy: Policy, automatic: Pick<Policy, 'families' | 'hashPrefix'>): Record<string, unknown> {
  const gates = without(policy.gates, { maxErrorRatePercent: 5, maxLatencyMs: 500 })
  const score = without(policy.score, { profile: 'weighted', latencyWeight: 0.6, successWeight: 0.4, floorMs: 10, retryPenaltyMs: 1000 })
  const guards = without(policy.guards, { maxMovedPercent: 30 })
  const latency = without(latencyReadingOf(policy), USUAL_LATENCY)
  const { automaticHashPrefix = [], ...rest } = policy
  const families = (['ipv4', 'ipv6'] as const).filter((family) => !automaticHashPrefix.includes(family))
  const isPlain = families.every((family) => policy.hashPrefix[family] === 0 && automatic.hashPrefix[family] === 0)
  const hashPrefix = isPlain ? {} : Object.fromEntries(families.map((family) => [family, policy.hashPrefix[family]]))
  return without(
    { ...rest, gates, score, guards, latency, hashPrefix },
    {
      precedence: 'place-first',
      inherit: true,
      ttlFloorSeconds: Math.min(5, policy.ttlSeconds),
      gates: {},
      score: {},
      allDown: 'fallback',
      families: automatic.families,
      hashPrefix: {},
      guards: {},
      latency: {},
    },
  )
}

/** Section `geodata`; empty when everything is as it is without it. */
export function geodataValue(geodata: GeodataSettings): Record<string, unknown> {
  const { sources, fieldOrder, corrections } = geodata
  const refresh = without(geodata.refresh, GEODATA_DEFAULTS.refresh)
  const guards = without(geodata.guards, GEODATA_DEFAULTS.guards)
  const value = { sources: sources.map(geodataSourceValue), fieldOrder, corrections, refresh, guards }
  return without(value, { sources: ['default'], fieldOrder: {}, corrections: [], refresh: {}, guards: {} })
}

function geodataSourceValue(source: GeodataSource): unknown {
  if (source.kind === 'default') return 'default'
  const { files, urls, auth, ...rest } = source
  return {
    ...without(rest, { name: source.kind, licenceFile: '' }),
    ...(files.length === 0 ? {} : files.length === 1 ? { file: files[0] } : { files }),
    ...(urls.length === 0 ? {} : urls.length === 1 ? { url: urls[0] } : { urls }),
    ...(auth === null ? {} : { auth: without(auth, { user: '', header: '' }) }),
  }
}

function nameValue(name: SteeredName): Record<string, unknown> {
  return without(name, { records: {} })
}
