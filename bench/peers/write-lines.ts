/** Writes large text files line by line, in pieces, so that no file is ever whole in memory. */
import { closeSync, openSync, writeSync } from 'node:fs'

const PIECE_CHARACTERS = 1 << 16

/** Writes the lines to a file, each with a line feed. */
export function writeLines(path: string, lines: Iterable<string>): void {
  const file = openSync(path, 'w')
  try {
    let piece = ''
    for (const line of lines) {
      piece += line
      piece += '\n'
      if (piece.length < PIECE_CHARACTERS) continue
      writeSync(file, piece)
      piece = ''
    }
    writeSync(file, piece)
  } finally {
    closeSync(file)
  }
}
