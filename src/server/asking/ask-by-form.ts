import type { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { type ElicitResult, ElicitResultSchema } from '@modelcontextprotocol/sdk/types.js';
import type { Ask, Form } from '../calls/form.ts';
import type { Extra } from '../calls/on-request.ts';
import { longestWaitMs } from '../calls/wait-limits.ts';

/** The call's own answer must still reach the client in time. */
const LEFT_FOR_THE_ANSWER_MS = 5000;

/** How the user is asked during one call; undefined where the client has no forms. */
export function askByForm(server: Server, extra: Extra): Ask | undefined {
  if (!hasForms(server)) return undefined;
  const timeout = longestWaitMs(server.getClientVersion()?.name ?? '') - LEFT_FOR_THE_ANSWER_MS;
  return async (form) => {
    const request = { method: 'elicitation/create' as const, params: paramsOf(form) };
    try {
      return filledIn(
        await extra.sendRequest(request, ElicitResultSchema, { timeout, signal: extra.signal }),
        form,
      );
    } catch (error) {
      // A cancelled call is over; whatever else fails, the form was not answered.
      if (extra.signal.aborted) throw error;
      return undefined;
    }
  };
}

/** An empty capability predates the other modes and means `form`. */
function hasForms(server: Server): boolean {
  const elicitation = server.getClientCapabilities()?.elicitation;
  if (elicitation === undefined) return false;
  return elicitation.form !== undefined || Object.keys(elicitation).length === 0;
}

function paramsOf({ message, fields, required = [] }: Form) {
  const properties = Object.entries(fields).map(([name, { title, description, choices }]) => {
    const words = { type: 'string' as const, title, description };
    return [name, choices === undefined ? words : { ...words, enum: [...choices] }] as const;
  });
  const schema = { type: 'object' as const, properties: Object.fromEntries(properties) };
  return { message, requestedSchema: { ...schema, ...(required.length > 0 && { required: [...required] }) } };
}

/** Only what was asked for, and only texts: a client may send anything. */
function filledIn({ action, content }: ElicitResult, { fields, required = [] }: Form) {
  if (action !== 'accept') return undefined;
  const given = Object.keys(fields).flatMap((name) => {
    const value = content?.[name];
    const isText = typeof value === 'string' && value.trim() !== '';
    return isText ? [[name, value.trim()] as const] : [];
  });
  const answers: Readonly<Record<string, string>> = Object.fromEntries(given);
  return required.every((name) => name in answers) ? answers : undefined;
}
