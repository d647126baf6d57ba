// What is kept of a plan when other code has taken its place: over which edges elements have left its tasks, and which outputs
// they were on their way to. Every commit names the plan that made it, so code that closes a batch can tell whether an output
// has that batch whole (I3), and whether something in it was meant for a stage that is gone (I7). Pure.

import { createHash } from 'node:crypto'
import { type Place, passedPlace, placeOf, stagePlace, topicPlace } from '../names/edges.ts'
import { IN_PLACE } from '../names/tasks.ts'
import type { Edge, Plan, ShuffleStage } from './plan.ts'

/** The exit of elements that an output writes right there; edges have other names. */
const WRITTEN = '='

/** As it is kept. JSON. */
export interface PlanShape {
  readonly edges: readonly (readonly [place: string, edge: string, how: string, buckets: number])[]
  /** By place and output, the exits through which elements get there. */
  readonly flows: readonly (readonly [place: string, output: string, exits: readonly string[]])[]
}

export interface ShapeEdge {
  readonly how: string
  readonly buckets: number
}

const NONE: ReadonlySet<string> = new Set()

/** A plan's shape, to ask. */
export class PlanView {
  readonly shape: PlanShape
  /** Names the plan in commits: eight characters. */
  readonly fingerprint: string
  readonly outputs: ReadonlySet<string>
  readonly #edges = new Map<string, Map<string, ShapeEdge>>()
  readonly #flows = new Map<string, Map<string, ReadonlySet<string>>>()

