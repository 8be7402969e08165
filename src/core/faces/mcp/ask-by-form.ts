import { ProtocolError, SdkError } from '@modelcontextprotocol/server';
import * as z from 'zod';
import { type Form, type FormChoice, type FormField, OWN_WORDS } from '../../caller/facts/form.ts';
import type { Clock } from '../../kernel/clock.ts';
import { asJson } from './define-tool.ts';
import type { ChatClient, Exchange } from './exchange.ts';
import type { Ask, FormOutcome } from './form.ts';
import { ROUND_LIMIT_MS } from './pending-calls.ts';
import { waitLimitMs } from './wait-limits.ts';

/** Reserved so that the result of the call still reaches the client in time. */
const RESPONSE_RESERVE_MS = 10_000;

/**
 * Faster than a person can read and close a form. `claude -p` and `codex exec` declare support for forms but
 * refuse each one within a few milliseconds.
 */
const UNSEEN_MS = 300;

export interface Connection {
  /** Set once the client has refused a form although it declares support for forms. */
  hasNoForms?: true;
}

export const FormAnswered = z.object({
  action: z.enum(['accept', 'decline', 'cancel']),
  content: z.record(z.string(), z.unknown()).nullish(),
});

/** Asks the user during one call; undefined if the client has no forms. */
export function askByForm(
  connection: Connection,
  { client, signal, ask, asksBetweenRequests }: Exchange,
  { monotonic: now }: Pick<Clock, 'monotonic'>,
): Ask | undefined {
  if (ask === undefined || connection.hasNoForms || !declaresForms(client)) return undefined;
  // One deadline for the call, however many forms it shows.
  const longestMs = asksBetweenRequests ? ROUND_LIMIT_MS : waitLimitMs(client.name, Number.MAX_SAFE_INTEGER);
  const deadline = now() + longestMs - RESPONSE_RESERVE_MS;
  return async (form) => {
    const params = JSON.parse(asJson(formParams(form)));
    const sentAt = now();
    const timeoutMs = deadline - sentAt;
    if (timeoutMs <= 0) return { kind: 'unanswered' };
    const refused = (): FormOutcome => {
      if (now() - sentAt >= UNSEEN_MS) return { kind: 'unanswered' };
      connection.hasNoForms = true;
      return { kind: 'not_shown' };
    };
    try {
      const { data } = FormAnswered.safeParse(await ask({ method: 'elicitation/create', params }, timeoutMs));
      if (data === undefined) return { kind: 'unanswered' };
      return data.action === 'accept' ? filledIn(data, form) : refused();
    } catch (error) {
      const isOfClient = error instanceof ProtocolError || error instanceof SdkError;
      if (signal.aborted || !isOfClient) throw error;
      return refused();
    }
  };
}

/** An empty capability predates the other modes and means `form`. */
export function declaresForms({ capabilities: { elicitation } }: ChatClient): boolean {
  if (elicitation === undefined) return false;
  return elicitation.form !== undefined || Object.keys(elicitation).length === 0;
}

export function formParams({ message, fields, required = [] }: Form) {
  const properties = Object.entries(fields).map(([name, field]) => [name, propertyOf(field)] as const);
  const schema = { type: 'object' as const, properties: Object.fromEntries(properties) };
  return { message, requestedSchema: { ...schema, ...(required.length > 0 && { required: [...required] }) } };
}

/** Choices use `enumNames` of protocol version 2025-06-18, which newer clients accept too. */
function propertyOf(field: FormField) {
  const { title, description, default: filled } = field;
  const text = { type: 'string' as const, title, description, default: filled };
  const choices = choicesIn(field);
  if (choices === undefined) return text;
  return { ...text, enum: choices.map(({ value }) => value), enumNames: choices.map((each) => each.title) };
}

/** A text beside choices is written in the chat: Codex does not submit a form with an empty text field. */
function choicesIn({ choices, words }: FormField): readonly FormChoice[] | undefined {
  const shown = choices?.filter(({ isForTerminal }) => !isForTerminal);
  return words && shown ? [...shown, IN_CHAT] : shown;
}

const IN_CHAT: FormChoice = { value: OWN_WORDS, title: 'Something else: I will say it in the chat' };

/** Keeps only the requested fields, and only strings: a client may send anything. */
export function filledIn(
  { content }: z.output<typeof FormAnswered>,
  { fields, required = [] }: Form,
): FormOutcome {
  const given = Object.entries(fields).flatMap(([name, field]) => {
    const value = content?.[name];
    const text = typeof value === 'string' ? value.trim() : '';
    const choices = choicesIn(field);
    const chosen = choices === undefined ? text : choices.find((each) => each.value === text)?.value;
    return chosen ? [[name, chosen] as const] : [];
  });
  const filled = Object.fromEntries(given);
  return required.every((name) => name in filled) ? { kind: 'filled', filled } : { kind: 'unanswered' };
}
