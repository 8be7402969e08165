import { randomInt } from 'node:crypto';
import { ProtocolError, SdkError } from '@modelcontextprotocol/server';
import { allProviders } from '../../agents/registry.ts';
import { chosenIn, type Filled, type Form } from '../../caller/facts/form.ts';
import type { Clock } from '../../kernel/clock.ts';
import { cut } from '../../kernel/text.ts';
import { asJson } from './define-tool.ts';
import type { ChatClient, Exchange } from './exchange.ts';
import type { Ask, FormOutcome } from './form.ts';
import { ROUND_LIMIT_MS } from './pending-calls.ts';
import { FormAnswered, filledIn, formParams, shownForm } from './shown-form.ts';
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
  /** Set once a person has seen one: a form that is closed at once is then a form that a person closed. */
  hasForms?: true;
}

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
  const show: Ask = async (form) => {
    const params = JSON.parse(asJson(formParams(form)));
    const sentAt = now();
    const timeoutMs = deadline - sentAt;
    if (timeoutMs <= 0) return { kind: 'unanswered' };
    const refused = (): FormOutcome => {
      if (now() - sentAt >= UNSEEN_MS) connection.hasForms = true;
      if (connection.hasForms) return { kind: 'unanswered' };
      connection.hasNoForms = true;
      return { kind: 'not_shown' };
    };
    try {
      const { data } = FormAnswered.safeParse(await ask({ method: 'elicitation/create', params }, timeoutMs));
      if (data === undefined) return { kind: 'unanswered' };
      if (data.action !== 'accept') return refused();
      connection.hasForms = true;
      return filledIn(data, form);
    } catch (error) {
      const isOfClient = error instanceof ProtocolError || error instanceof SdkError;
      if (signal.aborted || !isOfClient) throw error;
      return refused();
    }
  };
  return async (asked) => {
    const form = shownForm(asked);
    const outcome = await show(form);
    if (outcome.kind !== 'filled') return outcome;
    let { filled } = outcome;
    let isDecided = false;
    for (const { more, decidesNothing } of chosenIn(form, filled)) {
      const further = more && (await show(more));
      if (further?.kind === 'filled') filled = { ...filled, ...further.filled };
      isDecided ||= further ? further.kind === 'filled' : !decidesNothing;
    }
    const isMeant = !isDecided || choosesByArrows(client) || (await typesDigits(show, form, filled));
    return isMeant ? { kind: 'filled', filled } : { kind: 'unanswered' };
  };
}

/** Whether nothing that is typed for something else chooses in the forms of this client. */
export function choosesByArrows({ name }: ChatClient): boolean {
  return allProviders().some(({ client }) => client?.name === name && client.choosesByArrows);
}

/**
 * Codex chooses at j, k and digits, Enter sends the first choice, and other clients filter by what is typed. So what was chosen
 * there counts only if the person also types random digits.
 */
async function typesDigits(show: Ask, { fields }: Form, filled: Filled): Promise<boolean> {
  const digits = String(randomInt(1000, 10_000));
  const chosen = Object.entries(filled).map(([name, text]) => {
    const { title = name, choices } = fields[name] ?? {};
    return `${title}: ${cut(choices?.find(({ value }) => value === text)?.title ?? text, 200)}`;
  });
  const message = [`To send this, type ${digits}.`, ...chosen].join('\n');
  const outcome = await show({ message, fields: { digits: { title: `Type ${digits}` } } });
  return outcome.kind === 'filled' && outcome.filled.digits === digits;
}

/** An empty capability predates the other modes and means `form`. */
export function declaresForms({ capabilities: { elicitation } }: ChatClient): boolean {
  if (elicitation === undefined) return false;
  return elicitation.form !== undefined || Object.keys(elicitation).length === 0;
}
