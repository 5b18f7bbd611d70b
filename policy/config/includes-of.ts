/** The files that a master file includes; apart from the rest, so that a command which only reads files loads nothing else. Pure. */

/** File names in the $INCLUDE lines of a master file, with their places. */
export function includesOf(text: string): { readonly file: string; readonly line: number; readonly column: number }[] {
  const found: { file: string; line: number; column: number }[] = []
  if (!/\$INCLUDE/i.test(text)) return found
  for (const [position, line] of text.split('\n').entries()) {
    const match = /^(\$INCLUDE[ \t]+)(?:"([^"]+)"|([^\s;]+))/i.exec(line)
    if (match !== null) found.push({ file: match[2] ?? match[3]!, line: position + 1, column: match[1]!.length + 1 })
  }
  return found
}
