// Policies that refuse whoever comes without TLS. Clients of ours always come with it; this is for the others, and for those who ask
// whether it is so. https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html

import type { CfnResource, CfnValue } from './framework.ts'

const WITHOUT_TLS = { Bool: { 'aws:SecureTransport': 'false' } }

/** @param bucketId the bucket's logical id. */
export function bucketPolicy(bucketId: string): CfnResource {
  const arn = { 'Fn::GetAtt': [bucketId, 'Arn'] }
  return {
    Type: 'AWS::S3::BucketPolicy',
    Properties: {
      Bucket: { Ref: bucketId },
      PolicyDocument: denying('s3:*', [arn, { 'Fn::Sub': [`\${Bucket}/*`, { Bucket: arn }] }]),
    },
  }
}

/** @param queueIds logical ids; a queue has one policy, and one policy may be for several. */
export function queuePolicy(queueIds: readonly string[]): CfnResource {
  return {
    Type: 'AWS::SQS::QueuePolicy',
    Properties: {
      Queues: queueIds.map((id) => ({ Ref: id })),
      PolicyDocument: denying(
        'sqs:*',
        queueIds.map((id) => ({ 'Fn::GetAtt': [id, 'Arn'] })),
      ),
    },
  }
}

function denying(Action: string, Resource: CfnValue): CfnValue {
  const statement = {
    Sid: 'TlsOnly',
    Effect: 'Deny',
    Principal: '*',
    Action,
    Resource,
    Condition: WITHOUT_TLS,
  }
  return { Version: '2012-10-17', Statement: [statement] }
}
