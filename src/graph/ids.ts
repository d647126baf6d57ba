// Who every operator of a job is: the id under which its state, and what is on its way to it, stands in the log (I5). Operators
// on records do not count, so they may come and go. Ids that the order of a definition would decide are refused where state
// hangs on them: swapping two lines must never exchange what two operators have kept.

import { InvalidOptionError } from '../errors/errors.ts'
import { ancestorIn, derivedId, isPartId, numbered, toldApart } from '../names/operators.ts'
import {
  type BatchNode,
  inputsOf,
  isBatchNode,
  isRecordNode,
  kindOf,
  type OperatorNode,
  type OutputNode,
  type StreamNode,
} from './nodes.ts'

export class OperatorIds {
  readonly #ids = new Map<StreamNode, string>()
  readonly #taken = new Set<string>()
  /** Nodes whose derived ids others share, or would but for their order. */
  readonly #ambiguous = new Map<StreamNode, readonly Operator[]>()
  readonly #consumers = new Map<StreamNode, Operator[]>()

  /**
   * @param job for messages.
   * @throws InvalidOptionError for two operators that would be one.
   */
  constructor(job: string, outputs: readonly OutputNode[]) {
    const operators = inOrder(outputs).filter(isOperator)
    this.#pin(job, operators)
    for (const operator of operators) {
      for (const input of operatorsBefore(operator)) {
        this.#consumers.set(input, [...(this.#consumers.get(input) ?? []), operator])
      }
    }
    const depths = new Map<StreamNode, number>()
    for (const node of operators) {
      const before = operatorsBefore(node).map((input) => depths.get(input) ?? 0)
      depths.set(node, 1 + Math.max(0, ...before))
    }
    // Operators that would have one id read the same ones, so they are at one depth.
    for (const level of groupBy(operators, (node) => depths.get(node) ?? 0).values()) {
      const derived = level.filter((node) => !this.#ids.has(node))
      for (const [base, alike] of groupBy(derived, (node) => this.#baseOf(node))) this.#derive(base, alike)
    }
  }

  /** @throws InvalidOptionError for operators with state that only their order tells apart. */
  check(job: string, outputs: readonly OutputNode[]): void {
    for (const node of inOrder(outputs)) if (isOperator(node)) this.#checkState(job, node)
  }

  /** What addresses an operator's state: the pinned id, or its kind and the operators and topics that it reads. */
  idOf(node: StreamNode): string {
    const known = this.#ids.get(node)
    if (known !== undefined) return known
    const id = this.#free(this.#baseOf(node)) // of operators on records, which keep nothing
    this.#ids.set(node, id)
    return id
  }

  /** Whether another order of definition would have given the operator another id. */
  isAmbiguous(node: StreamNode): boolean {
    return this.#ambiguous.has(node)
  }

  #pin(job: string, operators: readonly Operator[]): void {
    const names = new Map<string, Operator>()
    const pinned = operators.filter(isBatchNode)
    // Parts last: of two operators with one id their own names are told, not those of their parts.
    const isPart = ({ id }: BatchNode): number => Number(id !== undefined && isPartId(id))
    for (const node of pinned.sort((a, b) => isPart(a) - isPart(b))) {
      const { id, formerly } = node
      const effective = formerly ?? id
      if (effective === undefined) continue
      for (const name of new Set(id === undefined ? [effective] : [id, effective])) {
        const other = names.get(name)
        if (other) throw repeated(job, name, other, node)
        names.set(name, node)
      }
      this.#ids.set(node, effective)
      this.#taken.add(effective)
    }
  }

  #baseOf(node: StreamNode): string {
    return derivedId(
      kindOf(node),
      inputsOf(node).flatMap((input) => this.#ancestry(input)),
    )
  }

  #ancestry(node: StreamNode): string[] {
    if (node.kind !== 'operator') return node.source.feeds.map((feed) => node.source.formerly ?? feed)
    if (isRecordNode(node)) return node.inputs.flatMap((input) => this.#ancestry(input))
    return [this.idOf(node)]
  }

  /**
   * Ids of operators that would have one id: what pinned operators after them say, where they do, and their order for the rest.
   * It may decide where nothing is kept: what is on its way is told apart by what it is for (`names/edges.ts`).
   */
  #derive(base: string, alike: readonly Operator[]): void {
    const ambiguous = alike.length > 1 || this.#taken.has(base)
    const followers = alike.map((node) => this.#pinnedAfter(node))
    const own = alike.map((_, i) => {
      const elsewhere = new Set(followers.flatMap((some, j) => (i === j ? [] : some.map(({ name }) => name))))
      return followers[i]?.find(({ name }) => !elsewhere.has(name))
    })
    const several = own.filter((follower) => follower !== undefined).length > 1
    const named = alike.map((_, i) => {
      const former = followers[i]?.flatMap(({ formerly }) => formerly ?? []).map((id) => ancestorIn(id, base))
      const before = former?.find((id) => id !== undefined)
      const follower = own[i]
      return before ?? (follower && (several ? toldApart(base, follower.name) : base))
    })
    for (const first of [true, false]) {
      for (const [i, node] of alike.entries()) {
        const name = named[i]
        if ((name !== undefined) !== first) continue
        this.#ids.set(node, this.#free(name ?? base))
        if (ambiguous) this.#ambiguous.set(node, alike)
      }
    }
  }

  #free(base: string): string {
    for (let n = 1; ; n++) {
      const id = numbered(base, n)
      if (this.#taken.has(id)) continue
      this.#taken.add(id)
      return id
    }
  }

  /** The nearest pinned operators that get a node's elements, by name. */
  #pinnedAfter(node: StreamNode): { name: string; formerly: string | undefined }[] {
    const found = new Map<string, string | undefined>()
    const visit = (after: StreamNode): void => {
      for (const consumer of this.#consumers.get(after) ?? []) {
        const { id, formerly } = consumer
        const name = id ?? formerly
        if (name === undefined) visit(consumer)
        else found.set(name, formerly)
      }
    }
    visit(node)
    return Array.from(found, ([name, formerly]) => ({ name, formerly })).sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  #checkState(job: string, node: Operator): void {
    if (!isBatchNode(node) || !node.operator.state || (node.formerly ?? node.id) !== undefined) return
    const cause = this.#ambiguousIn(node)
    if (!cause) return
    const id = this.idOf(node)
    const alike = (this.#ambiguous.get(cause) ?? []).map((other) => this.idOf(other))
    const all =
      alike.length > 1 ? `${alike.slice(0, -1).join(', ')} and ${alike.at(-1)}` : `${alike[0]} and its namesake`
    const [what, state] = [node.operator.said, cause === node ? '' : ` ${id} keeps state behind them.`]
    throw new InvalidOptionError(
      `job '${job}': two of a kind on one input: give each an \`id\`. ${all} are told apart only by their order, and another order ` +
        `would exchange their state.${state} Write ${what}(…, { id: '…' }); where state is there already, ` +
        `{ id: '…', formerly: '${id}' } goes on with it.`,
    )
  }

  /** The operator itself, or one whose id is part of its own, that only the order tells apart from another. */
  #ambiguousIn(node: Operator): Operator | undefined {
    if (this.#ambiguous.has(node)) return node
    for (const before of operatorsBefore(node)) {
      if (isRecordNode(before) || (before.formerly ?? before.id) !== undefined) continue
      const found = this.#ambiguousIn(before)
      if (found) return found
    }
    return undefined
  }
}

/** What has an id that others depend on; a record operator that gathers streams starts a stage where those are in several. */
type Operator = OperatorNode

function isOperator(node: StreamNode): node is Operator {
  return isBatchNode(node) || (isRecordNode(node) && node.operator.gathers === true)
}

/** The nearest operators whose elements a node gets. A union hands on those of its inputs, and has a name of its own besides. */
function operatorsBefore(node: StreamNode): Operator[] {
  return inputsOf(node).flatMap((input) => {
    if (!isOperator(input)) return operatorsBefore(input)
    return isRecordNode(input) ? [input, ...operatorsBefore(input)] : [input]
  })
}

/** Every node once, after those that it reads, in the order of the outputs. */
function inOrder(outputs: readonly OutputNode[]): StreamNode[] {
  const seen = new Set<StreamNode>()
  const visit = (node: StreamNode): void => {
    if (seen.has(node)) return
    for (const input of inputsOf(node)) visit(input)
    seen.add(node)
  }
  for (const { input } of outputs) visit(input)
  return [...seen]
}

function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group) group.push(item)
    else groups.set(key, [item])
  }
  return groups
}

function repeated(job: string, name: string, one: Operator, other: Operator): InvalidOptionError {
  const [kind, otherKind] = [kindOf(one), kindOf(other)]
  const kinds = kind === otherKind ? `two operators ${kind}` : `${kind} and ${otherKind}`
  return new InvalidOptionError(
    `job '${job}': the id '${name}' stands at ${kinds}. State is kept by id, and they would take each other's: give each its own.`,
  )
}
