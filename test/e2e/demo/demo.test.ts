// `npm run demo` as its reader runs it, in a process of its own, each job over a part of its data: it ends well, its account says
// that nothing is lost or different, and under `--crash` it publishes the same.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { runNode } from '../../support/node-process.ts'

const MAIN = new URL('../../../demo/main.ts', import.meta.url).pathname
/** A partition that is silent for longer is rightly not waited for (I2), and this machine may do ten other things. */
const env = { ...process.env, IDLE_AFTER: '40s' }

/** @throws with what the demo wrote when it ends with anything but 0 */
async function demo(signal: AbortSignal, ...args: string[]): Promise<string> {
  const scratch = await mkdtemp(join(tmpdir(), 'millrace-demo-'))
  try {
    const all = ['--conditions=millrace-source', MAIN, ...args, '--out', join(scratch, 'demo')]
    const { code, stdout, stderr } = await runNode(all, { env, signal })
    if (code !== 0) throw new Error(`the demo ended with ${code}:\n${stdout}\n${stderr}`)
    return stdout
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

// Side by side, since most of each is waiting for silence to be over.
describe.concurrent('the demo', { timeout: 1_500_000 }, () => {
  it.for([
    ['flights', 1000, [/records in {9}1000\n {2}records committed {2}1000\n/, /lost {15}0\n {2}twice {14}0\n/]],
    ['flight-delays', 1000, [/days 5, groups of origin and hour \d+, windows of 7 days 11\n {2}different {3}0\n/]],
    ['hot-words', 300, [/hot-words {14}4 batches\n {2}hot-words-recounted {4}4 batches\n {2}different {14}0\n/]],
    [
      'running-counts',
      300,
      [/running-counts {9}6 batches\n {2}counts-as-they-come {4}6 batches\n {2}different {14}0\n/],
    ],
    ['random-sum', 600, [/random-sum {13}30 batches\n {2}different {14}0\n/]],
    ['log-errors', 1200, [/alerts {17}\d+ batches\n {2}different {14}0\n/]],
    ['recommend', 600, [/recommendations {8}\d+ batches\n {2}different {14}0\n/]],
    ['fraud', 600, [/fraud-clusters {9}6 batches\n {2}different {14}0\n/]],
  ] as const)('%s', async ([job, records, account], { signal }) => {
    const shown = await demo(signal, '--job', job, '--records', `${records}`)
    for (const line of account) expect(shown).toMatch(line)
  })

  it.for([
    ['flights', 2000],
    ['hot-words', 600],
    ['random-sum', 600],
    ['log-errors', 1200],
    ['recommend', 600],
    ['fraud', 1000],
  ] as const)('%s with workers killed', async ([job, records], { signal }) => {
    const shown = await demo(signal, '--job', job, '--records', `${records}`, '--crash')
    expect(shown).toMatch(/Workers killed: \d+\. Failed invocations, delivered again: \d+\./)
    expect(shown).toMatch(
      /The same records under every T as in the undisturbed run \(\d+ batches compared, all outputs\): yes/,
    )
  })

  it('names the jobs there are', async ({ signal }) => {
    await expect(demo(signal, '--job', 'hot-word')).rejects.toThrow(
      '--job hot-word: choose flights, flight-delays, hot-words, running-counts, fraud, log-errors, random-sum, recommend',
    )
  })
})
