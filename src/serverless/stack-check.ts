// Before the stack is touched: its template as it is deployed, held against the one that would be. What CloudFormation would find out
// after minutes, with a rollback, or would do without a word: mappings that it replaces, tables and buckets that it deletes. Pure.

import { MillraceError } from '../errors/errors.ts'
import type { DeployedResources } from './deployed-template.ts'
import { BUCKET, TABLE } from './deployment.ts'
import type { CfnValue } from './framework.ts'

/** What can be said only when a mapping is made: AWS replaces it, and makes the new one first. */
const POSITION = ['StartingPosition', 'StartingPositionTimestamp']
const CLUSTER = [
  'EventSourceArn',
  'SelfManagedEventSource',
  'SelfManagedKafkaEventSourceConfig',
  'AmazonManagedKafkaEventSourceConfig',
]

export interface StackCheck {
  /** What changes, a line each. */
  readonly changes: readonly string[]
  readonly warnings: readonly string[]
}

/**
 * @param accept logical ids that may be deleted.
 * @throws MillraceError STACK_CHANGE_REFUSED with all that is refused.
 */
export function checkStack(before: DeployedResources, after: DeployedResources, accept: readonly string[]): StackCheck {
  const refused = [...positionsMoved(before, after), ...deleted(before, after, accept)]
  if (refused.length > 0) {
    throw new MillraceError(
      'STACK_CHANGE_REFUSED',
      `Nothing was deployed:\n${refused.map((line) => `  - ${line}`).join('\n')}`,
    )
  }
  return { changes: topicsChanged(before, after), warnings: [...replaced(before, after), ...leftBehind(before, after)] }
}

type Mapping = readonly [id: string, properties: Readonly<Record<string, CfnValue>>]

/** Mappings of topics. */
function mappingsOf(resources: DeployedResources): Mapping[] {
  return Object.entries(resources).flatMap(([id, { Type, Properties = {} }]) =>
    Type === 'AWS::Lambda::EventSourceMapping' && Properties.Topics !== undefined && id.includes('MillraceTopic')
      ? [[id, Properties] as const]
      : [],
  )
}

const topicOf = ([, { Topics }]: Mapping): string => `topic ${Array.isArray(Topics) ? Topics.join(', ') : show(Topics)}`

function both(before: DeployedResources, after: DeployedResources) {
  const was = new Map(mappingsOf(before))
  return mappingsOf(after).flatMap((mapping) => {
    const properties = was.get(mapping[0])
    return properties ? [{ mapping, was: properties, is: mapping[1] }] : []
  })
}

function positionsMoved(before: DeployedResources, after: DeployedResources): string[] {
  return both(before, after).flatMap(({ mapping, was, is }) => {
    const moved = POSITION.filter((name) => show(was[name]) !== show(is[name]))
    if (moved.length === 0) return []
    const [from, to] = [was, is].map((of) =>
      POSITION.flatMap((name) => (of[name] === undefined ? [] : [show(of[name])])).join(' '),
    )
    return [
      `the mapping of ${topicOf(mapping)} begins at ${from}, and would begin at ${to}. AWS cannot change that: it makes another mapping and then fails, because this one ` +
        'exists. It counts only where the consumer group has never read, so it would change nothing either. Put it back (startingPosition of the service, or ' +
        'startingOffsets of the job); to read from elsewhere, move the job: millrace offsets, or give it a new name.',
    ]
  })
}

/** Table and buckets of this plugin, and not what users have made. */
const isStore = (id: string): boolean => id === TABLE || id === BUCKET || /^MillraceOutput.*[0-9a-f]{8}$/.test(id)

function gone(before: DeployedResources, after: DeployedResources) {
  return Object.entries(before).filter(([id, { Type }]) => isStore(id) && !Type?.endsWith('Policy') && !(id in after))
}

const nameOf = ({ Properties = {} }: DeployedResources[string]): string =>
  show(Properties.TableName ?? Properties.BucketName)

function deleted(before: DeployedResources, after: DeployedResources, accept: readonly string[]): string[] {
  return gone(before, after).flatMap(([id, resource]) =>
    resource.DeletionPolicy !== 'Delete' || accept.includes(id)
      ? []
      : [
          `${nameOf(resource)} (${id}) would be deleted with all that is in it: it was deployed with onRemove: delete, and is not in the new template. Deploy ` +
            `onRemove: keep first, and it stays; or accept that it goes: --accept ${id}.`,
        ],
  )
}

function leftBehind(before: DeployedResources, after: DeployedResources): string[] {
  return gone(before, after).flatMap(([id, resource]) =>
    resource.DeletionPolicy === 'Delete'
      ? []
      : [
          `${nameOf(resource)} (${id}) is kept, and is not part of the stack any more: nothing deletes it or keeps its settings.`,
        ],
  )
}

/** Text against text: a name that is said in another way looks like another name, so this is no reason to refuse. */
function replaced(before: DeployedResources, after: DeployedResources): string[] {
  return both(before, after).flatMap(({ mapping, was, is }) => {
    const changed = CLUSTER.filter((name) => show(was[name]) !== show(is[name]))
    if (changed.length === 0) return []
    const diff = changed.map((name) => `${name} from ${show(was[name])} to ${show(is[name])}`).join(', ')
    return [
      `The mapping of ${topicOf(mapping)} will be replaced: ${diff}. Offsets are those of the cluster that was read: with another cluster the job needs another name.`,
    ]
  })
}

function topicsChanged(before: DeployedResources, after: DeployedResources): string[] {
  if (Object.keys(before).length === 0) return []
  const [was, is] = [mappingsOf(before), mappingsOf(after)]
  const ids = (mappings: readonly Mapping[]) => new Set(mappings.map(([id]) => id))
  const [wereIds, areIds] = [ids(was), ids(is)]
  return [
    ...was
      .filter(([id]) => !areIds.has(id))
      .map(
        (mapping) =>
          `- ${topicOf(mapping)}: read no more (${mapping[0]}); what it has left open is closed by wake-ups as long as its job is deployed`,
      ),
    ...is
      .filter(([id]) => !wereIds.has(id))
      .map((mapping) => `+ ${topicOf(mapping)}: read from ${show(mapping[1].StartingPosition)} on`),
  ]
}

function show(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing')
}
