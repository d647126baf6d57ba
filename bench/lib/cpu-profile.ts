// Where a --cpu-prof file says the time went: own time by function, the largest first. The making of events is left out.

import { readFileSync } from 'node:fs'
import { formatTable } from './table.ts'

interface ProfileNode {
  readonly id: number
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  readonly children?: readonly number[]
}
interface Profile {
  readonly nodes: readonly ProfileNode[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

const [path = '', shown = '30'] = process.argv.slice(2)
const { nodes, samples, timeDeltas }: Profile = JSON.parse(readFileSync(path, 'utf8'))
const byId = new Map(nodes.map((node) => [node.id, node]))
const ignored = new Set<number>()
for (const node of nodes) if (/bench\/lib\/(events|values)\.ts$/.test(node.callFrame.url)) ignore(node)

const own = new Map<string, number>()
let whole = 0
samples.forEach((id, i) => {
  const node = byId.get(id)
  if (!node || ignored.has(id)) return
  const { functionName, url, lineNumber } = node.callFrame
  const place = url === '' ? '' : ` ${url.replace(/^.*\/(src|node_modules|bench)\//, '$1/')}:${lineNumber + 1}`
  const name = `${functionName || '(anonymous)'}${place}`
  const micros = timeDeltas[i] ?? 0
  own.set(name, (own.get(name) ?? 0) + micros)
  whole += micros
})
const rows = [...own].sort(([, a], [, b]) => b - a).slice(0, Number(shown))
console.log(
  formatTable(
    ['function', 'own ms', '%'],
    rows.map(([name, micros]) => [name, (micros / 1000).toFixed(0), ((micros / whole) * 100).toFixed(1)]),
  ),
)

function ignore(node: ProfileNode): void {
  ignored.add(node.id)
  for (const id of node.children ?? []) {
    const child = byId.get(id)
    if (child) ignore(child)
  }
}
