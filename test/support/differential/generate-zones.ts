/**
 * Zones drawn from a seed for the differential tests: wildcards × CNAME × DNAME × delegations × empty non-terminals × case × length
 * limits × nested zones × odd types. Only what BIND, Knot and NSD all load: nothing below a DNAME, nothing beside a CNAME. Pure.
 */

/** Draws whole numbers below a bound. */
export type Draw = (below: number) => number

/** A generator of numbers (mulberry32). */
export function drawOf(seed: number): Draw {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

/** A zone. */
export type DrawnZone = {
  /** With a final dot. */
  readonly origin: string
  readonly text: string
  /** Owner names in lower case with their types. */
  readonly owners: ReadonlyMap<string, ReadonlySet<string>>
  /** Names in rdata. */
  readonly targets: readonly string[]
}

const LABELS = ['a', 'b', 'c', 'd', 'e', 'www', 'mail', 'x-1', '_tcp', '0', 'ns1', 'ns2'] as const
const LONG = 'l'.repeat(63)
const APEX_OWNERS = 1

/** Origins: nested, beside each other, with and without a delegation between. */
/** Types whose data are names and numbers. */
const NAMED: ReadonlySet<string> = new Set(['NS', 'CNAME', 'DNAME', 'MX', 'SRV', 'PTR', 'RP'])
const ORIGINS = ['d0.test.', 'd1.test.', 'n.d0.test.', 'b.n.d0.test.', 'a.b.c.d1.test.', 'other.example.'] as const

/** A zone whose apex has a DNAME holds nothing else. */
const REDIRECTED = 'dn.test.'

/** How zones hang together. */
export type ZoneLinks =
  /** Aliases lead to names of their own zone or to none of ours; nested zones are delegated. */
  | 'apart'
  /** Aliases lead from zone to zone, and nested zones may stand there without a delegation. */
  | 'linked'

/** The zones of a seed. */
export function drawZones(seed: number, links: ZoneLinks): readonly DrawnZone[] {
  const draw = drawOf(seed)
  const zones = ORIGINS.map((origin) => new ZoneDraft(origin, draw, links).finish())
  return [...zones, redirectedZone(draw, links)]
}

/** Origin of the deepest zone that holds a name; undefined = none does. */
export function originOf(name: string): string | undefined {
  const lower = name.toLowerCase()
  const holding = [...ORIGINS, REDIRECTED].filter((origin) => lower === origin || lower.endsWith(`.${origin}`))
  return holding.sort((a, b) => b.length - a.length)[0]
}

function redirectedZone(draw: Draw, links: ZoneLinks): DrawnZone {
  const target =
    links === 'apart' ? 'nowhere.invalid.' : pick(draw, [REDIRECTED.replace('dn.', 'x.dn.'), 'a.d0.test.', 'd1.test.', 'b.d0.test.'])
  const text = `$TTL 300\n@ SOA ns.out.invalid. h.out.invalid. 1 3600 600 86400 60\n@ NS ns.out.invalid.\n@ TXT "apex"\n@ DNAME ${target}\n`
  return {
    origin: REDIRECTED,
    text: `$ORIGIN ${REDIRECTED}\n${text}`,
    owners: new Map([[REDIRECTED, new Set(['SOA', 'NS', 'TXT', 'DNAME'])]]),
    targets: [target],
  }
}

/** One of some. */
export function pick<T>(draw: Draw, items: readonly T[]): T {
  return items[draw(items.length)]!
}

/** Letters of a text in any case. */
export function mixCase(draw: Draw, text: string): string {
  return [...text].map((letter) => (draw(2) === 0 ? letter.toUpperCase() : letter)).join('')
}

class ZoneDraft {
  private readonly owners = new Map<string, Set<string>>()
  private readonly lines: string[] = []
  private readonly targets: string[] = []
  private readonly redirected: string[] = []
  private readonly ttls = new Map<string, number>()
  private readonly origin: string
  private readonly draw: Draw

  private readonly links: ZoneLinks

  constructor(origin: string, draw: Draw, links: ZoneLinks) {
    this.origin = origin
    this.draw = draw
    this.links = links
  }

  finish(): DrawnZone {
    const { draw, origin } = this
    const minimum = pick(draw, [30, 60, 900])
    this.lines.push(`$ORIGIN ${origin}`, '$TTL 300')
    this.note(origin, 'SOA')
    this.note(origin, 'NS')
    this.lines.push(`${origin} ${pick(draw, [20, 3600])} IN SOA ns1.${origin} Host.${origin} 1 3600 600 86400 ${minimum}`)
    this.lines.push(`${origin} 300 NS ns1.${origin}`, `${origin} 300 NS ns.out.invalid.`)
    this.add(`ns1.${origin}`, 'A', '192.0.2.53')
    for (let i = 0; i < APEX_OWNERS + draw(3); i++) this.data(origin)
    for (const nested of ORIGINS) {
      const parent = ORIGINS.filter((other) => nested.endsWith(`.${other}`)).sort((a, b) => b.length - a.length)[0]
      if (parent !== origin || (this.links === 'linked' && draw(2) === 0)) continue
      this.add(nested, 'NS', `ns1.${nested}`)
      this.add(`ns1.${nested}`, 'A', '192.0.2.53')
      if (draw(2) === 0) this.add(nested, 'DS', `1 8 2 ${'ef'.repeat(32)}`)
    }
    // DNAMEs before the rest: nothing may stand below them.
    for (let i = 0; i < 2 + draw(2); i++) this.dname()
    for (let i = 0; i < 3 + draw(4); i++) this.delegation()
    for (let i = 0; i < 50; i++) this.node()
    this.large()
    return { origin, text: `${this.lines.join('\n')}\n`, owners: this.owners, targets: this.targets }
  }

  /** A name of one to four labels below the apex; a wildcard now and then. */
  private name(): string {
    const { draw } = this
    const labels: string[] = []
    const depth = 1 + Math.min(draw(4), draw(4))
    for (let i = 0; i < depth; i++) labels.push(draw(40) === 0 ? LONG : pick(draw, LABELS))
    if (draw(4) === 0) labels[0] = '*'
    else if (draw(30) === 0) labels[labels.length - 1] = '*'
    return `${labels.join('.')}.${this.origin}`
  }

  /** A name for rdata: in the zone, in others, nowhere. */
  private target(): string {
    const { draw } = this
    const kind = draw(10)
    const known = [...this.owners.keys()]
    const name =
      kind < 4
        ? pick(draw, known)
        : kind < 6
          ? this.name()
          : kind < 7
            ? `${pick(draw, LABELS)}.${pick(draw, known).replace(/^\*\./, '')}`
            : kind < 9
              ? `${pick(draw, LABELS)}.${pick(draw, ORIGINS)}`
              : `${pick(draw, LABELS)}.out.invalid.`
    const target = name.length > 200 ? `www.${this.origin}` : name
    this.targets.push(target)
    return draw(5) === 0 ? mixCase(draw, target) : target
  }

  /** A target for an alias or a redirection: in the zone, or in none of ours. */
  private aliasTarget(): string {
    for (;;) {
      const target = this.target()
      const origin = originOf(target)
      if (this.links === 'linked' || origin === undefined) return target
      if (origin === this.origin && !ORIGINS.some((other) => `.${other}`.endsWith(`.${target.toLowerCase()}`))) return target
    }
  }

  /** The parent's own glue for a server in a nested zone is occluded there: nothing that may differ is put into both. */
  private serverTarget(): string {
    const target = this.target()
    const origin = originOf(target)
    if (this.links === 'linked' || origin === this.origin || origin === undefined) return target
    return this.owners.has(`ns1.${origin}`) ? `ns1.${origin}` : 'ns.out.invalid.'
  }

  private note(owner: string, type: string): void {
    const types = this.owners.get(owner)
    if (types === undefined) this.owners.set(owner, new Set([type]))
    else types.add(type)
  }

  private isBelowDname(owner: string): boolean {
    return this.redirected.some((name) => owner.endsWith(`.${name}`))
  }

  /** Adds a record where that is allowed. */
  private add(owner: string, type: string, data: string): void {
    const key = owner.toLowerCase()
    const types = this.owners.get(key)
    if (this.isBelowDname(key) || key.length > 250) return
    // Servers of nested zones have the same addresses in both.
    if (ORIGINS.some((zone) => key === `ns1.${zone}`) && (type !== 'A' || data !== '192.0.2.53')) return
    // What a parent holds below a nested zone NSD takes for that zone's: it would refuse a DNAME above it there.
    if (
      originOf(key) !== this.origin &&
      !(key === originOf(key) && (type === 'NS' || type === 'DS')) &&
      !ORIGINS.some((zone) => key === `ns1.${zone}`)
    )
      return
    if (types !== undefined && (types.has('CNAME') || (type === 'CNAME' && types.size > 0))) return
    if (type === 'DNAME' && ORIGINS.some((zone) => zone.endsWith(`.${key}`))) return
    if (type === 'DNAME' && ((types?.has('DNAME') ?? false) || [...this.owners.keys()].some((name) => name.endsWith(`.${key}`)))) return
    if ((type === 'NS' && types?.has('DNAME')) || (type === 'DNAME' && types?.has('NS') && key !== this.origin)) return
    this.note(key, type)
    if (type === 'DNAME') this.redirected.push(key)
    const set = `${key} ${type}`
    if (!this.ttls.has(set)) this.ttls.set(set, data === '192.0.2.53' ? 300 : pick(this.draw, [0, 60, 300, 86400]))
    const line = `${this.draw(6) === 0 ? mixCase(this.draw, owner) : owner} ${this.ttls.get(set)} IN ${type} ${data}`
    if (!this.lines.includes(line)) this.lines.push(line)
    // The same record in other letters.
    if (NAMED.has(type) && this.draw(8) === 0) this.lines.push(`${owner} ${this.ttls.get(set)} IN ${type} ${mixCase(this.draw, data)}`)
  }

  private dname(): void {
    const owner = this.name().replace(/^\*\./, this.draw(3) === 0 ? '*.' : 'dn.')
    const target = this.aliasTarget()
    if (this.links === 'linked' || !target.toLowerCase().endsWith(`.${owner}`)) this.add(owner, 'DNAME', target)
  }

  private node(): void {
    const owner = this.draw(3) === 0 ? pick(this.draw, [...this.owners.keys()]) : this.name()
    if (this.draw(4) === 0) this.add(owner, 'CNAME', this.aliasTarget())
    else for (let i = 0; i < 1 + this.draw(3); i++) this.data(owner)
  }

  private data(owner: string): void {
    const { draw } = this
    const rows: readonly (() => readonly [type: string, data: string])[] = [
      () => ['A', `192.0.2.${draw(200)}`],
      () => ['A', `192.0.2.${draw(200)}`],
      () => ['AAAA', `2001:db8::${draw(200)}`],
      () => ['TXT', `"t${draw(9)}"`],
      () => ['MX', `10 ${this.target()}`],
      () => ['SRV', `1 2 3 ${this.target()}`],
      () => ['PTR', this.target()],
      () => ['CAA', '0 issue "ca.test"'],
      () => ['TYPE65280', '\\# 2 abcd'],
      () => ['HINFO', '"a" "b"'],
      () => ['NAPTR', `1 1 "S" "x" "" ${this.target()}`],
      () => ['HTTPS', `1 ${draw(2) === 0 ? '.' : this.target()} alpn="h2"`],
      () => ['LOC', '42 21 54 N 71 06 18 W -24m'],
      () => ['TLSA', `3 1 1 ${'ab'.repeat(32)}`],
      () => ['RP', `${this.target()} ${this.target()}`],
    ]
    const [type, data] = pick(draw, rows)()
    this.add(owner, type, data)
  }

  private delegation(): void {
    const { draw } = this
    let cut = this.name()
    // BIND loads no zone that delegates a wildcard.
    if (cut.startsWith('*.')) cut = cut.replace('*', 'sub')
    const types = this.owners.get(cut)
    if (types?.has('CNAME') || types?.has('DNAME') || cut === this.origin) return
    const many = draw(30) === 0 ? 12 : 1 + draw(3)
    for (let i = 0; i < many; i++) {
      const server =
        many > 3
          ? `ns${i}.${cut}`
          : pick(draw, [
              `ns${i}.${cut.replace(/^\*\./, '')}`,
              `ns${i}.${cut.replace(/^\*\./, '')}`,
              `ns${i}.sib${draw(3)}.${this.origin}`,
              `ns.out.invalid.`,
              `ns1.${this.origin}`,
              this.serverTarget(),
            ])
      this.add(cut, 'NS', draw(6) === 0 ? mixCase(draw, server) : server)
      if (!server.endsWith(`.${this.origin}`)) continue
      if (many > 3 || draw(5) > 0) this.add(server, 'A', `192.0.2.${draw(200)}`)
      if (many > 3 || draw(2) === 0) this.add(server, 'AAAA', `2001:db8::${draw(200)}`)
    }
    if (draw(3) === 0) this.add(cut, 'DS', `1 8 2 ${'cd'.repeat(32)}`)
    // Occluded data.
    if (draw(3) === 0) this.data(cut)
    if (draw(3) === 0) this.data(`www.${cut}`)
    if (draw(6) === 0) this.add(`deeper.${cut}`, 'NS', `ns.deeper.${cut}`)
  }

  /** RRsets that do not fit by UDP: some into 512 octets, some into 1232. */
  private large(): void {
    for (const [name, count] of [
      ['big', 12],
      ['huge', 40],
    ] as const) {
      for (let i = 0; i < count; i++) this.add(`${name}.${this.origin}`, 'TXT', `"${String(i).padStart(50, 'x')}"`)
    }
  }
}
