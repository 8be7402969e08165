import { expect, test } from 'vitest';
import { waitForAny } from '../../../../src/core/acts/reading/wait-for-change.act.ts';
import { sendCommand } from '../../../../src/core/caller/commands/send-command.ts';
import { cursorOf } from '../../../../src/core/caller/facts/cursor.ts';
import { typed } from '../../../app/unit/cli/typed.ts';
import { askTool } from '../../../app/unit/server/ask-tool.ts';
import { makeServerRig } from '../../../app/unit/server/server-rig.ts';
import { approveShown } from '../../../support/approve-shown.ts';
import { answerQa } from '../../../support/as-shown.ts';
import { type Bench, makeBench } from '../../../support/bench.ts';
import { ci } from '../../../support/ci.ts';
import { cursorFor } from '../../../support/cursor-for.ts';
import { type SessionRig, startRig } from '../../../support/session-rig.ts';
import { startSession } from '../../../support/start-session.ts';
import { ASKING, CREATED, PREPARED } from '../../unit/session/events.ts';

async function started(bench: Bench, name: string): Promise<{ folder: string; n: number }> {
  const { view } = await startSession({ task: 'Write it down', name }, bench.context);
  return { folder: view.folder, n: view.state.n };
}

async function waitsFor(bench: Bench, sessions: string[], cursor?: string) {
  return await waitForAny({ sessions, cursor, until: 'attention', timeoutMs: 60_000 }, bench.context);
}

test.concurrent(
  'of several sessions the one that needs a person is reported, then each of the others, and none twice',
  ci,
  async () => {
    await using bench = await makeBench({ here: true });
    const [one, two] = [await started(bench, 'one'), await started(bench, 'two')];
    const both = [one.folder, two.folder];
    const first = await waitsFor(bench, both, cursorFor({ [one.folder]: one.n, [two.folder]: two.n }));
    expect(first).toMatchObject({ changed: true, view: { state: { status: { kind: 'waiting' } } } });
    const second = await waitsFor(bench, both, first.cursor);
    expect(second.view.folder).not.toBe(first.view.folder);
    expect(second.changed).toBe(true);
    // Both wait for a person now and were reported: a further wait could not end.
    expect(await waitsFor(bench, both, second.cursor)).toMatchObject({ changed: true, happened: [] });
    const session = one.folder;
    await answerQa({ session, answers: [], acceptSuggestions: true }, bench.context);
    const third = await waitsFor(bench, both, second.cursor);
    expect(third.view).toMatchObject({ folder: session, state: { status: { for: 'plan_approval' } } });
    await approveShown(session, bench.context);
    const named = await waitsFor(bench, ['one', session]);
    expect(named.cursor, 'two names of the same session are one').toBe(cursorOf(named.view.state));
  },
);

test('short waits for several sessions miss no event of any of them', async () => {
  await using rig = await makeServerRig();
  const sessions = ['26-01-07-boats', '26-01-08-ships'];
  const notices = Array.from({ length: 3 }, () => ({ type: 'notice', code: 'x', text: 'Seen' }) as const);
  for (const session of sessions) await rig.addSession(session, [CREATED, PREPARED, ...notices, ASKING]);
  const reports: [string, number[]][] = [];
  let cursor = cursorFor(Object.fromEntries(sessions.map((name) => [name, 2])));
  // Each reports one session, and the last ones nothing.
  for (let call = 0; call < 4; call += 1) {
    const asked = { sessions, cursor, until: 'change', timeoutMs: 0 } as const;
    const result = await waitForAny(asked, rig.context);
    cursor = result.cursor;
    const seen = result.happened.map(({ n }) => n);
    if (seen.length > 0) reports.push([result.view.folder, seen]);
  }
  expect(reports.sort()).toEqual(sessions.map((name) => [name, [3, 4, 5, 6]]));
});

/** A stopped session, and what its worker records of its pull request. */
async function published() {
  const rig = await startRig({ at: 'asking', here: true });
  await rig.stop('now');
  await rig.until(({ status }) => status.kind === 'stopped');
  const place = { repository: 'github.com/fleet/boats', number: 17 };
  const url = `https://${place.repository}/pull/${place.number}`;
  const becomes = async (state: 'open' | 'merged' | 'closed', watched: boolean) => {
    const change = { url, state, watched };
    await sendCommand(rig.paths, { kind: 'pull_request', ...place, change }, rig.context());
  };
  return { rig, becomes };
}

async function waits(rig: SessionRig, ...words: string[]) {
  const { path: cwd, homeDir: home, env } = rig.repo;
  const { programs } = rig.context();
  return await typed(['wait', rig.paths.folder, '--until', 'merged', ...words], { cwd, home, env, programs });
}

test(
  'a wait until merged lasts while the pull request is open, and ends with a merge or without one',
  ci,
  async () => {
    const { rig, becomes } = await published();
    await using _ = rig;
    await becomes('open', true);
    const early = await waits(rig, '--timeout', '1');
    expect(early).toMatchObject({ exitCode: 1, stdout: 'That did not happen within 1 s.\n' });
    const waiting = waits(rig);
    await becomes('merged', true);
    expect(await waiting).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('merged #17') });
    await becomes('closed', true);
    expect(await waits(rig)).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('closed #17') });
  },
);

test('if no supervisor watches a pull request, a wait until it is merged returns at once, by the tool too', async () => {
  const { rig, becomes } = await published();
  await using _ = rig;
  expect((await waits(rig)).exitCode).toBe(1);
  await becomes('open', false);
  const asked = { session: rig.paths.folder, until: 'merged' };
  expect((await askTool('wait', asked, rig.context('tool'))).json).toMatchObject({
    changed: true,
    state: 'stopped',
    next: expect.stringContaining('resume_session'),
  });
});
