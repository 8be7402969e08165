import { expect, test } from 'vitest';
import { finishSession } from '../../../support/as-shown.ts';
import { makeBench } from '../../../support/bench.ts';
import { ci } from '../../../support/ci.ts';
import { eventually } from '../../../support/eventually.ts';
import { startSession } from '../../../support/start-session.ts';
import { askTool } from '../../unit/server/ask-tool.ts';

test('sessions are listed by what they need, and those that need a person come first', ci, async () => {
  await using bench = await makeBench();
  const start = async (name: string, run: boolean) =>
    (await startSession({ task: 'Write it down', name, run }, bench.context)).view.folder;
  const [asking, away, resting] = [
    await start('asking', true),
    await start('away', false),
    await start('resting', false),
  ];
  await eventually(async () => (await bench.view(asking)).state.status.kind === 'waiting');
  await finishSession({ session: away, how: 'keep_branch', keep: [] }, bench.context);
  const list = async (state?: string) => {
    const { json } = await askTool('list_sessions', state ? { state } : {}, bench.context);
    return {
      summary: json.summary,
      names: ((json.sessions ?? []) as { session: string }[]).map(({ session }) => session),
    };
  };
  expect(await list()).toEqual({
    summary: expect.stringMatching(/^2 sessions; one needs the user\. Read at 20..-..-..T..:..Z\.$/),
    names: [asking, resting],
  });
  expect((await list('needs_human')).names).toEqual([asking]);
  expect((await list('waiting')).names).toEqual([asking]);
  expect((await list('stopped')).names).toEqual([resting]);
  expect((await list('archived')).names).toEqual([away]);
  expect(await list('running')).toEqual({ summary: 'There are no such sessions.', names: [] });
});
