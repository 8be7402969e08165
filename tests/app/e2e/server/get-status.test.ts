import { appendFile, rename, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { spentText } from '../../../../src/core/caller/facts/spent-text.ts';
import { ci } from '../../../support/ci.ts';
import { eventually } from '../../../support/eventually.ts';
import { endSession } from '../../../support/live-session.ts';
import { startRig } from '../../../support/session-rig.ts';
import { askTool } from '../../unit/server/ask-tool.ts';
import { makeServerRig } from '../../unit/server/server-rig.ts';

test(
  'a status shows the amounts spent if there is a limit, and messages that no agent has confirmed',
  ci,
  async () => {
    await using rig = await startRig({ at: 'asking', lines: { MAX_ITERATIONS: '50' } });
    const session = rig.file.folder;
    const before = (await askTool('get_status', { session }, rig.context('tool'))).json;
    expect(before).toMatchObject({
      spent: expect.stringMatching(/^\d+ tokens, 2 of 50 iterations$|^2 of 50 iterations$/),
    });
    expect(Object.keys(before)).not.toContain('messages');
    expect(Object.keys(before)).not.toContain('stalled');
    await askTool('send_message', { session, text: 'Mind the boats' }, rig.context('tool'));
    const after = (await askTool('get_status', { session }, rig.context('tool'))).json;
    expect(after.messages).toBe('1 for the next agent');
  },
);

test('an agent without output is shown as stalled until it prints again', async () => {
  await using rig = await startRig({
    scenario: { rules: [{ when: { iteration: 1 }, do: [{ act: 'hang' }] }] },
  });
  const { openIteration } = await rig.until((state) => state.openIteration !== undefined);
  const session = rig.file.folder;
  const context = rig.context('tool');
  const isStalled = async () => (await askTool('get_status', { session }, context)).json.stalled;
  expect(await isStalled()).toBeUndefined();
  const log = join(rig.paths.logs, openIteration?.log ?? '');
  await eventually(() => stat(log).catch(() => undefined));
  // Nothing more is written to the log, however slow the agent's first output is.
  await endSession({ paths: rig.paths, host: context.host }, rig.file.id);
  const { n, lease } = await rig.state();
  // After the agent's first output, however slow it is.
  const at = new Date(Date.now() + 30_000).toISOString();
  const notice = { v: 1, n: n + 1, at, lease, type: 'notice', code: 'stalled', text: 'It seems stalled.' };
  await appendFile(rig.paths.events, `${JSON.stringify(notice)}\n`);
  expect(await isStalled()).toBe(true);
  const later = new Date(Date.now() + 60_000);
  await utimes(log, later, later);
  expect(await isStalled()).toBeUndefined();
});

test('amounts spent are shown with their limits, and omitted if nothing was spent', async () => {
  await using rig = await startRig({ start: { task: 'x', run: false } });
  const view = await rig.view();
  const nothing = { usd: 0, tokens: 0, hours: 0, iterations: 0 };
  const spent = (usd: number, tokens: number) => ({ session: { ...nothing, usd, tokens }, phases: {} });
  const words = (usd: number, tokens: number, limits = {}) =>
    spentText({
      ...view,
      state: {
        ...view.state,
        cost: { usd },
        spent: spent(usd, tokens),
        raisedLimits: { session: limits, phases: {} },
      },
    });
  expect(words(0, 0)).toBe('');
  expect(words(1.2, 40_000)).toBe('$1.20, 40000 tokens');
  expect(words(1.2, 40_000, { usd: 5 })).toBe('40000 tokens, $1.20 of $5.00');
  const worked = { ...spent(0, 0), session: { ...nothing, iterations: 2 } };
  const raisedLimits = { session: { usd: 5 }, phases: {} };
  expect(spentText({ ...view, state: { ...view.state, spent: worked, raisedLimits } })).toBe(
    'cost not known (limit $5.00)',
  );
});

test('a session that no worker can ever start needs a person, and no command is written for it', async () => {
  await using serverRig = await makeServerRig();
  const { folder, events, rewrittenEvents, commands } = await serverRig.addSession('26-01-08-boat');
  await rename(events, rewrittenEvents);
  const ask = async (tool: string, args: object = {}) =>
    (await askTool(tool, { session: folder, ...args }, serverRig.context)).json;
  const next = expect.stringContaining('tell the user what problems says');
  expect(await ask('get_status')).toMatchObject({
    next,
    problems: [expect.stringContaining('events.jsonl')],
  });
  expect(await ask('wait', { until: 'attention', cursor: 2 })).toMatchObject({ changed: true, next });
  const lost = { code: 'session_lost', message: expect.stringContaining('events.jsonl') };
  expect(await ask('stop_session')).toMatchObject(lost);
  expect(await ask('resume_session')).toMatchObject(lost);
  await expect(stat(commands)).rejects.toMatchObject({ code: 'ENOENT' });
});
