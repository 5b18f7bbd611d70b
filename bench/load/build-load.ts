/**
 * Compiles the load generator and the null server with the C compiler of this machine, once for each content of their sources. They are in
 * C because a generator that is slower than the servers would measure itself. Shell.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Paths of the two programs. */
export type LoadPrograms = {
  /** The load generator (dns-load.c). */
  readonly generator: string
  /** The null server (null-server.c). */
  readonly nullServer: string
}

const SOURCES = fileURLToPath(new URL('.', import.meta.url))
const FLAGS = ['-std=gnu11', '-D_GNU_SOURCE', '-O2', '-Wall', '-Wextra', '-pthread']

/** One key for the sources, the flags and the compiler. */
function cacheKey(compiler: string, files: readonly string[]): string {
  const hash = createHash('sha256').update(JSON.stringify([compiler, FLAGS]))
  for (const file of files) hash.update(`\0${file}\0`).update(readFileSync(join(SOURCES, file)))
  return hash.digest('hex').slice(0, 16)
}

/** Compiles sources to a program; a run beside this one may do the same at the same time. */
function compile(compiler: string, sources: readonly string[], program: string): void {
  if (existsSync(program)) return
  const unfinished = `${program}.${process.pid}`
  try {
    execFileSync(compiler, [...FLAGS, '-o', unfinished, ...sources.map((file) => join(SOURCES, file))], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  } catch (cause) {
    rmSync(unfinished, { force: true })
    const { code, stderr } = cause as { code?: string; stderr?: Buffer }
    if (code === 'ENOENT')
      throw new Error(`no C compiler "${compiler}"; install gcc (Debian: apt-get install gcc libc6-dev) or set CC`, { cause })
    throw new Error(`"${compiler}" does not compile the load generator:\n${stderr?.toString() ?? ''}`, { cause })
  }
  renameSync(unfinished, program)
}

/** Gives the two programs, compiled if they are not yet. Throws with the remedy when there is no C compiler. */
export function buildLoad(): LoadPrograms {
  const compiler = process.env.CC ?? 'cc'
  const files = readdirSync(SOURCES)
    .filter((file) => /\.[ch]$/.test(file))
    .sort()
  const { uid } = userInfo()
  const cache = join(tmpdir(), `nearcast-load-${uid}`)
  const folder = join(cache, cacheKey(compiler, files))
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  // What lies ready there is run, so it must be this user's own.
  if (lstatSync(cache).uid !== uid) throw new Error(`"${cache}" belongs to somebody else; remove it or set TMPDIR`)
  const programs = { generator: join(folder, 'dns-load'), nullServer: join(folder, 'null-server') }
  const own = (file: string): boolean => file.endsWith('.c') && file !== 'null-server.c'
  compile(compiler, files.filter(own), programs.generator)
  compile(compiler, ['null-server.c'], programs.nullServer)
  return programs
}
