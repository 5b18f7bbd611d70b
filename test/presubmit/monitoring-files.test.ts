/**
 * deploy/monitoring: every metric that a rule, a test of a rule or a panel of the dashboard names stands in docs/metrics.md, with the labels
 * that it is asked for; each alert has words, a page in docs/monitoring.md and a test. promtool itself runs in test/e2e/monitoring.test.ts.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from 'yaml'
import { readText } from './source-files.ts'

type Rule = { alert: string; expr: string; labels: Record<string, string>; annotations: Record<string, string> }
type Panel = {
  id: number
  type: string
  title: string
  gridPos: { x: number; y: number; w: number; h: number }
  targets?: { expr: string; refId: string }[]
}

const rules = (parse(readText('deploy/monitoring/nearcast.rules.yml')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  (group) => group.rules,
)
const dashboard = JSON.parse(readText('deploy/monitoring/grafana-dashboard.json')) as {
  schemaVersion: number
  title: string
  uid: string
  panels: Panel[]
  templating: { list: { name: string; definition?: string }[] }
}

/** Labels by metric, of docs/metrics.md; what Prometheus itself adds. */
const metrics = new Map<string, Set<string>>([['up', new Set(['job', 'instance'])]])
for (const [, name, labels] of readText('docs/metrics.md').matchAll(/^\| `([a-z0-9_]+)`\s*\| (?:counter|gauge)\s*\| ([^|]*) \|/gm))
  metrics.set(name!, new Set(['job', 'instance', ...[...labels!.matchAll(/`(\w+)`/g)].map(([, label]) => label!)]))

/** What is wrong with the metrics and labels of an expression. */
function problemsOf(expr: string): string[] {
  const problems: string[] = []
  const plain = expr.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""')
  for (const [, name, matchers] of plain.matchAll(/\b((?:nearcast|process|nodejs)_[a-z0-9_]+|up)\b(?:\{([^}]*)\})?/g)) {
    const labels = metrics.get(name!)
    if (labels === undefined) problems.push(`"${name}" is no metric`)
    for (const [, label] of (matchers ?? '').matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g))
      if (labels?.has(label!) === false) problems.push(`"${name}" has no label "${label}"`)
  }
  return problems
}

test('rules name metrics and labels that exist', () => {
  assert.ok(rules.length >= 30)
  assert.deepEqual(
    rules.flatMap(({ alert, expr }) => problemsOf(expr).map((problem) => `${alert}: ${problem}`)),
    [],
  )
})

test('the check finds what is wrong', () => {
  assert.deepEqual(problemsOf('nearcast_endpoint_down == 0'), ['"nearcast_endpoint_down" is no metric'])
  assert.deepEqual(problemsOf('sum(nearcast_endpoint_up{pool="up"})'), ['"nearcast_endpoint_up" has no label "pool"'])
})

test('each alert has a severity, words, what to do, and its page', () => {
  const page = readText('docs/monitoring.md')
  const names = new Set<string>()
  for (const { alert, labels, annotations } of rules) {
    assert.match(alert, /^Nearcast[A-Z][A-Za-z]+$/)
    assert.ok(!names.has(alert), `${alert} stands twice`)
    names.add(alert)
    assert.match(labels.severity!, /^(info|warning|critical)$/, alert)
    for (const key of ['summary', 'description', 'runbook']) assert.ok((annotations[key] ?? '').length > 10, `${alert} has no ${key}`)
    assert.equal(annotations.runbook_page, `docs/monitoring.md#${alert.toLowerCase()}`)
    assert.ok(page.includes(`\n### ${alert}\n`), `docs/monitoring.md has no section ${alert}`)
  }
  for (const [, alert] of page.matchAll(/^### (Nearcast\w+)$/gm)) assert.ok(names.has(alert!), `there is no alert ${alert}`)
})

test('each alert is tested: that it fires, and that it does not on a fleet that is well', () => {
  const { tests } = parse(readText('deploy/monitoring/nearcast.test.yml')) as {
    tests: { input_series: { series: string }[]; alert_rule_test: { alertname: string; exp_alerts?: object[] }[] }[]
  }
  const cases = tests.flatMap((one) => one.alert_rule_test)
  for (const { alert } of rules) {
    const own = cases.filter(({ alertname }) => alertname === alert)
    assert.ok(
      own.some(({ exp_alerts }) => (exp_alerts ?? []).length > 0),
      `${alert} is never seen to fire`,
    )
    assert.ok(
      own.some(({ exp_alerts }) => exp_alerts === undefined),
      `${alert} is never seen quiet`,
    )
  }
  const series = tests.flatMap((one) => one.input_series.map((input) => input.series))
  assert.deepEqual(series.flatMap(problemsOf), [])
})

test('the dashboard is whole: ids, places, queries, variables', () => {
  assert.equal(dashboard.title, 'nearcast')
  assert.ok(dashboard.schemaVersion >= 36)
  assert.equal(new Set(dashboard.panels.map(({ id }) => id)).size, dashboard.panels.length, 'panel ids')
  const variables = new Set(['__rate_interval', 'datasource', ...dashboard.templating.list.map(({ name }) => name)])
  const taken = new Set<string>()
  for (const { title, type, gridPos, targets = [] } of dashboard.panels) {
    assert.match(type, /^(row|stat|timeseries|state-timeline|table)$/, title)
    assert.ok(title !== '' && gridPos.x + gridPos.w <= 24, title)
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        assert.ok(!taken.has(`${x} ${y}`), `${title} lies over another panel`)
        taken.add(`${x} ${y}`)
      }
    if (type !== 'row') assert.ok(targets.length > 0, `${title} shows nothing`)
    for (const { expr } of targets) {
      assert.deepEqual(problemsOf(expr), [], title)
      for (const [, name] of expr.matchAll(/\$(?:\{)?(\w+)/g)) assert.ok(variables.has(name!), `${title}: variable ${name}`)
    }
  }
  for (const { name, definition } of dashboard.templating.list)
    if (definition !== undefined) assert.deepEqual(problemsOf(definition), [], name)
})

test('the scrape configuration loads these rules under the name that they go by', () => {
  const config = parse(readText('deploy/monitoring/prometheus.yml')) as {
    rule_files: string[]
    scrape_configs: { job_name: string }[]
  }
  assert.deepEqual(config.rule_files, ['nearcast.rules.yml'])
  assert.deepEqual(
    config.scrape_configs.map(({ job_name }) => job_name),
    ['nearcast'],
  )
})
