// `millrace cost`: a bill with what was assumed for it, and what a job has really used.

import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inProcess } from './in-process.ts'
import { type JobInFolder, jobInFolder } from './job-in-folder.ts'

const JOBS = join(import.meta.dirname, 'fixtures/batch-jobs.ts')
const cost = (...args: string[]) => inProcess(['cost', ...args])
const copy = (...args: string[]) => cost(JOBS, '--job', 'copy', ...args)

let place: JobInFolder
beforeAll(async () => {
  place = await jobInFolder()
})
afterAll(() => place.remove())

describe('a prediction', () => {
  it('is a bill by item, with alternatives and what was assumed', async () => {
    const { code, stdout } = await copy('--rate', '500/s', '--size', '200')
    expect(code).toBe(0)
    expect(stdout).toMatch(
      /^copy: \$[\d.,]+ a month at 500 records\/s of 200 B in us-east-1, \$0\.\d+ per million records\n/,
    )
    expect(stdout).toMatch(/\nDynamoDB write units +[\d,]+ +\$/)
    expect(stdout).toMatch(/Apache Flink: \$166, instead of \$/)
    expect(stdout).toContain('\nassumed:\n  us-east-1\n  arm64')
  })

  it('is JSON, and assumes less the more is said', async () => {
    const said = [
      '--region',
      'eu-central-1',
      '--arch',
      'x86_64',
      '--memory',
      '512',
      '--partitions',
      '8',
      '--window',
      '1',
    ]
    const all = [
      ...said,
      '--batch-size',
      '1000',
      '--keys',
      '10',
      '--keep',
      '0.5',
      '--value',
      '8',
      '--compressed',
      '0.2',
      '--pollers',
      '4',
    ]
    const { stdout } = await copy('--rate', '30/m', '--size', '2KB', ...all, '--json')
    const bill = JSON.parse(stdout)
    expect(bill.load).toMatchObject({ rate: 0.5, size: 2000, region: 'eu-central-1', pollers: 4, keep: 0.5 })
    expect(bill.lines).toContainEqual(
      expect.objectContaining({
        item: 'dynamodb.writeUnit',
        price: 0.7625e-6,
        source: expect.stringContaining('https://'),
      }),
    )
    expect(bill.lines).toContainEqual(expect.objectContaining({ item: 'lambda.pollerUnitHour', amount: 730 }))
    expect(bill.assumptions).toEqual([
      expect.stringContaining('what AWS services take'),
      expect.stringContaining('the price of us-east-1 for lambda.pollerUnitHour'),
    ])
  })

  it('warns of what one key of DynamoDB cannot take', async () => {
    const { stdout } = await copy('--rate', '10000/s', '--size', '1000', '--partitions', '1', '--batch-size', '50')
    expect(stdout).toMatch(
      /warning: the busiest task writes [\d,]+ write units a second, and DynamoDB takes 1,000 of one key/,
    )
  })

  it('of a region whose prices are not known says whose are taken', async () => {
    const { stdout, stderr } = await copy('--rate', '1', '--size', '100', '--region', 'sa-east-1')
    expect(stderr).toContain('No prices of sa-east-1 are known here: those of us-east-1 are taken.')
    expect(stdout).toContain('the price of us-east-1 for lambda.request')
  })

  it.each([
    [['--size', '200'], 'How much is read? Pass --rate'],
    [['--rate', '5/s'], "How large is a record's value?"],
    [['--rate', '5/d', '--size', '1'], ''],
    [['--rate', '0', '--size', '1'], ''],
    [['--rate', '1', '--size', '1', '--keep', '0'], ''],
  ])('%j is refused', async (args, message) => {
    expect(await copy(...args)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(message) })
  })
})

describe('what was used', () => {
  it('is read from the log', async () => {
    const { code, stdout } = await cost('--measured', 'counts', '--dir', place.dir)
    expect(code).toBe(0)
    expect(stdout).toMatch(/^counts, measured from .* to .*: [\d.,]+ records\/s\n/)
    expect(stdout).toMatch(/\nwrite units +[\d.,]+\n/)
    const json = JSON.parse((await cost('--measured', 'counts', '--dir', place.dir, '--json')).stdout)
    expect(json.measured).toMatchObject({ job: 'counts', tasks: 1 })
  })

  it('of nobody is not found, and of nothing is not understood', async () => {
    expect(await cost('--measured', 'nobody', '--dir', place.dir)).toMatchObject({ code: 4 })
    expect(await cost()).toMatchObject({ code: 2, stderr: expect.stringContaining('Which job?') })
  })
})
