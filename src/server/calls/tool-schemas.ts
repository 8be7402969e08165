import type { Tool as ListedTool } from '@modelcontextprotocol/sdk/types.js';
import * as z from 'zod';
import type { Tool } from './tool.ts';

/** As much of the schema of a field as we make use of. */
export interface FieldSchema {
  type?: string | readonly string[];
  description?: string;
  default?: unknown;
  enum?: readonly unknown[];
  const?: unknown;
  items?: FieldSchema;
  properties?: Record<string, FieldSchema>;
  additionalProperties?: FieldSchema | boolean;
  anyOf?: readonly FieldSchema[];
}

/** A JSON Schema of an object, as clients get it. */
export interface ObjectSchema {
  type: 'object';
  properties?: Record<string, FieldSchema> | undefined;
  required?: string[];
  [key: string]: unknown;
}

/** What a tool takes; a model pays for every word, so what says nothing is left out. */
export function inputSchemaOf(tool: Pick<Tool, 'input'>): ObjectSchema {
  return schemaOf(tool.input, 'input');
}

/** What a tool gives, without the words: the values say what they are. */
function outputSchemaOf(tool: Pick<Tool, 'output'>): ObjectSchema {
  return schemaOf(tool.output, 'output', (schema) => {
    delete schema.description;
  });
}

/** The same with what each field means: for people. */
export function describedOutputOf(tool: Pick<Tool, 'output'>): ObjectSchema {
  return schemaOf(tool.output, 'output');
}

type Schema = z.core.JSONSchema.BaseSchema;

function schemaOf(
  of: z.ZodObject,
  io: 'input' | 'output',
  more: (schema: Schema) => void = () => {},
): ObjectSchema {
  const { $schema: _, ...schema } = z.toJSONSchema(of, {
    io,
    override: ({ jsonSchema }) => {
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      if (['false', '0', '[]', '{}'].includes(JSON.stringify(jsonSchema.default))) delete jsonSchema.default;
      if ((jsonSchema.minimum ?? 2) <= 1) delete jsonSchema.minimum;
      // Whoever sends less or more is told so in words.
      for (const bound of ['minLength', 'minItems', 'maxItems'] as const) delete jsonSchema[bound];
      // What else is passed is refused with the nearest name, which says more than a schema could.
      if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
      delete jsonSchema.propertyNames;
      more(jsonSchema);
    },
  });
  // Its type allows `true` in the place of a property, which no schema of ours has.
  return schema as ObjectSchema;
}

/** Its scripts get the schema of results as the type of a call. Others ignore it, or refuse a result that differs. */
const TAKES_OUTPUT_SCHEMA = 'codex-mcp-client';

/**
 * A tool as `tools/list` shows it. The title stands twice: the protocol's place is the first, and older clients
 * look for it in the annotations. Models are shown neither.
 */
export function listedTool(tool: Tool, clientName = ''): ListedTool {
  const { name, title, description, annotations, isCore, searchHint } = tool;
  return {
    name,
    title,
    description,
    inputSchema: inputSchemaOf(tool),
    ...(clientName === TAKES_OUTPUT_SCHEMA && { outputSchema: outputSchemaOf(tool) }),
    annotations: { title, ...annotations },
    ...((isCore || searchHint) && {
      _meta: {
        ...(isCore && { 'anthropic/alwaysLoad': true }),
        ...(searchHint && { 'anthropic/searchHint': searchHint }),
      },
    }),
  };
}
