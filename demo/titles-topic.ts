// Lines of words: the 3,201 titles of a film data set (npm package vega-datasets) as if somebody read them out, ten a second.

import { type DemoTopic, readDataSet } from './topic.ts'

const START = Date.UTC(2024, 0, 1)
const PER_SECOND = 10

export const TITLES: DemoTopic = {
  name: 'lines',
  what: 'real titles of films (vega-datasets), ten a second',
  read: () =>
    readDataSet<{ readonly Title: unknown }>('movies.json').map(({ Title }, i) => ({
      key: `${i}`,
      value: String(Title ?? ''),
      timestamp: START + (i * 1000) / PER_SECOND,
    })),
}
