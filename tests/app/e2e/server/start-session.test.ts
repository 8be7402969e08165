import { expect, test } from 'vitest';
import type { ActionContext } from '../../../../src/core/caller/context/context.ts';
import type { Form } from '../../../../src/core/caller/facts/form.ts';
import type { Ask, FormOutcome } from '../../../../src/core/faces/mcp/form.ts';
import { makeBench } from '../../../support/bench.ts';
import { ci } from '../../../support/ci.ts';
import { askTool } from '../../unit/server/ask-tool.ts';

test(
  'a call chooses provider, model, limits and fallback for its session alone, by phase too',
  ci,
  async () => {
    await using bench = await makeBench();
    const { json } = await askTool(
      'start_session',
      {
        task: 'Write it down',
        start: false,
        providers: '{"quality":"rehearsal"}',
        models: { planning: 'large' },
        model: 'small',
        fallback: 'rehearsal',
        limits: { usd: 2.5, tokens: 1000, hours: 1, iterations: 9 },
      },
      bench.context,
    );
    expect(json.sandbox).toBe(
      'none - agents can do what you can; home, git hooks and the run folder are not compared',
    );
    const { sessionFile } = await bench.view(String(json.session));
    expect(sessionFile?.settings).toMatchObject({
      providers: { quality: 'rehearsal' },
      model: 'small',
      models: { planning: 'large' },
      fallback: ['rehearsal'],
      limits: { session: { usd: 2.5, tokens: 1000, hours: 1, iterations: 9 }, phases: {} },
    });
  },
);

test('invalid choices are named, and nothing is started', async () => {
  await using bench = await makeBench();
  const cases: Array<[Record<string, unknown>, string, string]> = [
    [{ models: { plan: 'x' } }, 'bad_input', 'There is no phase \\"plan\\"'],
    [{ providers: { quality: 'clod' } }, 'setting_invalid', 'PROVIDER_QUALITY'],
    [{ fallback: 'clod' }, 'setting_invalid', 'FALLBACK'],
    [{ limits: { dollars: 3 } }, 'bad_input', 'limits'],
    [{ limits: { usd: -1 } }, 'bad_input', 'limits.usd'],
    [{ limits: { iterations: 1.5 } }, 'setting_invalid', 'MAX_ITERATIONS'],
    [{ sandbox: 'none' }, 'setting_invalid', 'guard, auto, off'],
  ];
  for (const [args, code, words] of cases) {
    const { json } = await askTool('start_session', { task: 'x', ...args }, bench.context);
    expect([args, json.code]).toEqual([args, code]);
    expect(JSON.stringify(json)).toContain(words);
  }
  const { json } = await askTool('list_sessions', {}, bench.context);
  expect(json.summary).toBe('There are no such sessions.');
});

const QUICK = { task: 'Name the boats\nand the harbours', quick: true, start: false };

const asModel = (context: ActionContext): ActionContext => ({ ...context, by: { channel: 'tool' } });

/** A client whose user chooses this in each form, and what it showed. */
function client(outcome: FormOutcome) {
  const shown: Form[] = [];
  const ask: Ask = async (form) => {
    shown.push(form);
    return outcome;
  };
  return { ask, shown, shownBy: 'a client 1.0' };
}

const filled = (way: string): FormOutcome => ({ kind: 'filled', filled: { way } });

test('a quick start is decided by the user in a form, with the task in it, and recorded as theirs', async () => {
  await using bench = await makeBench({ here: true });
  const { shown, ...form } = client(filled('quick'));
  const { json } = await askTool('start_session', QUICK, asModel(bench.context), form);
  expect(shown.map(({ message }) => message)).toEqual([
    'Start without questions and a plan?\nName the boats\nand the harbours',
  ]);
  const { state } = await bench.view(String(json.session));
  expect(state.progress.way).toBe('quick');
  expect(state.startedBy).toEqual({ channel: 'elicitation', client: 'a client 1.0' });
});

test('a user who wants to be asked gets a full session of the same call', async () => {
  await using bench = await makeBench({ here: true });
  const { json } = await askTool('start_session', QUICK, asModel(bench.context), client(filled('full')));
  const { state, sessionFile } = await bench.view(String(json.session));
  expect([state.progress.way, sessionFile?.way]).toEqual(['full', undefined]);
});

test.each([
  ['the form is left', client({ kind: 'unanswered' }), {}, 'quick_unanswered'],
  [
    'only a person may open gates, and a form is none',
    client(filled('quick')),
    { GATE_CHANNELS: 'person' },
    'channel_closed',
  ],
  [
    'the client has no forms, and the chat may open no gate',
    {},
    { GATE_CHANNELS: 'elicitation,cli' },
    'channel_closed',
  ],
  [
    'the client refuses forms, and the chat may open no gate',
    client({ kind: 'not_shown' }),
    { GATE_CHANNELS: 'elicitation,cli' },
    'channel_closed',
  ],
  [
    'the form says yes, and its plan is to be approved by a chat that may not',
    client(filled('quick')),
    { GATE_CHANNELS: 'elicitation,cli', with: { auto_approve: true } },
    'channel_closed',
  ],
] as const)(
  'no quick session is started where %s',
  async (_, form, { with: more = {}, ...lines }: Record<string, unknown> & { with?: object }, code) => {
    await using bench = await makeBench({ here: true, lines: lines as Record<string, string> });
    const { json } = await askTool('start_session', { ...QUICK, ...more }, asModel(bench.context), form);
    expect(json.code).toBe(code);
    const list = await askTool('list_sessions', {}, bench.context);
    expect(list.json.summary).toBe('There are no such sessions.');
  },
);

test('without forms, the choice is recorded as that of the model alone', async () => {
  await using bench = await makeBench({ here: true });
  const { json } = await askTool('start_session', QUICK, asModel(bench.context));
  const status = await askTool('get_status', { session: json.session }, bench.context);
  expect(status.json.gates).toBe('started without questions and a plan by the parent model alone');
});
