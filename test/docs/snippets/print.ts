import { job, seconds, text } from 'millrace'

export const shown = job('shown', { batch: seconds(1) }, ({ kafka }) => {
  const words = kafka('lines', { value: text() }).flatMap(({ value }) => value.split(' '))
  words.print(2)
  words.countByValue().printTable()
})
