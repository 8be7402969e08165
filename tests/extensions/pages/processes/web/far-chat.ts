import { expect } from 'vitest';
import { readEvents } from '../../../../../src/core/session/log/event-log.ts';
import { answerRead } from '../../../../support/as-parent.ts';
import type { Bench } from '../../../../support/bench.ts';
import { eventually } from '../../../../support/eventually.ts';

/** A client of either SDK. */
interface Caller {
  callTool(call: { name: string; arguments: Record<string, unknown> }): Promise<object>;
}

/** Calls a tool. @returns the JSON of its text */
// biome-ignore lint/suspicious/noExplicitAny: tests look into results of every tool
export async function call(client: Caller, name: string, args: Record<string, unknown>): Promise<any> {
  const result = await client.callTool({ name, arguments: args });
  const { content } = result as { content: [{ text: string }] };
  return JSON.parse(content[0].text);
}

export async function untilWaiting(client: Caller, session: string, waitsFor: string): Promise<void> {
  await eventually(async () => (await call(client, 'get_status', { session })).for === waitsFor);
}

/** Takes a session that asks through both gates, and checks that each act is recorded under the name of the token. */
export async function takeThroughGates(client: Caller, session: string, bench: Bench): Promise<void> {
  await answerRead((name, args) => call(client, name, args), { session, accept_suggestions: true });
  await untilWaiting(client, session, 'plan_approval');
  const { hash } = await call(client, 'read_plan', { session });
  await call(client, 'approve_plan', { session, hash });
  await call(client, 'stop_session', { session, when: 'now' });
  const events = await readEvents((await bench.view(session)).paths, 0);
  const acts = events.filter(({ type }) => type === 'answers_recorded' || type === 'plan_approved');
  expect(acts.map(({ type }) => type)).toEqual(['answers_recorded', 'plan_approved']);
  for (const act of acts) expect(act).toMatchObject({ by: { channel: 'tool', client: 'phone' } });
}
