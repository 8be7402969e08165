import { expect, test } from 'vitest';
import { waitForAny } from '../../../../src/core/acts/reading/wait-for-change.act.ts';
import { readEvents } from '../../../../src/core/session/log/event-log.ts';
import { approveShown } from '../../../support/approve-shown.ts';
import { answerQa } from '../../../support/as-shown.ts';
import { type Bench, makeBench } from '../../../support/bench.ts';
import { ci } from '../../../support/ci.ts';
import { startSession } from '../../../support/start-session.ts';

async function started(bench: Bench, name: string): Promise<{ session: string; cursor: number }> {
  const { view } = await startSession({ task: 'Write it down', name }, bench.context);
  return { session: view.folder, cursor: view.state.n };
}

async function waitsFor(bench: Bench, sessions: { session: string; cursor?: number }[], timeoutMs = 60_000) {
  return await waitForAny({ sessions, until: 'attention', timeoutMs }, bench.context);
}

test.concurrent(
  'of several sessions the one that needs a person is reported, then each of the others, and none twice',
  ci,
  async () => {
    await using bench = await makeBench({ here: true });
    const [one, two] = [await started(bench, 'one'), await started(bench, 'two')];
    const first = await waitsFor(bench, [one, two]);
    expect(first).toMatchObject({ changed: true, view: { state: { status: { kind: 'waiting' } } } });
    expect(Object.keys(first.cursors).sort()).toEqual([one.session, two.session].sort());
    const again = [one, two].map(({ session }) => ({ session, cursor: first.cursors[session] ?? -1 }));
    const second = await waitsFor(bench, again);
    expect(second.view.folder).not.toBe(first.view.folder);
    expect(second.changed).toBe(true);
    // Both wait for a person now and were reported: a further wait could not end.
    const known = [one, two].map(({ session }) => ({ session, cursor: second.cursors[session] ?? -1 }));
    expect(await waitsFor(bench, known)).toMatchObject({ changed: true, happened: [] });
    const { session } = one;
    await answerQa({ session, answers: [], acceptSuggestions: true }, bench.context);
    const third = await waitsFor(bench, known);
    expect(third.view).toMatchObject({ folder: session, state: { status: { for: 'plan_approval' } } });
    await approveShown(session, bench.context);
    const named = await waitsFor(bench, [{ session: 'one' }, { session }]);
    expect(Object.keys(named.cursors), 'two names of the same session are one').toEqual([session]);
  },
);

test.concurrent('short waits for several sessions miss no event of any of them', async () => {
  await using bench = await makeBench({ here: true, lines: { MAX_PARALLEL: '2' } });
  const start = async (name: string) =>
    (await startSession({ task: 'Write it down', name, acceptSuggestions: true }, bench.context)).view.folder;
  const names = [await start('one'), await start('two')];
  const reports: Record<string, number[]> = {};
  let cursors: Record<string, number> = Object.fromEntries(names.map((name) => [name, 0]));
  for (const rest = new Set<string>(); rest.size < 2; ) {
    const sessions = names.map((session) => ({ session, cursor: cursors[session] ?? 0 }));
    const result = await waitForAny({ sessions, until: 'change', timeoutMs: 300 }, bench.context);
    cursors = result.cursors;
    const { folder, state } = result.view;
    expect(state.status.kind).not.toBe('blocked');
    reports[folder] = [...(reports[folder] ?? []), ...result.happened.map(({ n }) => n)];
    if (state.status.kind === 'waiting') rest.add(folder);
  }
  for (const name of names) {
    const { state, paths } = await bench.view(name);
    const ends = (await readEvents(paths, 0)).filter(({ type }) => type === 'iteration_ended');
    expect(ends).toHaveLength(state.progress.totalIterations);
    expect(reports[name]).toEqual(expect.arrayContaining(ends.map(({ n }) => n)));
    expect(reports[name]).toEqual([...new Set(reports[name])].sort((a, b) => a - b));
  }
});
