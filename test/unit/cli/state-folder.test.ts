import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { lockByProcess, lockStateFolder, prepareStateFolder } from '../../../cli/state-folder.ts'
import { libcUnavailable } from '../../../resolver/transport/libc.ts'

const root = mkdtempSync(join(tmpdir(), 'nearcast-state-'))
after(() => rmSync(root, { recursive: true }))
const lockModule = new URL('../../../cli/state-folder.ts', import.meta.url).href

describe('prepareStateFolder', () => {
  test('makes a missing folder for this user only', () => {
    const path = prepareStateFolder(join(root, 'a', 'b'))
    assert.equal(statSync(path).mode & 0o777, 0o700)
  })

  test('names a folder that cannot be made, with the remedy', () => {
    writeFileSync(join(root, 'file'), '')
    assert.throws(() => prepareStateFolder(join(root, 'file', 'x')), {
      code: 'STATE_FOLDER',
      message: /cannot be written \(ENOTDIR\)/,
      suggestion: /--state/,
    })
  })

  test('names a folder that cannot be written', { skip: process.getuid?.() === 0 && 'root may write everywhere' }, () => {
    const path = join(root, 'readonly')
    mkdirSync(path)
    chmodSync(path, 0o500)
    assert.throws(() => prepareStateFolder(path), { code: 'STATE_FOLDER', message: /EACCES/ })
  })
})

describe('lockStateFolder', { skip: libcUnavailable() ?? false }, () => {
  test('a second holder is refused, with the number of the first', async () => {
    const folder = prepareStateFolder(join(root, 'lock'))
    const holder = spawn(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `import { lockStateFolder } from ${JSON.stringify(lockModule)}; lockStateFolder(${JSON.stringify(folder)}); console.log('held'); setInterval(() => {}, 1000)`,
      ],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    await once(holder.stdout, 'data')
    assert.throws(() => lockStateFolder(folder), { code: 'STATE_LOCKED', message: new RegExp(`process ${holder.pid}\\)`) })
    // A killed holder leaves its file; the lock itself is gone.
    holder.kill('SIGKILL')
    await once(holder, 'exit')
    assert.ok(existsSync(join(folder, 'up.lock')))
    const lock = lockStateFolder(folder)
    assert.match(readFileSync(join(folder, 'up.lock'), 'utf8'), new RegExp(`^${process.pid} `))
    lock.release()
  })
})

describe('lockByProcess', () => {
  const cases: readonly { readonly name: string; readonly content: string; readonly refused: boolean }[] = [
    { name: 'a live process', content: `${process.ppid}\n`, refused: true },
    { name: 'a live process of another start time: the number was given again', content: `${process.ppid} 1\n`, refused: false },
    { name: 'a process that does not exist', content: '2147483646 5\n', refused: false },
    { name: 'our own number, left by an earlier container', content: `${process.pid} 1\n`, refused: false },
    { name: 'a damaged file', content: '\n', refused: false },
  ]
  for (const [number, { name, content, refused }] of cases.entries()) {
    test(`the lock file of ${name} ${refused ? 'refuses' : 'is taken over'}`, () => {
      const path = join(root, `process${number}.lock`)
      writeFileSync(path, content)
      if (refused) {
        assert.throws(() => lockByProcess(root, path), { code: 'STATE_LOCKED' })
        return
      }
      const lock = lockByProcess(root, path)
      assert.match(readFileSync(path, 'utf8'), new RegExp(`^${process.pid} `))
      lock.release()
      assert.ok(!existsSync(path))
    })
  }
})
