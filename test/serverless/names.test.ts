import fc from 'fast-check'
import { expect, test } from 'vitest'
import { consumerGroup, logicalId, stateBucketName, tableName } from '../../src/serverless/names.ts'

test('logical ids are readable, and different for different things', () => {
  expect(logicalId('flights', 'MillraceTopic', 'a-b')).toMatch(/^FlightsMillraceTopicAB[0-9a-f]{8}$/)
  expect(logicalId('MillraceTopic', 'a-b')).not.toBe(logicalId('MillraceTopic', 'ab'))
  expect(logicalId('MillraceTopic', 'a', 'b')).not.toBe(logicalId('MillraceTopic', 'ab'))
})

test('consumer groups are what they are made of, where Kafka and Lambda take that', () => {
  expect(consumerGroup('shop', 'dev', 'hot-words', 'lines_1')).toBe('shop-dev.hot-words.lines_1')
  expect(consumerGroup('shop', 'dev', 'hot words', 'lines')).toMatch(/^shop-dev\.hot-words\.lines-[0-9a-f]{8}$/)
  // A dot separates, so one inside a name must not look like it.
  expect(consumerGroup('shop', 'dev', 'a', 'b.c')).not.toBe(consumerGroup('shop', 'dev', 'a.b', 'c'))
})

test('whatever the names, what is made of them fits', () => {
  const text = fc.string({ minLength: 1, maxLength: 255, unit: 'grapheme' })
  fc.assert(
    fc.property(text, text, (job, topic) => {
      expect(consumerGroup('shop', 'dev', job, topic)).toMatch(/^[a-zA-Z0-9/*:_+=.@-]{1,200}$/)
      expect(logicalId(job, topic)).toMatch(/^[A-Za-z0-9]{1,255}$/)
    }),
  )
})

test('names of table and bucket stay within their limits', () => {
  const long = 'a-service-with-a-really-long-name-that-goes-on'
  expect(tableName('shop', 'dev')).toBe('shop-dev-millrace')
  const { 'Fn::Sub': name } = Object(stateBucketName(long, 'production'))
  const longest = String(name)
    .replace(`\${AWS::AccountId}`, '123456789012')
    .replace(`\${AWS::Region}`, 'ap-southeast-1')
  expect(longest).toMatch(/^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/)
  expect(stateBucketName(long, 'production')).not.toEqual(stateBucketName(long, 'preview'))
})
