import { KeyMap } from './key-map.ts'
import { pairOf } from './pairs.ts'

/** All values of each key, in the order in which keys were first seen. @throws NotAPairError, InvalidKeyError */
export function groupValues(elements: readonly unknown[]): KeyMap<unknown[]> {
  const groups = new KeyMap<unknown[]>()
  for (const element of elements) {
    const [key, value] = pairOf(element)
    const group = groups.get(key)
    if (group) group.push(value)
    else groups.set(key, [value])
  }
  return groups
}
