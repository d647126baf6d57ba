// Topics that a broker has not heard of yet, though they were made.

import { expect, it } from 'vitest'
import { makeTopics } from '../../../src/local/topics/make-topics.ts'

const unheardOf = () =>
  Object.assign(new Error('This server does not host this topic-partition'), { type: 'UNKNOWN_TOPIC_OR_PARTITION' })
const partition = { partitionErrorCode: 0, partitionId: 0, replicas: [1], isr: [1] }

it('waits for a topic that was made and is not known yet', async () => {
  const answers = [unheardOf(), [], [{ ...partition, leader: -1 }], [{ ...partition, leader: 1 }]]
  const admin = {
    createTopics: () => Promise.reject(unheardOf()),
    fetchTopicMetadata: async () => {
      const answer = answers.shift()
      if (!Array.isArray(answer)) throw answer
      return { topics: [{ name: 'lines', partitions: answer }] }
    },
  }
  expect(await makeTopics(admin, [{ topic: 'lines' }])).toBe(true)
  expect(answers).toEqual([])
})

it('says what else is wrong, and that a topic is there', async () => {
  const fetchTopicMetadata = () => Promise.reject(new Error('not asked'))
  const refused = { createTopics: () => Promise.reject(new Error('not allowed')), fetchTopicMetadata }
  await expect(makeTopics(refused, [{ topic: 'lines' }])).rejects.toThrow('not allowed')
  expect(await makeTopics({ createTopics: async () => false, fetchTopicMetadata }, [{ topic: 'lines' }])).toBe(false)
})
