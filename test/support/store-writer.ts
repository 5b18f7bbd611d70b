/** Child process of the store's crash test: saves generations as fast as it can and says so after each acknowledged one. */
import { openStore } from '../../policy/store/store.ts'

const store = openStore(process.argv[2]!, { productVersion: '0.0.0' })
for (;;) {
  const { number } = store.saveGeneration({
    documentText: 'x'.repeat(10_000),
    files: {},
    canonicalDigest: '',
    snapshotDigest: '',
    author: 'crash',
    comment: '',
    acceptedIssues: [],
    basedOn: null,
  })
  store.saveDraft({ account: 'crash', documentText: String(number), files: {}, baseGeneration: number })
  process.stdout.write(`${number}\n`)
}
