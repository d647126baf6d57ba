// What deploying a source comes to, as data that the plugin makes into CloudFormation. Nothing of it is in a function's bundle.

/** A JSON value of CloudFormation. */
export type Plain = string | number | boolean | readonly Plain[] | { readonly [name: string]: Plain }

/** What the function's role must allow for its source. */
export interface Permission {
  readonly Effect: 'Allow'
  readonly Action: readonly string[]
  readonly Resource: Plain
  readonly Condition?: Plain
}
