// What every StateTable promises (src/stores/table.ts), run on each implementation: in memory, dynalite, the emulators.

import { afterAll, beforeAll, describe } from 'vitest'
import type { StateTable } from '../../src/stores/table.ts'
import { commitLogContract } from './commit-log.contract.ts'
import { jobRowsContract } from './job-rows.contract.ts'

/** @param makeTable opens a table that exists; it may hold other data. */
export function tableContract(name: string, makeTable: () => Promise<StateTable>): void {
  describe(name, () => {
    let table: StateTable
    beforeAll(async () => {
      table = await makeTable()
    })
    afterAll(() => table?.close())

    commitLogContract(() => table)
    jobRowsContract(() => table)
  })
}
