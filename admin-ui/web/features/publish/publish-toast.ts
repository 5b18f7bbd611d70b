/** What stays in the corner after a publish: generation, nodes, and the way back. */
import type { PublishAnswer } from '../../../contract/publish.ts'
import { words } from '../../lib/i18n.ts'
import { showToast } from '../../lib/toast.ts'

/** Shows it; `rollBack` opens the way to the generation before. */
export function showPublished(answer: PublishAnswer, before: number, rollBack: () => void): void {
  const live = answer.nodes.filter((node) => node.ok).length
  const behind = answer.nodes.filter((node) => !node.ok).map((node) => node.nodeId)
  const { generation } = answer
  if (!answer.changed) {
    showToast({ tone: 'acc', title: words('review.nothingChanged', { generation }) }, 8)
    return
  }
  const detail =
    answer.nodes.length === 0
      ? words('review.noNodes')
      : behind.length === 0
        ? words('review.onNodes', { live, count: answer.nodes.length })
        : words('review.nodesBehind', { live, count: answer.nodes.length, nodes: behind.join(', ') })
  showToast({
    tone: 'up',
    title: words('review.published', { generation }),
    detail,
    action: before > 0 ? { label: words('review.rollBackTo', { generation: before }), run: rollBack } : undefined,
  })
}
