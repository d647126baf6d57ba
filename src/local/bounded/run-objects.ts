// The objects of one run. Snapshots and the like are its own affair and stay in its folder. Results are held there until their batch is
// complete, and then published whole: parts first, `_SUCCESS` last. What is published already, by the live job or by a run before, is left
// alone where it says the same, and otherwise refused: nothing is replaced that nobody has asked to replace.

import { ObjectsDifferError } from '../../errors/batch-run-errors.ts'
import { folderOfKey, ownKindOf } from '../../names/objects.ts'
import { type FilesPlace, isSuccess, probeKey, resultOf, SUCCESS } from '../../names/outputs.ts'
import { type ObjectRef, type ObjectStore, objectUrl } from '../../stores/object-store.ts'

/** What an output's objects are called, and how two that were cut differently are compared. */
export interface ResultPlace extends FilesPlace {
  /** What an object says, one text per element. */
  readonly read?: ((body: Uint8Array) => readonly string[]) | undefined
}

export interface RunObjectsOptions {
  /** The run's own. */
  readonly holding: ObjectStore
  /** Where readers look. */
  readonly target: ObjectStore
  /** Where there an object goes. */
  readonly placeOf: (ref: ObjectRef) => ObjectRef
  readonly places: readonly ResultPlace[]
  readonly replace: boolean
  readonly onPublished: (batch: Published) => void
}

/** A batch of an output. */
export interface Published {
  readonly folder: string
  readonly time: number
  /** `alike`: what was there says the same, and was left. */
  readonly how: 'written' | 'alike' | 'replaced'
  readonly objects: number
}

interface Held {
  readonly place: ResultPlace
  readonly time: number
}

export function runObjects(options: RunObjectsOptions): ObjectStore {
  const { holding, target, placeOf, places } = options
  const published = new Set<string>()
  const types = new Map<string, string | undefined>()

  const heldOf = ({ bucket, key }: ObjectRef): Held | undefined => {
    for (const place of places) {
      const result = place.bucket === bucket ? resultOf(place, key) : undefined
      if (result) return { place, time: result.time }
    }
    return undefined
  }
  const isOwn = ({ key }: ObjectRef): boolean => ['snapshot', 'spill'].includes(ownKindOf(key) ?? '')
  const isProbe = ({ key }: ObjectRef): boolean => key === probeKey(folderOfKey(key).slice(0, -1))
  const isOut = (ref: ObjectRef): boolean => published.has(objectUrl({ ...ref, key: folderOfKey(ref.key) }))

  return {
    ...holding,
    async put(ref, body, put) {
      const held = heldOf(ref)
      if (held && isOut(ref)) return // done again by who could not know
      if (isOwn(ref)) return holding.put(ref, body, put)
      if (!held) return publishOne(options, ref, body, put?.contentType)
      types.set(objectUrl(ref), put?.contentType)
      if (!isSuccess(ref.key)) return holding.put(ref, body, put)
      const folder = folderOfKey(ref.key)
      options.onPublished(await publishFolder(options, { bucket: ref.bucket, key: folder }, held, types))
      published.add(objectUrl({ ...ref, key: folder }))
    },
    async stage(ref, body, put) {
      if (isProbe(ref)) {
        // Where there is nothing to write to is said at once, and not after hours.
        await target.abort(await target.stage(placeOf(ref), body, put))
      }
      types.set(objectUrl(ref), put?.contentType)
      return holding.stage(ref, body, put)
    },
    async complete(staged) {
      if (isOut(staged.ref)) return
      await holding.complete(staged)
      if (isOwn(staged.ref) || heldOf(staged.ref)) return
      const body = await holding.get(staged.ref)
      if (body) await publishOne(options, staged.ref, body, types.get(objectUrl(staged.ref)))
    },
    async exists(ref) {
      return isOut(ref) || (isOwn(ref) || heldOf(ref) ? holding.exists(ref) : target.exists(placeOf(ref)))
    },
  }
}

