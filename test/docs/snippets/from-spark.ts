import { job, type State, StateSpec, seconds, text } from 'millrace'

const blocked = new Map([['eve', true]])

/** The blacklist: a join with a static list, inside `transform`. */
export const blacklist = job('blacklist', { batch: seconds(2) }, ({ kafka }) => {
  kafka('visits', { value: text() })
    .map(({ value }) => [value.split(' ')[0] ?? '', value])
    .transform((batch) => batch.leftOuterJoin(blocked).filter(([, [, isBlocked]]) => isBlocked !== true))
    .map(([, [visit]]) => visit)
    .print()
})

/** Hot words of the last 6 seconds, both ways. Two windows over one stream are told apart by their ids. */
export const hotWords = job('hot-words', { batch: seconds(2) }, ({ kafka }) => {
  const words = kafka('lines', { value: text() })
    .flatMap(({ value }) => value.split(' '))
    .map((word) => [word, 1])
  const again = words.reduceByKeyAndWindow((a, b) => a + b, seconds(6), seconds(2), { id: 'again' })
  const inverse = words.reduceByKeyAndWindow(
    (a, b) => a + b,
    (a, b) => a - b,
    seconds(6),
    seconds(2),
    { id: 'inverse' },
  )
  again.sortBy(([, count]) => count, { ascending: false }).print(1)
  inverse.sortBy(([, count]) => count, { ascending: false }).print(1)
})

/** Counts since the beginning, both ways. */
export const running = job('running', { batch: seconds(2) }, ({ kafka }) => {
  const words = kafka('lines', { value: text() })
    .flatMap(({ value }) => value.split(' '))
    .map((word) => [word, 1])
  const count = StateSpec.function((word: string, one: number | undefined, state: State<number>) => {
    const sum = (one ?? 0) + (state.getOption() ?? 0)
    state.update(sum)
    return [word, sum]
  })
  words.updateStateByKey((ones, sum) => ones.reduce((a, b) => a + b, sum ?? 0)).print()
  words.mapWithState(count).print()
})
