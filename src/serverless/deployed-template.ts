// The template of the stack as it is deployed, asked with the framework's own client: this package has none for CloudFormation.

import { realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { AwsProvider, CfnResource } from './framework.ts'

export type DeployedResources = Readonly<Record<string, Partial<CfnResource>>>

/**
 * What is deployed, by logical id.
 *
 * @returns an empty one when there is no such stack; why it cannot be told, as an error.
 */
export async function deployedResources(provider: AwsProvider): Promise<DeployedResources | Error> {
  try {
    const client = await provider.getCloudFormationClient()
    const Command = getTemplateCommand()
    const { TemplateBody } = await client.send(
      new Command({ StackName: provider.naming.getStackName(), TemplateStage: 'Original' }),
    )
    return JSON.parse(TemplateBody ?? '{}').Resources ?? {}
  } catch (error) {
    if (isNoStack(error)) return {}
    return error instanceof Error ? error : new Error(String(error))
  }
}

/** By CloudFormation's words: it says ValidationError of this and of much else (MiniStack puts the name in brackets). A role that does not exist is another matter. */
export function isNoStack(error: unknown): boolean {
  return error instanceof Error && /^Stack (with id \S+|\[\S+\]) does not exist/.test(error.message)
}

/** Found beside the program that runs: the framework's command line. */
function getTemplateCommand(): new (input: { readonly StackName: string; readonly TemplateStage: string }) => object {
  const program = createRequire(realpathSync(process.argv[1] ?? ''))
  return program('@aws-sdk/client-cloudformation').GetTemplateCommand
}
