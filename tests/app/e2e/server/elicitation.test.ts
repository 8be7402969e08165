import { appendFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import {
  type ClientCapabilities,
  ElicitRequestSchema,
  type ElicitResult,
} from '@modelcontextprotocol/sdk/types.js';
import type { ProtocolEra } from '@modelcontextprotocol/server';
import { describe, expect, test } from 'vitest';
import { buildServer, type ServerDeps } from '../../../../src/app/server/build-server.ts';
import type { ActionContext } from '../../../../src/core/caller/context/context.ts';
import { ci } from '../../../support/ci.ts';
import { eventually } from '../../../support/eventually.ts';
import { connectModern, ERAS } from '../../../support/modern-client.ts';
import { type RigPlan, type SessionRig, startRig } from '../../../support/session-rig.ts';
import { typedDigits } from '../../../support/type-digits.ts';

interface Asked {
  message: string;
  requestedSchema: {
    properties: Record<
      string,
      { title?: string; description?: string; enum?: string[]; enumNames?: string[] }
    >;
    required?: string[];
  };
}

interface Parent extends AsyncDisposable {
  /** The forms that were shown, less those for digits, which are typed. */
  asked: Asked[];
  client: { close(): Promise<void> };
  call(name: string, args?: Record<string, unknown>): Promise<Record<string, unknown>>;
}

type Person = (asked: Asked) => ElicitResult | Promise<ElicitResult>;

/** The SDK's own client and the samocode server, with or without a person who fills in forms. */
async function connected(era: ProtocolEra, rig: SessionRig, person?: Person): Promise<Parent> {
  const { by: _, ...actions }: ActionContext = rig.context();
  const deps = { version: '1', loadActions: async () => actions };
  const capabilities = person ? { elicitation: { form: {} } } : {};
  const asked: Asked[] = [];
  const answer = async ({ params }: { params: unknown }): Promise<ElicitResult> => {
    // Only forms are asked for.
    const form = params as Asked;
    const typed = typedDigits(form);
    if (typed) return typed;
    asked.push(form);
    return (await person?.(form)) ?? { action: 'cancel' };
  };
  const client =
    era === 'modern' ? await connectModern(deps, { capabilities }) : await connectLegacy(deps, capabilities);
  if (person && client instanceof LegacyClient) client.setRequestHandler(ElicitRequestSchema, answer);
  if (person && !(client instanceof LegacyClient)) client.setRequestHandler('elicitation/create', answer);
  return {
    asked,
    client,
    async call(name, args = {}) {
      const call = { name, arguments: { session: rig.file.folder, ...args } };
      const result = await client.callTool(call);
      const [first] = result.content as Array<{ text: string }>;
      return JSON.parse(first?.text ?? 'null');
    },
    async [Symbol.asyncDispose]() {
      await client.close();
    },
  };
}

async function connectLegacy(deps: ServerDeps, capabilities: ClientCapabilities): Promise<LegacyClient> {
  const { server } = buildServer(deps);
  const client = new LegacyClient({ name: 'test-client', version: '1' }, { capabilities });
  const [one, other] = InMemoryTransport.createLinkedPair();
  await Promise.all([server.connect(one), client.connect(other)]);
  return client;
}

async function planned(plan: RigPlan = {}): Promise<SessionRig> {
  const rig = await startRig({ at: 'planned', ...plan });
  await rig.untilWaiting('plan_approval');
  return rig;
}

/** Approves, and chooses the first option of everything else, which stands after the choice that decides nothing. */
const agreeable: Person = ({ requestedSchema }) => {
  const choices = Object.entries(requestedSchema.properties).flatMap(([name, field]) =>
    field.enum ? [[name, name === 'decision' ? 'approve' : (field.enum[1] ?? '')]] : [],
  );
  return { action: 'accept', content: Object.fromEntries(choices) };
};

/** Longer than a client takes that does not show the form. */
const READ_MS = 400;

async function afterReading(action: 'decline' | 'cancel'): Promise<ElicitResult> {
  await new Promise((resolve) => setTimeout(resolve, READ_MS));
  return { action };
}

const SILENT: Array<[string, Person]> = [
  ['declined', async () => await afterReading('decline')],
  ['cancelled', async () => await afterReading('cancel')],
  ['sent back empty', () => ({ action: 'accept', content: {} })],
  ['sent back with nonsense', () => ({ action: 'accept', content: { Q1: 7, decision: 'maybe' } })],
];

/** A modern client does not send a call again whose form failed. */
const FAILING: [string, Person] = [
  'answered with an error',
  () => {
    throw new Error('no screen');
  },
];

const REFUSING: Array<[string, Person]> = [
  ['declined', () => ({ action: 'decline' })],
  ['cancelled', () => ({ action: 'cancel' })],
];

describe.each(ERAS)('in the %s era', (era) => {
  const connect = async (rig: SessionRig, person?: Person) => await connected(era, rig, person);

  test.concurrent(
    'answers in a form open the gate, and the record names the client and the program that started the server',
    ci,
    async () => {
      await using rig = await startRig({ at: 'asking' });
      await using parent = await connect(rig, agreeable);
      const { status } = await rig.state();
      const ids = status.kind === 'waiting' ? status.openQuestions : [];
      const told = await parent.call('answer_qa');
      expect(told).toMatchObject({ summary: expect.stringContaining(`${ids[0]}: A`), next: 'wait' });
      expect(parent.asked).toHaveLength(1);
      expect(Object.keys(parent.asked[0]?.requestedSchema.properties ?? {})).toEqual(ids);
      const recorded = (await rig.events()).find(({ type }) => type === 'answers_recorded');
      const client = `test-client 1, started by ${await readlink(`/proc/${process.ppid}/exe`)}`.slice(0, 100);
      expect(recorded).toMatchObject({ by: { channel: 'elicitation', client }, open: [] });
    },
  );

  test.concurrent('a form that the user leaves without an answer records nothing, and the result says so', async () => {
    await using rig = await planned();
    const { hash } = await rig.readPlan();
    for (const [how, person] of SILENT) {
      await using parent = await connect(rig, person);
      const { summary } = await parent.call('approve_plan', { hash });
      expect([how, summary]).toEqual([
        how,
        'The user was asked in a form and did not answer. Nothing is recorded; the plan still waits for approval.',
      ]);
      expect(parent.asked).toHaveLength(1);
    }
    expect((await rig.state()).status.kind).toBe('waiting');
  });

  describe.each(era === 'legacy' ? [...REFUSING, FAILING] : REFUSING)(
    'a form that is %s before any person can have read it',
    (_how, person) => {
      test.concurrent('is tried once, and then the call itself decides, as the act of the model alone', async ({
        expect,
      }) => {
        await using rig = await startRig({ at: 'asking' });
        await using parent = await connect(rig, person);
        const { hash: seen } = await parent.call('read_qa');
        const answered = await parent.call('answer_qa', { hash: seen, accept_suggestions: true });
        expect(answered.summary).toMatch(/^Recorded as passed on by you alone: .* This client refuses forms/);
        await rig.untilWaiting('plan_approval');
        const { hash } = await rig.readPlan();
        const approved = await parent.call('approve_plan', { hash });
        expect(approved.summary).toMatch(/ is approved by the parent model alone \(test-client\)\.$/);
        expect(parent.asked).toHaveLength(1);
        const acts = (await rig.events()).filter(({ type }) => /answers_recorded|plan_approved/.test(type));
        expect(acts).toMatchObject([{ by: { channel: 'tool' } }, { by: { channel: 'tool' } }]);
      });
    },
  );

  test.concurrent('a no in a form sends the plan back with the text of a second form, or asks for it', async () => {
    await using rig = await planned();
    const no =
      (changes: string): Person =>
      ({ requestedSchema }): ElicitResult => {
        const isFirst = requestedSchema.properties.decision !== undefined;
        if (isFirst) return { action: 'accept', content: { decision: 'changes' } };
        return { action: 'accept', content: { changes } };
      };
    await using silent = await connect(rig, no(''));
    expect((await silent.call('approve_plan')).next).toContain('request_changes');
    expect((await rig.state()).status.kind).toBe('waiting');
    await using parent = await connect(rig, no('smaller steps'));
    expect(await parent.call('approve_plan')).toMatchObject({
      summary: expect.stringContaining('Changes to the plan are requested'),
    });
    expect(parent.asked).toHaveLength(2);
    const asked = (await rig.events()).find(({ type }) => type === 'changes_requested');
    expect(asked).toMatchObject({ by: { channel: 'elicitation' }, feedback: 'smaller steps' });
  });

  test.concurrent('a client that leaves in the middle of a form changes nothing', async () => {
    await using rig = await startRig({ at: 'asking' });
    const parent = await connect(rig, () => new Promise(() => {}));
    const call = parent.call('answer_qa').catch(() => 'gone');
    await eventually(async () => parent.asked.length === 1, { what: 'the form' });
    await parent.client.close();
    // The call of a modern client stays pending when it closes.
    if (era === 'legacy') expect(await call).toBe('gone');
    expect((await rig.state()).status.kind).toBe('waiting');
    expect((await rig.events()).some(({ type }) => type === 'answers_recorded')).toBe(false);
  });

  test.concurrent('a yes in a form approves only the plan that was shown', async () => {
    await using rig = await planned();
    await using parent = await connect(rig, agreeable);
    const { hash } = await rig.readPlan();
    expect(await parent.call('approve_plan')).toMatchObject({ next: 'wait' });
    expect(parent.asked[0]?.message).toContain(hash.slice(0, 12));
    const approved = (await rig.events()).find(({ type }) => type === 'plan_approved');
    expect(approved).toMatchObject({ by: { channel: 'elicitation' }, plan: { hash } });
  });

  test.concurrent('a plan that changes while the form is open is not approved', async () => {
    await using rig = await planned();
    await using parent = await connect(rig, async (form) => {
      await appendFile(join(rig.paths.sessionDir, (await rig.readPlan()).name), '\n## More\n\nAnd more.\n');
      return agreeable(form);
    });
    expect(await parent.call('approve_plan')).toMatchObject({ code: 'plan_changed' });
  });

  test.concurrent('a program that answers forms opens no gate where only persons do, and the refusal names who can', async () => {
    await using rig = await startRig({ at: 'asking', lines: { GATE_CHANNELS: 'person' }, sandbox: 'off' });
    await using forged = await connect(rig, agreeable);
    expect(await forged.call('answer_qa', { accept_suggestions: true })).toMatchObject({
      code: 'channel_closed',
      hint: expect.not.stringContaining('form'),
    });
    expect(forged.asked).toEqual([]);
    expect((await rig.events()).some(({ type }) => type === 'answers_recorded')).toBe(false);
  });
});

describe('in the legacy era; the modern one asks in another way, and decides alike', () => {
  const connect = async (rig: SessionRig, person?: Person) => await connected('legacy', rig, person);

  test.concurrent("an answer in the user's own words is given in the chat, and the next form offers it", async () => {
    await using rig = await startRig({ at: 'asking' });
    await using parent = await connect(rig, ({ requestedSchema }) => {
      const isSecond = requestedSchema.properties.Q1?.enum?.[1] === 'the harbour master';
      const Q1 = isSecond ? 'the harbour master' : 'own words';
      return { action: 'accept', content: { Q1, Q2: isSecond ? 'B' : 'own words', Q3: 'own words', x: 'y' } };
    });
    const first = await parent.call('answer_qa');
    expect(first).toMatchObject({
      summary: 'Nothing is recorded yet. The user will answer Q1, Q2, Q3 in the chat.',
      next: 'ask the user Q1, Q2, Q3; answer_qa',
    });
    expect((await rig.events()).some(({ type }) => type === 'answers_recorded')).toBe(false);
    const second = await parent.call('answer_qa', { answers: { Q1: 'the harbour master' } });
    expect(second.summary).toBe(
      'Recorded as given in a form: Q1: the harbour master; Q2: B. Still open: Q3. The user will answer Q3 in the chat.',
    );
  });

  test.concurrent('questions that are not answered in a form stay open, whatever the model passes on', async () => {
    await using rig = await startRig({ at: 'asking' });
    for (const [how, person] of SILENT) {
      await using parent = await connect(rig, person);
      const { summary } = await parent.call('answer_qa', { answers: { Q1: 'A' }, accept_suggestions: true });
      expect([how, summary]).toEqual([
        how,
        'The user was asked in a form and did not answer. Nothing is recorded; the questions are still open.',
      ]);
    }
    expect((await rig.events()).some(({ type }) => type === 'answers_recorded')).toBe(false);
  });

  test.concurrent('what the model passes on is shown and chosen again, and an answer in words opens a second form', async () => {
    await using rig = await startRig({ at: 'asking' });
    await using parent = await connect(rig, ({ requestedSchema }): ElicitResult => {
      const isSecond = requestedSchema.properties.Q1 === undefined;
      const said = requestedSchema.properties.Q2?.enum?.[1] ?? '';
      return { action: 'accept', content: isSecond ? { Q3: 'by hand' } : { Q1: 'B', Q2: said, Q3: 'write' } };
    });
    const answers = { Q1: 'A', Q2: 'as the harbour master says' };
    const { summary } = await parent.call('answer_qa', { answers, accept_suggestions: true });
    expect(summary).toBe('Recorded as given in a form: Q1: B; Q2: as the harbour master says; Q3: by hand.');
    const [{ requestedSchema } = expect.fail(), second] = parent.asked;
    const { Q1, Q2, Q3 } = requestedSchema.properties;
    expect(Q1).toMatchObject({ title: 'Q1', description: expect.stringContaining('You said: A') });
    expect(Q1?.enumNames?.[0]).toBe('◦ Not here: show it to me in the chat');
    expect(Q1?.enumNames?.[1]).toMatch(/^◦ You said: A\) /);
    expect(Q2?.enumNames?.[1]).toBe('◦ You said: as the harbour master says');
    expect(Q3?.enumNames?.[1]).toMatch(/^◦ You said: A\) .* \(suggested\)$/);
    expect(JSON.stringify(requestedSchema)).not.toContain('"default"');
    expect(requestedSchema.required).toEqual(['Q1', 'Q2', 'Q3']);
    expect(second?.requestedSchema).toEqual({
      ...{ type: 'object', required: ['Q3'] },
      properties: { Q3: { type: 'string', title: 'Your answer' } },
    });
    const recorded = (await rig.events()).find(({ type }) => type === 'answers_recorded');
    expect(recorded).toMatchObject({ by: { channel: 'elicitation' } });
  });

  test.concurrent('a form that a person closes at once, after they have seen one, lets no call of the model decide', async () => {
    await using rig = await planned();
    let forms = 0;
    await using parent = await connect(rig, () => {
      forms += 1;
      return forms === 1 ? { action: 'accept', content: { decision: 'read' } } : { action: 'cancel' };
    });
    const { hash } = await rig.readPlan();
    for (const says of ['wants to read the plan first', 'did not answer'])
      expect((await parent.call('approve_plan', { hash })).summary).toContain(says);
    expect((await rig.state()).status.kind).toBe('waiting');
  });

  test.concurrent('a person who does not decide now is not asked for a hash', async () => {
    await using rig = await planned();
    await using parent = await connect(rig, () => {
      return { action: 'accept', content: { decision: 'later' } };
    });
    expect(await parent.call('approve_plan')).toMatchObject({
      summary: expect.stringContaining('will decide later'),
    });
    expect((await rig.state()).status.kind).toBe('waiting');
  });

  test.concurrent('no form is shown if nothing waits, or if GATE_CHANNELS excludes forms', async () => {
    await using rig = await planned({ lines: { GATE_CHANNELS: 'tool,cli' } });
    await using parent = await connect(rig, agreeable);
    expect(await parent.call('approve_plan')).toMatchObject({ code: 'plan_hash_missing' });
    expect(await parent.call('answer_qa')).toMatchObject({ code: 'not_waiting' });
    const late = await parent.call('answer_qa', { answers: { Q1: 'B' } });
    expect(late).toMatchObject({ code: 'already_answered' });
    const { hash } = await rig.readPlan();
    expect(await parent.call('approve_plan', { hash })).toMatchObject({ next: 'wait' });
    expect(parent.asked).toEqual([]);
  });

  test.concurrent('forms that GATE_CHANNELS names beside person open the gates', async () => {
    await using rig = await planned({ lines: { GATE_CHANNELS: 'person,elicitation' } });
    await using parent = await connect(rig, agreeable);
    expect(await parent.call('approve_plan')).toMatchObject({ next: 'wait' });
  });
});
