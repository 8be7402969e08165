import type { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { type ElicitResult, ElicitResultSchema } from '@modelcontextprotocol/sdk/types.js';
import type { Clock } from '../../base/clock.ts';
import type { Ask, Form, FormField, FormOutcome } from '../calls/form.ts';
import type { Extra } from '../calls/on-request.ts';
import { waitLimitMs } from '../calls/wait-limits.ts';

/** The call's own answer must still reach the client in time. */
const LEFT_FOR_THE_ANSWER_MS = 10_000;

/**
 * Nobody reads and closes a form in this time. `claude -p` and `codex exec` say that they have forms, and refuse each
 * within a few milliseconds.
 */
const NOBODY_SAW_IT_MS = 300;

/** Whether the forms of one connection reach a person, as far as its client has shown. */
export interface Connection {
  server: Server;
  hasNoForms?: true;
}

/** How the user is asked during one call; undefined where the client has no forms. */
export function askByForm(
  connection: Connection,
  extra: Extra,
  { monotonic: now }: Pick<Clock, 'monotonic'>,
): Ask | undefined {
  const { server } = connection;
  if (connection.hasNoForms || !declaresForms(server)) return undefined;
  // Of the call, however many forms it shows.
  const longestMs = waitLimitMs(server.getClientVersion()?.name ?? '', Number.MAX_SAFE_INTEGER);
  const deadline = now() + longestMs - LEFT_FOR_THE_ANSWER_MS;
  return async (form) => {
    const request = { method: 'elicitation/create' as const, params: paramsOf(form) };
    const sentAt = now();
    const timeout = deadline - sentAt;
    if (timeout <= 0) return { kind: 'unanswered' };
    const refused = (): FormOutcome => {
      if (now() - sentAt >= NOBODY_SAW_IT_MS) return { kind: 'unanswered' };
      connection.hasNoForms = true;
      return { kind: 'not_shown' };
    };
    try {
      const options = { timeout, signal: extra.signal };
      const result = await extra.sendRequest(request, ElicitResultSchema, options);
      return result.action === 'accept' ? filledIn(result, form) : refused();
    } catch (error) {
      // A cancelled call is over; whatever else fails, the form was not answered.
      if (extra.signal.aborted) throw error;
      return refused();
    }
  };
}

/** An empty capability predates the other modes and means `form`. */
function declaresForms(server: Server): boolean {
  const elicitation = server.getClientCapabilities()?.elicitation;
  if (elicitation === undefined) return false;
  return elicitation.form !== undefined || Object.keys(elicitation).length === 0;
}

function paramsOf({ message, fields, required = [] }: Form) {
  const properties = Object.entries(fields).map(([name, field]) => [name, propertyOf(field)] as const);
  const schema = { type: 'object' as const, properties: Object.fromEntries(properties) };
  return { message, requestedSchema: { ...schema, ...(required.length > 0 && { required: [...required] }) } };
}

/** Titles of choices in the shape of 2025-06-18, which the newer clients read as well. */
function propertyOf({ choices, ...field }: FormField) {
  const text = { type: 'string' as const, ...field };
  if (choices === undefined) return text;
  const [values, titles] = [choices.map(({ value }) => value), choices.map(({ title }) => title)];
  return { ...text, enum: values, enumNames: titles };
}

/** Only what was asked for, and only texts: a client may send anything. */
function filledIn({ content }: ElicitResult, { fields, required = [] }: Form): FormOutcome {
  const given = Object.entries(fields).flatMap(([name, { choices }]) => {
    const value = content?.[name];
    const text = typeof value === 'string' ? value.trim() : '';
    const chosen = choices === undefined ? text : choices.find((each) => each.value === text)?.value;
    return chosen ? [[name, chosen] as const] : [];
  });
  const filled = Object.fromEntries(given);
  return required.every((name) => name in filled) ? { kind: 'filled', filled } : { kind: 'unanswered' };
}
