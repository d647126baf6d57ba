import { job, type Listener, statsReport, text } from 'millrace'

/** Says which batches were late, and by how much. */
export function late(limit: number, say: (line: string) => void): Listener {
  return {
    onBatchCompleted({ batchTime, totalDelay = 0, numRecords }) {
      if (totalDelay > limit) say(`batch ${batchTime} of ${numRecords} records was ${totalDelay} ms late`)
    },
    async onQueryProgress(progress) {
      await Promise.resolve(say(JSON.stringify(progress.sources.map(({ endOffset }) => endOffset))))
    },
  }
}

export const watched = (say: (line: string) => void) =>
  job(
    'watched',
    { batch: '1s', listeners: [late(2000, say), statsReport({ batches: 5, write: say })] },
    ({ kafka }) => {
      kafka('lines', { value: text() }).count().print()
    },
  )
