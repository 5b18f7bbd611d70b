/**
 * Probe kind `script`: an executable of the folder that the process setting `--script-folder` names; without it such probes are off. The
 * document gives a base name only, so no document reaches another file. Exit code 0 is a success; the output is shown to people.
 *
 * It gets the address as its first argument and finds the rest in its environment: NEARCAST_ENDPOINT, NEARCAST_PROBE, NEARCAST_ADDRESS,
 * NEARCAST_PORT, NEARCAST_HOST, NEARCAST_TIMEOUT_MS, and PATH. Nothing else of our own environment (tokens!) is handed on.
 */
import { constants } from 'node:fs'
import { access, realpath } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { ProbeKind } from './probe-kind.ts'
import { runProgram } from './run-program.ts'

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
const SHOWN = 300

/** Runs the script. */
export const probeScript: ProbeKind = async (spec, address, run) => {
  const name = spec.script ?? ''
  if (run.scriptFolder === undefined) {
    const detail = 'scripts are off on this machine: start the node with --script-folder DIR'
    return { ok: false, failure: 'internal', unmeasurable: true, detail }
  }
  const path = join(run.scriptFolder, name)
  const wrong = await whyNotRunnable(run.scriptFolder, name, path)
  if (wrong !== undefined) return { ok: false, failure: 'internal', unmeasurable: true, detail: wrong }
  run.waitsFor = `the end of script ${name}`
  const environment = {
    PATH,
    LANG: 'C',
    NEARCAST_ENDPOINT: run.endpointId,
    NEARCAST_PROBE: spec.id,
    NEARCAST_ADDRESS: address,
    NEARCAST_PORT: String(spec.port),
    NEARCAST_HOST: spec.host,
    NEARCAST_TIMEOUT_MS: String(spec.timeoutMs),
  }
  const result = await runProgram(path, [address], environment, run)
  if ('refused' in result) {
    const detail =
      result.refused === 'busy' ? 'too many programs run for probes on this machine' : `script ${name} cannot be started (${result.code})`
    return { ok: false, failure: 'internal', unmeasurable: true, detail }
  }
  if (run.details !== undefined) run.details.text = result.output.slice(0, 2048)
  if (run.signal.aborted) return { ok: false, failure: 'timeout', detail: `script ${name} was killed at the time limit` }
  const output = result.output
    .replaceAll(/[^\x20-\x7e]+/g, ' ')
    .trim()
    .slice(0, SHOWN)
  if (result.code === 0) return { ok: true, detail: output === '' ? 'exit code 0' : output }
  const how = result.code === null ? `was ended by ${result.signal}` : `ended with exit code ${result.code}`
  return { ok: false, failure: 'exit', detail: `script ${name} ${how}${output === '' ? '' : `: ${output}`}` }
}

/** The document's check lets base names through only; here a link in the folder that leads out of it is stopped as well. */
async function whyNotRunnable(folder: string, name: string, path: string): Promise<string | undefined> {
  if (!/^[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(name)) return `"${name}" is no base name of a script`
  try {
    const [real, realFolder] = await Promise.all([realpath(path), realpath(folder)])
    if (dirname(real) !== realFolder) return `script ${name} is a link that leads out of the script folder`
    await access(real, constants.X_OK)
    return undefined
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EACCES') return `script ${name} in ${folder} is not executable for nearcast`
    return `there is no script ${name} in ${folder} (${code})`
  }
}