  constructor(shape: PlanShape) {
    this.shape = shape
    this.fingerprint = createHash('sha256').update(JSON.stringify(shape)).digest('base64url').slice(0, 8)
    for (const [place, edge, how, buckets] of shape.edges) entry(this.#edges, place).set(edge, { how, buckets })
    for (const [place, output, exits] of shape.flows) entry(this.#flows, place).set(output, new Set(exits))
    this.outputs = new Set(shape.flows.map(([, output]) => output))
  }

  edge(place: Place, edge: string): ShapeEdge | undefined {
    return this.#edges.get(place)?.get(edge)
  }

  /** The outputs that anything from there gets to. */
  outputsOf(place: Place): string[] {
    return [...(this.#flows.get(place)?.keys() ?? [])]
  }

  exits(place: Place, output: string): ReadonlySet<string> {
    return this.#flows.get(place)?.get(output) ?? NONE
  }

  /** Whether a commit from there has what leaves by an exit for an output. */
  sends(place: Place, output: string, exit: string): boolean {
    return exit === WRITTEN ? this.exits(place, output).has(exit) : this.edge(place, exit) !== undefined
  }

  /** The outputs that elements on this edge were on their way to. */
  outputsBehind(place: Place, edge: string): string[] {
    return this.outputsOf(place).filter((output) => this.exits(place, output).has(edge))
  }

  /** Whether whatever a plan has on its way arrives in this one as well. */
  takesOver(other: PlanView): boolean {
    return other.shape.edges.every(([place, edge, how, buckets]) => {
      const at = placeOf(place)
      const here = at && this.edge(at, edge)
      if (!at || !here || here.how !== how || here.buckets < buckets) return false
      return other.outputsBehind(at, edge).every((o) => !this.outputs.has(o) || this.exits(at, o).has(edge))
    })
  }
}

export function viewOf(plan: Plan): PlanView {
  const shaper = new Shaper(plan)
  return new PlanView(shaper.shape())
}

/** @returns undefined when it is no shape. */
export function parseShape(value: unknown): PlanView | undefined {
  if (typeof value !== 'object' || value === null || !('edges' in value) || !('flows' in value)) return undefined
  const { edges, flows } = value
  if (!Array.isArray(edges) || !Array.isArray(flows)) return undefined
  return edges.every(isEdge) && flows.every(isFlow) ? new PlanView({ edges, flows }) : undefined
}

function isEdge(value: unknown): value is PlanShape['edges'][number] {
  return Array.isArray(value) && value.slice(0, 3).every(isText) && typeof value[3] === 'number'
}

function isFlow(value: unknown): value is PlanShape['flows'][number] {
  return Array.isArray(value) && value.slice(0, 2).every(isText) && Array.isArray(value[2]) && value[2].every(isText)
}

const isText = (value: unknown): value is string => typeof value === 'string'

class Shaper {
  readonly #plan: Plan
  readonly #stages: ReadonlyMap<string, ShuffleStage>
  readonly #reached = new Map<string, ReadonlySet<string>>()

  constructor(plan: Plan) {
    this.#plan = plan
    this.#stages = new Map(plan.stages.map((stage) => [stage.id, stage]))
  }

  shape(): PlanShape {
    const edges: [string, string, string, number][] = []
    const flows: [string, string, string[]][] = []
    const add = (
      place: Place,
      { outputs, edges: leaving }: Pick<ShuffleStage, 'outputs' | 'edges'>,
      at?: ShuffleStage,
    ) => {
      const exits = new Map<string, string[]>()
      const leads = (exit: string) => (output: string) => exits.set(output, [...(exits.get(output) ?? []), exit])
      for (const { output } of outputs) leads(WRITTEN)(output.id)
      for (const { edge } of leaving) {
        edges.push([place, edge.id, this.#howOf(edge), edge.numPartitions])
        this.#reach(edge, at).forEach(leads(edge.id))
      }
      for (const [output, ways] of exits) flows.push([place, output, [...ways].sort()])
    }
    for (const [topic, program] of this.#plan.programs) {
      const stage = program.inPlace?.stage
      add(topicPlace(topic), program, stage)
      if (stage) add(passedPlace(topic), stage)
      // What tasks of the topic under its former name have sent arrives as well; what waits in their own logs does not.
      const formerly = program.sources.flatMap(({ source }) => source.formerly ?? [])[0]
      if (formerly !== undefined && !stage) add(topicPlace(formerly), program)
    }
    for (const stage of this.#plan.stages) add(stagePlace(stage.id), stage)
    return { edges: sorted(edges), flows: sorted(flows) }
  }

  /** How elements are spread, and at which times they are taken. */
  #howOf({ how, combine, slide }: Edge): string {
    const spread = combine ? `${how} combined` : how
    return slide === this.#plan.job.settings.batch ? spread : `${spread} every ${slide}`
  }

  /** The outputs that elements of an edge get to. */
  #reach(edge: Edge, inPlace?: ShuffleStage): ReadonlySet<string> {
    const stage = edge.to === IN_PLACE ? inPlace : this.#stages.get(edge.to)
    if (!stage) return NONE
    const known = edge.to === IN_PLACE ? undefined : this.#reached.get(edge.id)
    if (known) return known
    const behind = edgesBehind(stage)
    const fed = (slot: number): boolean => behind.get(slot)?.has(edge.id) ?? false
    const reached = new Set(stage.outputs.filter(({ slot }) => fed(slot)).map(({ output }) => output.id))
    for (const { edge: next, slot } of stage.edges) {
      if (fed(slot)) for (const output of this.#reach(next)) reached.add(output)
    }
    if (edge.to !== IN_PLACE) this.#reached.set(edge.id, reached)
    return reached
  }
}

/** By slot of a stage, the edges of which something gets there. */
function edgesBehind({ inputs, steps }: ShuffleStage): Map<number, Set<string>> {
  const behind = new Map(inputs.map(({ edge, slot }) => [slot, new Set([edge.id])]))
  for (const step of steps) {
    behind.set(step.slot, new Set(step.inputs.flatMap((slot) => [...(behind.get(slot) ?? [])])))
  }
  return behind
}

function sorted<T>(list: readonly T[]): T[] {
  return list
    .map((one) => [JSON.stringify(one), one] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, one]) => one)
}

function entry<V>(map: Map<string, Map<string, V>>, key: string): Map<string, V> {
  const known = map.get(key) ?? new Map<string, V>()
  map.set(key, known)
  return known
}
