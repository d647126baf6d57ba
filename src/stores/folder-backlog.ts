// What a function that runs in a folder may know of the topics there: whether records wait that it has not been given yet.

import { partitionOf } from '../names/tasks.ts'
import { openFolder } from './folder-database.ts'

// Without a committed offset nobody knows: a group may begin at the end. The first event has records of all partitions.
const SQL = `SELECT 1 FROM partitions p JOIN topics t ON t.id = p.topic
  JOIN group_offsets g ON g.name = ? AND g.topic = p.topic AND g.partition = p.partition
  WHERE t.name = ? AND p.partition = ? AND p.next > g.position`

/** Of a partition's task: whether the group has still to read records of it. */
export function waitsIn(directory: string, group: string): (task: string) => boolean {
  const database = openFolder(directory)
  return (task) => {
    const { topic, partition } = partitionOf(task)
    return database.get(SQL, JSON.stringify(group), topic, partition) !== undefined
  }
}
