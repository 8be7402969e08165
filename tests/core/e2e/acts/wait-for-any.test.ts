import { expect, test } from 'vitest';
import { waitForAny } from '../../../../src/core/acts/reading/wait-for-change.act.ts';
import { cursorOf } from '../../../../src/core/caller/facts/cursor.ts';
import { readEvents } from '../../../../src/core/session/log/event-log.ts';
import { approveShown } from '../../../support/approve-shown.ts';
import { answerQa } from '../../../support/as-shown.ts';
import { type Bench, makeBench } from '../../../support/bench.ts';
import { ci } from '../../../support/ci.ts';
import { cursorFor } from '../../../support/cursor-for.ts';
import { startSession } from '../../../support/start-session.ts';

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

test.concurrent('short waits for several sessions miss no event of any of them', async () => {
  await using bench = await makeBench({ here: true, lines: { MAX_PARALLEL: '2' } });
  const start = async (name: string) =>
    (await startSession({ task: 'Write it down', name, acceptSuggestions: true }, bench.context)).view.folder;
  const names = [await start('one'), await start('two')];
  const reports: Record<string, number[]> = {};
  let cursor = cursorFor(Object.fromEntries(names.map((name) => [name, 0])));
  for (const rest = new Set<string>(); rest.size < 2; ) {
    const asked = { sessions: names, cursor, until: 'change', timeoutMs: 300 } as const;
    const result = await waitForAny(asked, bench.context);
    cursor = result.cursor;
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
