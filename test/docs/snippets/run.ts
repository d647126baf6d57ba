import { job, seconds, text } from 'millrace'
import { run } from 'millrace/run'

const words = job('words', { batch: seconds(1), idleAfter: '1s' }, ({ kafka }) => {
  kafka('lines', { value: text() })
    .flatMap(({ value }) => value.split(' '))
    .map((word) => [word, 1] as const)
    .updateStateByKey((values: readonly number[], count: number | undefined) => (count ?? 0) + values.length)
    .print()
})

const app = await run(words, { signals: true })
await app.awaitTermination()
