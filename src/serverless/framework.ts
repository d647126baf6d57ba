// What the plugin uses of the Serverless Framework (osls 4), and nothing more. Its own types cover serverless.yml only, and
// what a service holds was written by a user, so values are `unknown` until they are checked.

/** A JSON value of CloudFormation: strings, numbers, lists, and objects such as `{ Ref: … }`. */
export type CfnValue = string | number | boolean | readonly CfnValue[] | { readonly [name: string]: CfnValue }

/** One resource of a CloudFormation template. */
export interface CfnResource {
  readonly Type: string
  readonly DependsOn?: readonly string[]
  readonly DeletionPolicy?: 'Retain' | 'RetainExceptOnCreate' | 'Delete'
  readonly UpdateReplacePolicy?: 'Retain' | 'Delete'
  readonly Properties: { readonly [name: string]: CfnValue }
}

/** One statement of an IAM policy. */
export interface IamStatement {
  readonly Effect: 'Allow'
  readonly Action: readonly string[]
  readonly Resource: CfnValue
  readonly Condition?: CfnValue
}

/** A function of the service, as far as the plugin reads and sets it. */
export interface FunctionConfig {
  handler?: string
  name?: string
  runtime?: string
  architecture?: string
  timeout?: number
  logRetentionInDays?: number
  environment?: Record<string, unknown>
  package?: { artifact?: string; [name: string]: unknown }
  /** Set when the function has provisioned concurrency: mappings go to the alias. */
  targetAlias?: { readonly name: string; readonly logicalId: string }
}

interface IamRole {
  readonly statements?: readonly unknown[]
  readonly [name: string]: unknown
}

/** `provider` of serverless.yml, and the template under construction. */
export interface ProviderConfig {
  readonly logRetentionInDays?: number
  readonly runtime?: string
  readonly architecture?: string
  readonly timeout?: number
  readonly environment?: Record<string, unknown>
  iam?: { role?: string | IamRole }
  /** The older places of the same. */
  readonly role?: unknown
  readonly iamRoleStatements?: readonly unknown[]
  readonly compiledCloudFormationTemplate: {
    Resources: Record<string, CfnResource>
    Outputs?: Record<string, CfnValue>
  }
}

/** As the AWS SDK has them. */
export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

/** The AWS provider of the framework. */
export interface AwsProvider {
  readonly naming: { getLambdaLogicalId(functionName: string): string; getStackName(): string }
  getStage(): string
  getRegion(): string
  /** Asks STS. */
  getAccountId(): Promise<string>
  /** Null for a role that is not of this stack. */
  resolveFunctionIamRoleResourceName(config: FunctionConfig): string | null
  getStackResources(): Promise<
    readonly {
      readonly LogicalResourceId?: string
      readonly PhysicalResourceId?: string
      readonly ResourceType?: string
    }[]
  >
  /** Its commands are those of the AWS SDK. */
  getCloudFormationClient(): Promise<{ send(command: object): Promise<{ readonly TemplateBody?: string }> }>
  /** Region, credentials and proxy, as the user has set them for the deployment. */
  getAwsSdkV3Config(): Promise<{ readonly credentials?: () => Promise<Credentials> }>
}

/** The framework, as it hands itself to plugins. */
export interface Serverless {
  readonly serviceDir: string
  readonly service: {
    readonly service: string
    readonly custom?: unknown
    readonly provider: ProviderConfig
    readonly functions: Record<string, FunctionConfig>
    /** CloudFormation of the user's own. */
    readonly resources?: { readonly Resources?: Readonly<Record<string, Partial<CfnResource>>> }
    /** Where a package to deploy is, if serverless.yml says. */
    readonly package?: { readonly path?: string }
  }
  /** serverless.yml with its variables filled in. */
  readonly configurationInput?: { readonly custom?: unknown; readonly functions?: object }
  /** The words of the command line. */
  readonly processedInput?: { readonly commands?: readonly string[] }
  readonly classes: { readonly Error: new (message: string, code: string) => Error }
  getProvider(name: 'aws'): AwsProvider
  extendConfiguration(path: readonly string[], value: unknown): void
}

/** What plugins may say to whoever deploys. */
export interface PluginUtils {
  readonly log: {
    warning(message: string): void
    notice(message: string): void
    info(message: string): void
    success(message: string): void
  }
}