/** What was set aside, and whatever else has no `_SUCCESS`. */
async function publishOne(
  { target, placeOf, replace }: RunObjectsOptions,
  ref: ObjectRef,
  body: Uint8Array,
  contentType = OCTETS,
): Promise<void> {
  const to = placeOf(ref)
  const there = await target.get(to)
  if (there && Buffer.compare(there, body) === 0) return
  if (there && !replace) throw new ObjectsDifferError(objectUrl(to), 'it is there with other contents')
  await target.put(to, body, { contentType })
}

const OCTETS = 'application/octet-stream'

async function publishFolder(
  options: RunObjectsOptions,
  folder: ObjectRef,
  { place, time }: Held,
  types: Map<string, string | undefined>,
): Promise<Published> {
  const { holding, target, placeOf, replace } = options
  const ours = await keysIn(holding, folder)
  const to = placeOf(folder)
  const there = new Map((await keysIn(target, to)).map((name) => [name, { ...to, key: `${to.key}${name}` }]))
  const isThere = there.size > 0
  const extra = [...there.keys()].filter((name) => !isSuccess(`/${name}`) && !ours.includes(name))
  const bodyOf = async (name: string): Promise<Uint8Array> =>
    (await holding.get({ ...folder, key: `${folder.key}${name}` })) ?? new Uint8Array()

  const missing: string[] = []
  const other: string[] = []
  for (const name of ours) {
    const ref = there.get(name)
    const body = ref && (await target.get(ref))
    if (!body) missing.push(name)
    else if (Buffer.compare(body, await bodyOf(name)) !== 0) other.push(name)
  }
  const isWhole = there.has(SUCCESS)
  const fits = extra.length === 0 && other.length === 0 && !(isWhole && missing.length > 0)
  let how: Published['how'] = fits && isThere && missing.length === 0 ? 'alike' : 'written'
  if (!fits) {
    const says = isWhole && (await saysTheSame(place, [...there.values()], target, ours, bodyOf))
    if (!says && !replace) {
      const [first = SUCCESS] = [...other, ...extra, ...missing]
      const why = isWhole
        ? `it holds other results of this batch, such as ${first}`
        : `it holds part of this batch that this run does not have, such as ${first}, and no _SUCCESS`
      throw new ObjectsDifferError(objectUrl(to), why)
    }
    how = says ? 'alike' : 'replaced'
    if (how === 'replaced') {
      for (const name of [SUCCESS, ...extra]) {
        const ref = there.get(name)
        if (ref) await target.delete(ref)
      }
    }
  }
  const write = how === 'alike' ? [] : how === 'replaced' ? ours : missing
  await Promise.all(
    write.map(async (name) => {
      const from = { ...folder, key: `${folder.key}${name}` }
      const contentType = types.get(objectUrl(from)) ?? OCTETS
      await target.put({ ...to, key: `${to.key}${name}` }, await bodyOf(name), { contentType })
    }),
  )
  if (!isWhole || how === 'replaced')
    await target.put({ ...to, key: `${to.key}${SUCCESS}` }, new Uint8Array(), { contentType: OCTETS })
  for (const name of ours) {
    const ref = { ...folder, key: `${folder.key}${name}` }
    types.delete(objectUrl(ref))
    await holding.delete(ref)
  }
  types.delete(objectUrl({ ...folder, key: `${folder.key}${SUCCESS}` }))
  return { folder: objectUrl(to), time, how, objects: write.length }
}

/** Whether parts that were cut otherwise have the same elements. */
async function saysTheSame(
  { read }: ResultPlace,
  there: readonly ObjectRef[],
  target: ObjectStore,
  ours: readonly string[],
  bodyOf: (name: string) => Promise<Uint8Array>,
): Promise<boolean> {
  if (!read) return false
  const elements = async (bodies: readonly Promise<Uint8Array | undefined>[]): Promise<string> => {
    const said = (await Promise.all(bodies)).flatMap((body) => (body ? read(body) : []))
    return JSON.stringify(said.sort())
  }
  const parts = there.filter(({ key }) => !isSuccess(key))
  return (await elements(parts.map((ref) => target.get(ref)))) === (await elements(ours.map(bodyOf)))
}

/** Names of the objects in a folder. */
async function keysIn(store: ObjectStore, { bucket, key }: ObjectRef): Promise<string[]> {
  const names: string[] = []
  for await (const one of store.list(bucket, key)) names.push(one.key.slice(key.length))
  return names
}
