/** Details of events in both languages: each sentence that the server makes is known. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import i18next from 'i18next'
import type { Event } from '../../../../admin-ui/contract/event.ts'
import { wordEventDetail } from '../../../../admin-ui/web/lib/event-wording.ts'
import { zhCN } from '../../../../admin-ui/web/lib/messages/zh-CN.ts'

await i18next.init({
  lng: 'zh-CN',
  resources: { 'zh-CN': { translation: zhCN } },
  interpolation: { escapeValue: false },
  showSupportNotice: false,
} as Parameters<typeof i18next.init>[0])

const ROWS: readonly (readonly [kind: Event['kind'], detail: string, zh: string])[] = [
  ['node', 'connected', '已连接'],
  ['node', 'connection lost', '连接中断'],
  ['publish', 'published by admin', '由 admin 发布'],
  ['publish', 'published by admin: 宁波改由移动优先', '由 admin 发布：宁波改由移动优先'],
  ['publish', 'published by control: first document, nearcast.yaml', '由 control 发布：首个文档 nearcast.yaml'],
  ['publish', 'published by xfr.: update of a.test.', '由 xfr. 发布：动态更新 a.test.'],
  ['publish', 'published by xfr.: 3 updates of a.test., b.test.', '由 xfr. 发布：3 次动态更新：a.test., b.test.'],
  [
    'publish',
    'published by 192.0.2.1: AXFR of a.test. from 192.0.2.1, serial 7',
    '由 192.0.2.1 发布：从 192.0.2.1 以 AXFR 传送 a.test.，序列号 7',
  ],
  [
    'publish',
    'published by control: geodata built for the document, 1.5 % moved',
    '由 control 发布：地理数据按文档构建，1.5 % 的地址改变去向',
  ],
  ['generation', 'live with digest 0123456789ab', '摘要 0123456789ab'],
  [
    'isolation',
    'cut off: the ranking of endpoints elsewhere stays as it was (1 other vantage heard, 0 references fail)',
    '与外界隔绝：其他站点端点的排名保持不变（收到其他 1 个观测点的结果，0 个参照不通）',
  ],
  [
    'isolation',
    'reaches endpoints elsewhere again (3 other vantages heard, 2 references fail)',
    '恢复与其他站点端点的连通（收到其他 3 个观测点的结果，2 个参照不通）',
  ],
  ['capacity', 'beyond its hard capacity: gets no clients', '超过硬容量上限，不再分配客户端'],
  ['capacity', 'below its hard capacity again', '回到硬容量上限以下'],
  ['clock', 'the wall clock jumped 8.0 s back; nothing expires by it', '系统时钟向后跳变 8.0 秒；不因此过期任何数据'],
  ['override', 'down set by wang: power work', 'wang 置为故障：power work'],
  ['override', 'drain set by wang until 2026-12-01T04:00:00.000Z: up', 'wang 排空，至 2026-12-01T04:00:00.000Z：up'],
  [
    'override',
    'up set by wang from 2026-12-01T02:00:00.000Z until 2026-12-01T04:00:00.000Z: a: b',
    'wang 保持可用，自 2026-12-01T02:00:00.000Z 至 2026-12-01T04:00:00.000Z：a: b',
  ],
  ['override', 'down changed by wang: longer', 'wang 改为置为故障：longer'],
  ['override', 'down ended by wang', 'wang 结束置为故障'],
  ['override', 'down ended by wang: work is done', 'wang 结束置为故障：work is done'],
  ['override', 'down of night shift over, its time has ended: power work', 'night shift 的置为故障已到期：power work'],
  ['override', 'drain of wang begins until 2026-12-01T04:00:00.000Z: x', 'wang 的排空开始，至 2026-12-01T04:00:00.000Z：x'],
  ['override', 'down of wang pauses: x', 'wang 的置为故障暂停：x'],
  ['fail-open', 'answers without an eligible endpoint', '没有合格端点仍在应答'],
  ['fail-open', 'has eligible endpoints again', '又有合格端点'],
  [
    'certificate',
    'new certificate for a.test, b.test, ends 2027-01-01T00:00:00.000Z',
    'a.test, b.test 的新证书，有效至 2027-01-01T00:00:00.000Z',
  ],
  ['certificate', 'not used: the key does not fit', '未采用：the key does not fit'],
  ['worker-replaced', 'it was silent for 5000 ms', '5000 毫秒没有回应'],
  ['worker-replaced', 'it ended with code 1', '以代码 1 退出'],
  ['worker-replaced', 'it failed: out of memory', '出错：out of memory'],
  ['worker-replaced', 'its heartbeat stood still', '心跳停止'],
  ['worker-replaced', 'it ended', '已退出'],
  ['zone', 'IXFR of a.test. from 192.0.2.1, serial 7', '从 192.0.2.1 以 IXFR 传送 a.test.，序列号 7'],
  ['zone', 'expired: no primary answered for too long; it is answered SERVFAIL', '已过期：太久没有主服务器应答，现以 SERVFAIL 应答'],
  ['zone', 'reached again: 192.0.2.1', '又联系上 192.0.2.1'],
  ['zone', 'not refreshed, what is there stays: 192.0.2.1: REFUSED', '未能刷新，保留现有数据：192.0.2.1: REFUSED'],
  ['geodata', 'rejected by admin', '由 admin 拒绝'],
  ['geodata', 'waits for confirmation: 12.5 % would move, the limit is 5 %', '等待确认：将有 12.5 % 的地址改变去向，上限 5 %'],
  ['geodata', 'live, geodata refreshed, 0.3 % moved', '已生效，地理数据已刷新，0.3 % 的地址改变去向'],
  ['geodata', 'live, geodata rolled back', '已生效，地理数据已回退'],
  ['geodata', 'live, geodata confirmed, 9.0 % moved', '已生效，地理数据已确认，9.0 % 的地址改变去向'],
  ['geodata', 'refused, the data in use stays: too small [X]', '未采用，继续使用现有数据：too small [X]'],
  ['standing', '(probe edge-http, 12.3 ms)', '（探测 edge-http，12.3 ms）'],
  ['standing', '(probe edge-http, timeout: no result within 1000 ms)', '（探测 edge-http，1000 毫秒内没有结果）'],
  ['standing', '(probe edge-http, status: status 503, expected 200)', '（探测 edge-http，状态码 503，应为 200）'],
  [
    'standing',
    '(probe edge-http, refused: connect ECONNREFUSED 127.0.1.11:80)',
    '（探测 edge-http，连接被拒绝：connect ECONNREFUSED 127.0.1.11:80）',
  ],
  ['standing', '127.0.1.11 gate 5 % / 500 ms open again', '127.0.1.11 门限 5 % / 500 ms 重新打开'],
  ['standing', '127.0.1.11 gate 5 % / 500 ms closed (median latency beyond it)', '127.0.1.11 门限 5 % / 500 ms 关闭（延迟中位数超出）'],
  ['node', 'something new', 'something new'],
]

for (const [kind, detail, zh] of ROWS) {
  test(`${kind}: ${detail}`, () => {
    assert.equal(wordEventDetail(kind, detail, 'zh-CN'), zh)
    assert.equal(wordEventDetail(kind, detail, 'en'), detail.replace(/^published by/, 'by'))
  })
}
