import { describe, expect, it } from 'vitest'
import { checkChoice, checkKnownOptions, nearest } from '../../src/options/options.ts'

const known = ['batch', 'idleAfter', 'onPoison', 'retention']

describe('options', () => {
  it('that are known pass, and so do none', () => {
    expect(() => checkKnownOptions('job', { batch: 1, retention: undefined }, known)).not.toThrow()
    expect(() => checkKnownOptions('job', {}, known)).not.toThrow()
  })

  it.each([
    [
      'batchh',
      "job: unknown option 'batchh'. Did you mean 'batch'? Known options: batch, idleAfter, onPoison, retention.",
    ],
    ['idleafter', "unknown option 'idleafter'. Did you mean 'idleAfter'?"],
    ['onPosion', "unknown option 'onPosion'. Did you mean 'onPoison'?"],
    ['retentoin', "unknown option 'retentoin'. Did you mean 'retention'?"],
    ['x', "job: unknown option 'x'. Known options: batch, idleAfter, onPoison, retention."],
    ['', "job: unknown option ''. Known"],
    ['__proto__', "job: unknown option '__proto__'. Known"],
  ])('%o is refused', (name, message) => {
    const options = Object.defineProperty({}, name, { value: 1, enumerable: true })
    expect(() => checkKnownOptions('job', options, known)).toThrow(message)
  })

  it.each([
    [null, 'job: expected an object of options, got null. Known options: batch, idleAfter, onPoison, retention.'],
    [
      undefined,
      'job: expected an object of options, got nothing. Known options: batch, idleAfter, onPoison, retention.',
    ],
    [5, 'job: expected an object of options, got a number. Known options: batch, idleAfter, onPoison, retention.'],
    [[], 'job: expected an object of options, got an array. Known options: batch, idleAfter, onPoison, retention.'],
  ])('%o is no object of options', (options, message) => {
    expect(() => checkKnownOptions('job', options, known)).toThrow(message)
  })
})

describe('a choice', () => {
  it('is the first one by default', () => {
    expect(checkChoice('time', undefined, ['record', 'arrival'])).toBe('record')
    expect(checkChoice('time', 'arrival', ['record', 'arrival'])).toBe('arrival')
  })

  it.each([
    ['arival', `time: "arival" is not possible. Did you mean 'arrival'? Choose one of record, arrival.`],
    ['Record', `time: "Record" is not possible. Did you mean 'record'? Choose`],
    ['zzzzzzzz', 'time: "zzzzzzzz" is not possible. Choose one of record, arrival.'],
  ])('%o is refused', (value, message) => {
    expect(() => checkChoice<string>('time', value, ['record', 'arrival'])).toThrow(message)
  })
})

describe('the nearest name', () => {
  it('is the one with the fewest slips, and none when all are far', () => {
    expect(nearest('formt', ['format', 'from', 'to'])).toBe('format')
    expect(nearest('tpo', ['format', 'top'])).toBe('top')
    expect(nearest('completely', ['format', 'to'])).toBeUndefined()
  })
})
