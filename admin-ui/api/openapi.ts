/** The API as an OpenAPI 3.1 document, made from the table of routes and the schemas of the contract: it cannot say anything else than the server does. */
import { OpenAPIRegistry, OpenApiGeneratorV31 } from '@asteasolutions/zod-to-openapi'
import { z } from 'zod'
import { problemSchema } from '../contract/problem.ts'
import { ROUTE_SCHEMAS } from '../contract/route-schemas.ts'
import { API_BASE, ROUTES, type RouteName } from '../contract/routes.ts'

/** Builds the document. */
export function buildOpenApi(version: string): unknown {
  const registry = new OpenAPIRegistry()
  registry.registerComponent('securitySchemes', 'session', { type: 'apiKey', in: 'cookie', name: 'nearcast_session' })
  registry.registerComponent('securitySchemes', 'bearer', { type: 'http', scheme: 'bearer' })
  for (const name of Object.keys(ROUTES) as RouteName[]) registry.registerPath(describeRoute(name))
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.0',
    info: {
      title: 'nearcast',
      version,
      description: 'Control API of nearcast. Failures are application/problem+json; match on `code`, which docs/errors.md explains.',
    },
    servers: [{ url: '/' }],
  })
}

type PathConfig = Parameters<OpenAPIRegistry['registerPath']>[0]

function describeRoute(name: RouteName): PathConfig {
  const { method, path, role, summary } = ROUTES[name]
  const { body, answer, query } = ROUTE_SCHEMAS[name]
  const params = [...path.matchAll(/:([a-z]+)/g)].map((match) => match[1]!)
  const json = (schema: unknown) => ({ 'application/json': { schema: schema as z.ZodType } })
  const problem = { description: 'a problem', content: { 'application/problem+json': { schema: problemSchema } } }
  const good =
    name === 'eventStream'
      ? { 200: { description: 'server-sent events', content: { 'text/event-stream': { schema: z.string() } } } }
      : answer === null
        ? { 204: { description: 'done' } }
        : { 200: { description: summary, content: json(answer) } }
  return {
    method: method.toLowerCase() as PathConfig['method'],
    path: API_BASE + path.replace(/:([a-z]+)/g, '{$1}'),
    operationId: name,
    summary,
    description: role === 'anyone' ? 'Open.' : role === 'signed-in' ? 'Needs a sign-in.' : `Needs the role ${role}.`,
    security: role === 'anyone' ? [] : [{ session: [] }, { bearer: [] }],
    request: {
      ...(params.length > 0 ? { params: z.object(Object.fromEntries(params.map((key) => [key, z.string()]))) } : {}),
      ...(query.length > 0
        ? {
            query: z.object(
              Object.fromEntries(query.map(({ name: key, help, required }) => [key, describeParameter(help, required === true)])),
            ),
          }
        : {}),
      ...(body === null ? {} : { body: { required: true, content: json(body) } }),
    },
    responses: { ...good, default: problem },
  }
}

function describeParameter(help: string, required: boolean): z.ZodType {
  const schema = z.string().meta({ description: help })
  return required ? schema : schema.optional()
}
