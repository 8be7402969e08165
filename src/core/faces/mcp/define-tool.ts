import type { CallToolResult } from '@modelcontextprotocol/server';
import type * as z from 'zod';
import type { Elsewhere } from '../../caller/context/context.ts';
import { refuseFromInside } from '../../caller/context/refuse-from-inside.ts';
import { ACTION_ERRORS } from '../../caller/errors/action-errors.ts';
import { hintForModel, nextCalls } from '../../caller/facts/step-texts.ts';
import { isSamocodeError, type SamocodeError, systemErrorCode } from '../../kernel/errors.ts';
import { refusedFile } from '../../kernel/files/refused-file.ts';
import { parseJson } from '../../kernel/parse-json.ts';
import { camelCase, visibleControls } from '../../kernel/text.ts';
import { argumentHint, argumentProblems } from './argument-problems.ts';
import { SERVER_ERRORS } from './server-errors.ts';
import type { Tool, ToolContext, ToolResult } from './tool.ts';
import { type FieldSchema, inputSchemaOf, type ObjectSchema } from './tool-schemas.ts';

interface ToolDefinition<Shape extends z.ZodRawShape, Output extends z.ZodObject>
  extends Omit<Tool, 'input' | 'output' | 'handle'> {
  input: z.ZodObject<Shape>;
  output: Output;
  handle(input: CamelKeys<z.output<z.ZodObject<Shape>>>, context: ToolContext): Promise<ToolResult>;
}

/** Clients and models write `project_dir`, as MCP tools do; the code uses `projectDir`. */
export type CamelKeys<Input> = { [Key in keyof Input as CamelCase<Key>]: Input[Key] };
type CamelCase<Key> = Key extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Key;

/** Defines a tool; its handler receives only validated input. */
export function defineTool<Shape extends z.ZodRawShape, Output extends z.ZodObject>(
  definition: ToolDefinition<Shape, Output>,
): Tool & { output: Output } {
  const { handle } = definition;
  // Not copied: an input schema that names the providers is made at its first use.
  return Object.assign(definition, {
    handle: async (args: unknown, context: ToolContext) =>
      await handle(checkInput(definition, args), context),
  }) as Tool & { output: Output };
}

/**
 * Runs a tool. Inside a session, tools that write are refused before anything else. Only this function turns a thrown
 * error into a result: `isError` with one JSON text of code, message and hint. A command that is not done yet is
 * not an error. The text of every result is the JSON of its structuredContent, because some clients show a model only
 * one of the two.
 */
export async function callTool(tool: Tool, args: unknown, context: ToolContext): Promise<CallToolResult> {
  const result = await answerOf(tool, args, context);
  // Every test that calls a tool checks the documented output schema; release builds skip it.
  if (__STRICT__ && result.structuredContent) tool.output.parse(result.structuredContent);
  return result;
}

async function answerOf(tool: Tool, args: unknown, context: ToolContext): Promise<CallToolResult> {
  let project: string | undefined;
  const elsewhere: Elsewhere = {
    reached(projectDir) {
      project = projectDir;
    },
  };
  try {
    if (!tool.annotations.readOnlyHint) await refuseFromInside(context.actions);
    const result = await tool.handle(args, { ...context, actions: { ...context.actions, elsewhere } });
    return toolResult(project === undefined ? result : { ...result, in_project: project });
  } catch (error) {
    // The protocol layer drops the answer to a cancelled call.
    if (context.signal.aborted) throw error;
    if (ACTION_ERRORS.pending.is(error)) {
      const { what, why, next, args: pending } = error;
      // A few tools have no field for it.
      const state = 'state' in tool.output.shape ? pending.state : undefined;
      return toolResult({ summary: `${what} ${why}`, next, session: pending.session, state, pending: true });
    }
    return errorResult(errorOf(error));
  }
}

export function errorResult(error: SamocodeError): CallToolResult {
  return { isError: true, content: [{ type: 'text', text: asJson(errorObject(error)) }] };
}

