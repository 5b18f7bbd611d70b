/** The published JSON Schema of the document (docs/nearcast.schema.json, `nearcast check --schema`), made from document-schema.ts. Pure. */
import { z } from 'zod'
import { documentSchema } from './document-schema.ts'

type SchemaNode = {
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly items?: SchemaNode
  readonly anyOf?: readonly SchemaNode[]
  readonly additionalProperties?: SchemaNode | boolean
}

let made: SchemaNode | undefined

/** The JSON Schema (2020-12) of documents as they are written, keys with defaults optional. */
export function documentJsonSchema(): Readonly<Record<string, unknown>> {
  const schema = z.toJSONSchema(documentSchema, { io: 'input', target: 'draft-2020-12' }) as Record<string, unknown>
  return {
    $schema: schema.$schema,
    $id: 'https://nearcast.example/schema/nearcast-v1.json',
    title: 'nearcast document',
    description: 'Zones, endpoints, pools, lines and policies of nearcast (apiVersion nearcast/v1).',
    ...schema,
  }
}

/** Keys that an object at this path may have; list positions are numbers. Empty when anything may stand there. */
export function keysAtSchema(path: readonly (string | number)[]): readonly string[] {
  made ??= documentJsonSchema() as SchemaNode
  let node: SchemaNode | undefined = made
  for (const step of path) {
    node = objectIn(node)
    if (typeof step === 'number') node = node?.items
    else node = node?.properties?.[step] ?? (typeof node?.additionalProperties === 'object' ? node.additionalProperties : undefined)
  }
  return Object.keys(objectIn(node)?.properties ?? {})
}

function objectIn(node: SchemaNode | undefined): SchemaNode | undefined {
  return node?.anyOf?.find((choice) => choice.properties !== undefined) ?? node
}
