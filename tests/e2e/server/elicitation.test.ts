import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { ElicitRequestSchema, type ElicitResult } from '@modelcontextprotocol/sdk/types.js';
import { expect, test } from 'vitest';
import type { ActionContext } from '../../../src/actions/acting/context.ts';
import { buildServer } from '../../../src/server/build-server.ts';
import { askingRig } from '../../support/asking-rig.ts';
import { eventually } from '../../support/eventually.ts';
import { type SessionRig, startRig } from '../../support/session-rig.ts';

interface Asked {
  message: string;
  requestedSchema: { properties: Record<string, { title?: string; enum?: string[] }>; required?: string[] };
}

interface Parent extends AsyncDisposable {
  /** The forms that were shown. */
  asked: Asked[];
  client: Client;
  call(name: string, args?: Record<string, unknown>): Promise<Record<string, unknown>>;
}

type Person = (asked: Asked) => ElicitResult | Promise<ElicitResult>;

/** The SDK's own client and our server, with somebody who fills in forms, or nobody. */
async function connected(rig: SessionRig, person?: Person): Promise<Parent> {
  const { by: _, ...actions }: ActionContext = rig.context();
  const server = buildServer({ version: '1', loadActions: async () => actions });
  const capabilities = person ? { elicitation: { form: {} } } : {};
  const client = new Client({ name: 'test-client', version: '1' }, { capabilities });
  const asked: Asked[] = [];
  if (person) {
    client.setRequestHandler(ElicitRequestSchema, async ({ params }) => {
      // Only forms are asked for.
      const form = params as unknown as Asked;
      asked.push(form);
      return await person(form);
    });
  }
  const [one, other] = InMemoryTransport.createLinkedPair();
  await Promise.all([server.connect(one), client.connect(other)]);
  return {
    asked,
    client,
    async call(name, args = {}) {
      const result = await client.callTool({ name, arguments: { session: rig.file.folder, ...args } });
      const [first] = result.content as Array<{ text: string }>;
      return JSON.parse(first?.text ?? 'null');
    },
    async [Symbol.asyncDispose]() {
      await client.close();
    },
  };
}

async function asking(): Promise<SessionRig> {
  const rig = await askingRig();
  await rig.untilWaiting('qa_answers');
  return rig;
}

async function planned(plan?: Parameters<typeof startRig>[0]): Promise<SessionRig> {
  const rig = await (plan === undefined ? askingRig() : startRig(plan));
  await rig.untilWaiting('qa_answers');
  await rig.answer();
  await rig.untilWaiting('plan_approval');
  return rig;
}

/** Chooses the first option of everything. */
const agreeable: Person = ({ requestedSchema }) => {
  const choices = Object.entries(requestedSchema.properties).flatMap(([name, field]) =>
    field.enum ? [[name, field.enum[0] ?? '']] : [],
  );
  return { action: 'accept', content: Object.fromEntries(choices) };
};

test.concurrent('answers of a form are the human’s own act, and open the gate', async () => {
  await using rig = await asking();
  await using parent = await connected(rig, agreeable);
  const { status } = await rig.state();
  const ids = status.kind === 'waiting' ? status.openQuestions : [];
  const told = await parent.call('answer_qa');
  expect(told).toMatchObject({ summary: expect.stringContaining(`${ids[0]}: A`), next: 'wait' });
  expect(parent.asked).toHaveLength(1);
  expect(Object.keys(parent.asked[0]?.requestedSchema.properties ?? {})).toEqual(
    ids.flatMap((id) => [id, `${id}_own_words`]),
  );
  const recorded = (await rig.events()).find(({ type }) => type === 'answers_recorded');
  expect(recorded).toMatchObject({ by: { channel: 'elicitation', client: 'test-client' }, open: [] });
});

test.concurrent('own words count before a choice, and what is left empty stays open', async () => {
  await using rig = await asking();
  await using parent = await connected(rig, ({ requestedSchema }) => {
    const [first = '', second = ''] = Object.keys(requestedSchema.properties);
    const choice = requestedSchema.properties[first]?.enum?.[1] ?? '';
    return { action: 'accept', content: { [first]: choice, [second]: 'as the harbour master says', x: 'y' } };
  });
  const { status } = await rig.state();
  const [id, ...rest] = status.kind === 'waiting' ? status.openQuestions : [];
  const told = await parent.call('answer_qa');
  expect(told.summary).toContain(`${id}: as the harbour master says`);
  expect(told.open ?? []).toEqual(rest);
});

const SILENT: Array<[string, Person]> = [
  ['declined', () => ({ action: 'decline' })],
  ['cancelled', () => ({ action: 'cancel' })],
  ['sent back empty', () => ({ action: 'accept', content: {} })],
  ['sent back with nonsense', () => ({ action: 'accept', content: { Q1: 7, decision: 'maybe' } })],
  [
    'answered by an error',
    () => {
      throw new Error('no screen');
    },
  ],
];

test.concurrent('a form that is not answered is as if there were none, however it ends', async () => {
  await using rig = await planned();
  await using without = await connected(rig);
  const plain = await without.call('approve_plan');
  expect(plain).toMatchObject({ code: 'plan_hash_missing' });
  for (const [how, person] of SILENT) {
    await using parent = await connected(rig, person);
    expect([how, await parent.call('approve_plan')]).toEqual([how, plain]);
    expect(parent.asked).toHaveLength(1);
  }
  expect((await rig.state()).status.kind).toBe('waiting');
});