export function toolResult({ summary, next = [], ...fields }: ToolResult): CallToolResult {
  const text = asJson(withoutEmpty({ summary, next: nextCalls(next), ...fields }));
  return { content: [{ type: 'text', text }], structuredContent: JSON.parse(text) };
}

/**
 * Serializes a result, with hidden characters as escapes and without lone surrogates, which truncation can leave behind:
 * some model APIs refuse a whole request because of one.
 */
export function asJson(result: object): string {
  return JSON.stringify(result, (_, value: unknown) =>
    typeof value === 'string' ? visibleControls(value.replace(/\p{Surrogate}/gu, '')) : value,
  );
}

function checkInput<Shape extends z.ZodRawShape>(
  tool: Pick<ToolDefinition<Shape, z.ZodObject>, 'name' | 'input'>,
  args: unknown,
): CamelKeys<z.output<z.ZodObject<Shape>>> {
  const schema = inputSchemaOf(tool);
  const given = coerceArguments(schema, args ?? {});
  const parsed = tool.input.safeParse(given);
  if (parsed.success) return camelKeys(parsed.data);
  const { issues } = parsed.error;
  const problems = argumentProblems(issues, { schema, args: given });
  throw SERVER_ERRORS.bad_input({ tool: tool.name, problems, hint: argumentHint(issues, schema) });
}

export function camelKeys<Input extends object>(input: Input): CamelKeys<Input> {
  const entries = Object.entries(input).map(([key, value]) => [camelCase(key), value]);
  // The type mirrors the key conversion above.
  return Object.fromEntries(entries) as CamelKeys<Input>;
}

function errorOf(thrown: unknown): SamocodeError {
  // Another version was installed over this one, so modules not loaded yet are gone.
  if (/^(?:ERR_)?MODULE_NOT_FOUND$/.test(systemErrorCode(thrown) ?? ''))
    return SERVER_ERRORS.program_replaced(undefined, { cause: thrown });
  const known = refusedFile(thrown) ?? thrown;
  if (isSamocodeError(known)) return known;
  process.stderr.write(`${thrown instanceof Error ? thrown.stack : String(thrown)}\n`);
  return SERVER_ERRORS.internal();
}

export function errorObject(error: SamocodeError) {
  return { code: error.code, message: `${error.what} ${error.why}`, hint: hintForModel(error) };
}

function withoutEmpty(result: object): object {
  const isEmpty = (value: unknown) =>
    value === undefined || value === '' || (Array.isArray(value) && value.length === 0);
  return Object.fromEntries(Object.entries(result).filter(([, value]) => !isEmpty(value)));
}

/**
 * Repairs common mistakes of models: "5" for 5, "true" for true, an object or list as
 * its JSON text, null for an omitted argument. Validation handles everything else.
 */
export function coerceArguments(
  { properties = {} }: Partial<Pick<ObjectSchema, 'properties'>>,
  args: unknown,
): unknown {
  if (typeof args !== 'object' || args === null || Array.isArray(args)) return args;
  const entries = Object.entries(args)
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([key, value]) => [key, coerce(value, properties[key] ?? properties.options?.properties?.[key])]);
  return Object.fromEntries(entries);
}

function coerce(value: unknown, { type, properties }: Partial<FieldSchema> = {}): unknown {
  if (typeof value !== 'string') return properties ? coerceArguments({ properties }, value) : value;
  const text = value.trim();
  switch (type) {
    case 'integer':
    case 'number':
      return /^-?\d{1,15}(?:\.\d{1,9})?$/.test(text) ? Number(text) : value;
    case 'boolean':
      return /^true$/i.test(text) ? true : /^false$/i.test(text) ? false : value;
    case 'array':
      return parseJson(text) ?? value;
    case 'object':
      return coerceArguments({ ...(properties && { properties }) }, parseJson(text) ?? value);
    default:
      return value;
  }
}
