import type { Tool as ListedTool } from '@modelcontextprotocol/server';
import * as z from 'zod';
import type { Tool } from './tool.ts';

/** The keywords of a field's schema that this program uses. */
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

export interface ObjectSchema {
  type: 'object';
  properties?: Record<string, FieldSchema> | undefined;
  required?: string[];
  [key: string]: unknown;
}

/** A tool's input schema without redundant keywords: a model pays for each of them. */
export function inputSchemaOf(tool: Pick<Tool, 'input'>): ObjectSchema {
  return schemaOf(tool.input, 'input');
}

/** A tool's output schema without descriptions. */
function outputSchemaOf(tool: Pick<Tool, 'output'>): ObjectSchema {
  return schemaOf(tool.output, 'output', (schema) => {
    delete schema.description;
  });
}

/** A tool's output schema with descriptions, for the documentation. */
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
      const fields = jsonSchema.properties ?? {};
      for (const [field, schema] of Object.entries(fields))
        if (Object(schema).deprecated) delete fields[field];
      // The error message of `bad_input` explains these bounds.
      for (const bound of ['minLength', 'minItems', 'maxItems'] as const) delete jsonSchema[bound];
      // The error for an unknown argument suggests the nearest name.
      if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
      delete jsonSchema.propertyNames;
      more(jsonSchema);
    },
  });
  // The type allows `true` as the schema of a property, which never occurs here.
  return schema as ObjectSchema;
}

/** Codex types its scripted calls by the output schema. Other clients ignore it or refuse a result that differs. */
const USES_OUTPUT_SCHEMA = 'codex-mcp-client';

/**
 * A tool as `tools/list` shows it, with its schemas as JSON. The title appears twice, because older clients read it from the annotations.
 * Models see neither.
 */
export function listedTool(tool: Tool, clientName = ''): ListedTool {
  const { name, title, description, annotations, isCore, searchHint } = tool;
  return {
    name,
    title,
    description,
    inputSchema: inputSchemaOf(tool) as ListedTool['inputSchema'],
    ...(clientName === USES_OUTPUT_SCHEMA && {
      outputSchema: outputSchemaOf(tool) as ListedTool['outputSchema'],
    }),
    annotations: { title, ...annotations },
    ...((isCore || searchHint) && {
      _meta: {
        ...(isCore && { 'anthropic/alwaysLoad': true }),
        ...(searchHint && { 'anthropic/searchHint': searchHint }),
      },
    }),
  };
}