test.concurrent('questions that are not answered in a form stay open, and the error is the usual one', async () => {
  await using rig = await asking();
  await using without = await connected(rig);
  const plain = await without.call('answer_qa');
  expect(plain).toMatchObject({ code: 'no_answer_given' });
  for (const [how, person] of SILENT) {
    await using parent = await connected(rig, person);
    expect([how, await parent.call('answer_qa')]).toEqual([how, plain]);
  }
  expect((await rig.events()).some(({ type }) => type === 'answers_recorded')).toBe(false);
});

test.concurrent('a yes in a form approves just the plan that was shown', async () => {
  await using rig = await planned();
  await using parent = await connected(rig, agreeable);
  const { hash } = await rig.readPlan();
  expect(await parent.call('approve_plan')).toMatchObject({ next: 'wait' });
  expect(parent.asked[0]?.message).toContain(hash.slice(0, 12));
  const approved = (await rig.events()).find(({ type }) => type === 'plan_approved');
  expect(approved).toMatchObject({ by: { channel: 'elicitation' }, plan: { hash } });
});

test.concurrent('what the human writes beside a yes is given to the next agent', async () => {
  await using rig = await planned();
  await using parent = await connected(rig, ({ requestedSchema }) => {
    const decision = requestedSchema.properties.decision?.enum?.[0] ?? '';
    return { action: 'accept', content: { decision, changes: 'mind the harbour' } };
  });
  expect(await parent.call('approve_plan')).toMatchObject({
    summary: expect.stringMatching(/approved\. The next agent/),
  });
  const told = (await rig.events()).map(({ type }) => type);
  expect(told.indexOf('message_kept')).toBeGreaterThan(-1);
  expect(told.indexOf('message_kept')).toBeLessThan(told.indexOf('plan_approved'));
});

test.concurrent('a plan that changes while the form is open is not approved', async () => {
  await using rig = await planned();
  const { appendFile } = await import('node:fs/promises');
  const { join } = await import('node:path');
  await using parent = await connected(rig, async (form) => {
    await appendFile(join(rig.paths.sessionDir, (await rig.readPlan()).name), '\n## More\n\nAnd more.\n');
    return agreeable(form);
  });
  expect(await parent.call('approve_plan')).toMatchObject({ code: 'plan_changed' });
});

test.concurrent('a no in a form sends the plan back with the words of the human, or asks for them', async () => {
  await using rig = await planned();
  const no =
    (changes: string): Person =>
    ({ requestedSchema }) => {
      const decision = requestedSchema.properties.decision?.enum?.[1] ?? '';
      return { action: 'accept', content: { decision, changes } };
    };
  await using silent = await connected(rig, no(''));
  expect((await silent.call('approve_plan')).next).toContain('request_changes');
  expect((await rig.state()).status.kind).toBe('waiting');
  await using parent = await connected(rig, no('smaller steps'));
  expect(await parent.call('approve_plan')).toMatchObject({
    summary: expect.stringContaining('their words were sent'),
  });
  const asked = (await rig.events()).find(({ type }) => type === 'changes_requested');
  expect(asked).toMatchObject({ by: { channel: 'elicitation' }, feedback: 'smaller steps' });
});

test.concurrent('a human who does not decide now is not asked for a hash', async () => {
  await using rig = await planned();
  await using parent = await connected(rig, ({ requestedSchema }) => {
    return { action: 'accept', content: { decision: requestedSchema.properties.decision?.enum?.[2] ?? '' } };
  });
  expect(await parent.call('approve_plan')).toMatchObject({
    summary: expect.stringContaining('has not decided'),
  });
  expect((await rig.state()).status.kind).toBe('waiting');
});

test.concurrent('no form is shown when the call says it all, nothing waits, or GATE_CHANNELS leaves forms out', async () => {
  await using rig = await planned({ lines: { GATE_CHANNELS: 'tool,cli' } });
  await using parent = await connected(rig, agreeable);
  expect(await parent.call('approve_plan')).toMatchObject({ code: 'plan_hash_missing' });
  expect(await parent.call('answer_qa')).toMatchObject({ code: 'not_waiting' });
  expect(await parent.call('answer_qa', { answers: { Q1: 'A' } })).toMatchObject({ code: 'not_waiting' });
  const { hash } = await rig.readPlan();
  expect(await parent.call('approve_plan', { hash })).toMatchObject({ next: 'wait' });
  expect(parent.asked).toEqual([]);
});

test.concurrent('a client that leaves in the middle of a form changes nothing', async () => {
  await using rig = await asking();
  const parent = await connected(rig, () => new Promise(() => {}));
  const call = parent.call('answer_qa').catch(() => 'gone');
  await eventually(async () => parent.asked.length === 1, { what: 'the form' });
  await parent.client.close();
  expect(await call).toBe('gone');
  expect((await rig.state()).status.kind).toBe('waiting');
  expect((await rig.events()).some(({ type }) => type === 'answers_recorded')).toBe(false);
});
