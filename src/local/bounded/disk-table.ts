// The table of one run: in memory, but for the bodies of log entries, which are most of it and are rarely read again. They go to a file that
// has no name any more once it is open, so whatever becomes of the process, nothing of it stays.

import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { memoryTable } from '../../stores/memory-table.ts'
import type { LogItem, StateTable } from '../../stores/table.ts'
import { checkBodySize } from '../../stores/table-keys.ts'

/** @param directory where the file is, that exists */
export function diskTable(directory: string): StateTable {
  const path = join(directory, 'log')
  const file = openSync(path, 'wx+')
  rmSync(path)
  const table = memoryTable()
  let end = 0

  function keep(body: Uint8Array): Uint8Array {
    for (let at = 0; at < body.length; ) at += writeSync(file, body, at, body.length - at, end + at)
    const place = new Float64Array([end, body.length])
    end += body.length
    return new Uint8Array(place.buffer)
  }

  function find<I extends LogItem>(item: I): I {
    const [at = 0, length = 0] = new Float64Array(Uint8Array.from(item.body).buffer)
    const body = new Uint8Array(length)
    for (let read = 0; read < length; ) {
      const bytes = readSync(file, body, read, length - read, at + read)
      if (bytes === 0) throw new Error(`The log of this run ends at ${at + read}; ${length - read} bytes are missing.`)
      read += bytes
    }
    return { ...item, body }
  }

  return {
    ...table,
    async append(task, item) {
      checkBodySize(task, item.version, item.body)
      return table.append(task, { ...item, body: keep(item.body) })
    },
    async head(task) {
      const item = await table.head(task)
      return item && find(item)
    },
    async read(task, options) {
      return (await table.read(task, options)).map(find)
    },
    close() {
      table.close()
      closeSync(file)
    },
  }
}
