import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { defaultGeodataFile } from '../../../cli/geodata.ts'
import { createStaticLoader } from '../../../cli/static-loader.ts'

const root = mkdtempSync(join(tmpdir(), 'nearcast-loader-'))
after(() => rmSync(root, { recursive: true }))
const ZONE = '$TTL 300\n@ SOA ns1 host 1 3600 600 86400 60\n@ NS ns1\nns1 A 192.0.2.53\n'
const newBlock = (sizeBytes: number): SharedArrayBuffer => new SharedArrayBuffer(sizeBytes)

function sourcesOf(name: string): { zoneFolder: string; documentPath: undefined; geodataPath: string } {
  const zoneFolder = join(root, name)
  mkdirSync(zoneFolder)
  writeFileSync(join(zoneFolder, 'a.test.zone'), ZONE)
  return { zoneFolder, documentPath: undefined, geodataPath: defaultGeodataFile() }
}

/** Processes that this one started. */
function children(): string[] {
  return readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ').filter(Boolean)
}

describe('createStaticLoader', () => {
  test('a snapshot is loaded once, its file goes with it; the folder goes at the stop', async () => {
    const parent = mkdtempSync(join(root, 'work-'))
    const loader = createStaticLoader(parent)
    const served = await loader.compile(sourcesOf('once'), 7)
    const snapshot = served.load(newBlock)
    assert.equal(snapshot.generation, 7)
    assert.equal(served.zones, 1)
    assert.deepEqual(served.failed, [])
    assert.throws(() => served.load(newBlock), { code: 'SNAPSHOT_MISSING' })
    assert.ok(existsSync(served.versionsPath))
    loader.forget(served)
    assert.equal(existsSync(served.versionsPath), false)
    loader.stop()
    assert.deepEqual(readdirSync(parent), [])
    await assert.rejects(loader.compile(sourcesOf('late'), 8), /stopping/)
  })

  test('what the compile throws comes with its code', async () => {
    const loader = createStaticLoader(root)
    const sources = { ...sourcesOf('missing'), zoneFolder: join(root, 'nowhere') }
    await assert.rejects(loader.compile(sources, 1), { code: 'SERVE_ZONES', message: /ENOENT/ })
    loader.stop()
  })

  test('a process that is killed is an error of its own', { skip: process.platform !== 'linux' && 'reads /proc' }, async () => {
    const loader = createStaticLoader(root)
    const sources = sourcesOf('killed')
    const before = new Set(children())
    // It waits in this file, so that there is somebody to kill.
    assert.equal(spawnSync('mkfifo', [join(sources.zoneFolder, 'b.test.zone')]).status, 0)
    const compiled = assert.rejects(loader.compile(sources, 1), { code: 'SERVE_COMPILE', message: /was ended by SIGKILL/ })
    const pipe = await open(join(sources.zoneFolder, 'b.test.zone'), 'w')
    for (const child of children()) if (!before.has(child)) process.kill(Number(child), 'SIGKILL')
    await compiled
    await pipe.close()
    loader.stop()
  })

  test('a folder that cannot be written to is named', () => {
    assert.throws(() => createStaticLoader(join(root, 'none')), { code: 'SERVE_FOLDER', message: /none" cannot be written to \(ENOENT\)/ })
  })
})
