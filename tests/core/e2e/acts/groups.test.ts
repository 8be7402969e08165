import { expect, test } from 'vitest';
import { listSessions } from '../../../../src/core/acts/reading/list-sessions.act.ts';
import { waitForAny } from '../../../../src/core/acts/reading/wait-for-change.act.ts';
import { sendCommand } from '../../../../src/core/caller/commands/send-command.ts';
import { typed } from '../../../app/unit/cli/typed.ts';
import { askTool } from '../../../app/unit/server/ask-tool.ts';
import { type Bench, makeBench } from '../../../support/bench.ts';
import { ci } from '../../../support/ci.ts';
import { eventually } from '../../../support/eventually.ts';
import { startSession } from '../../../support/start-session.ts';

const start = async ({ context }: Bench, name: string, more: object = {}) =>
  (await startSession({ task: 'Write it down', name, group: 'Tonight', ...more }, context)).view.folder;

const command = ({ repo, context }: Bench, ...argv: string[]) =>
  typed([...argv], {
    ...{ cwd: repo.path, home: repo.homeDir, env: repo.env },
    programs: context.programs,
  });

test(
  'the progress of a group is in one answer of each tool and command: which sessions are done, and what the others wait for',
  ci,
  async () => {
    await using bench = await makeBench({ lines: { MAX_PARALLEL: '4' } });
    const { context } = bench;
    const asked = await start(bench, 'asked');
    await start(bench, 'other', { group: 'other' });
    const attention = { sessions: [], group: 'tonight', until: 'attention', timeoutMs: 120_000 } as const;
    await waitForAny(attention, context);
    const done = await start(bench, 'quick', { acceptSuggestions: true, autoApprove: true });
    const wanted = { sessions: [done], until: 'done', timeoutMs: 120_000 } as const;
    await waitForAny(wanted, context);

    const waits = `${asked} waits for answers to its questions: Q1`;
    const group = 'tonight';
    const far = { summary: expect.stringContaining(`1 of 2 done. ${waits}`) };
    const result = await askTool('get_status', { group }, context);
    expect(result.json).toMatchObject({
      ...far,
      next: expect.stringContaining(`get_status (session: ${asked})`),
    });
    expect((await askTool('list_sessions', { group }, context)).json).toMatchObject(far);
    const until = await askTool('wait', { group, until: 'attention', timeout_s: 60 }, context);
    expect(until.json).toMatchObject({ ...far, session: asked });
    const status = await command(bench, 'status', '--group', group);
    expect(status.stdout).toMatch(new RegExp(`^1 of 2 done\\.\n${waits}`));
    const waited = await command(bench, 'wait', '--group', group);
    expect(waited).toMatchObject({ exitCode: 4, stdout: expect.stringContaining(`1 of 2 done.\n${waits}`) });
    const listed = await command(bench, 'list', '--group', group, '--json');
    expect(JSON.parse(listed.stdout).group_says).toEqual(['1 of 2 done.', expect.stringContaining(waits)]);

    // A busy machine leaves a command to its worker: status 75.
    expect([0, 75]).toContain((await command(bench, 'answer', asked, '--accept-suggestions')).exitCode);
    await eventually(async () => {
      const { status } = (await bench.view(asked)).state;
      return status.kind === 'waiting' && status.for === 'plan_approval';
    });
    expect([0, 75]).toContain((await command(bench, 'stop', asked)).exitCode);
    const over = { ...attention, until: 'done' } as const;
    const { groupSays } = await waitForAny(over, context);
    expect(groupSays).toEqual(['1 of 2 done.', expect.stringContaining(`${asked} is stopped`)]);
    const unknown = await command(bench, 'status', '--group', 'tomorrow');
    expect(unknown).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('The groups are: other, tonight.'),
    });
  },
);

test('sessions of a group are listed, awaited and stopped together, and no others', async () => {
  await using bench = await makeBench({ lines: { MAX_PARALLEL: '4' } });
  const { context } = bench;
  const quick = { acceptSuggestions: true, autoApprove: true };
  const group = [await start(bench, 'one', quick), await start(bench, 'two', quick)];
  const other = await start(bench, 'three', { group: 'other' });
  const { sessions } = await listSessions({ group: 'tonight' }, context);
  expect(sessions.map(({ folder }) => folder).sort()).toEqual([...group].sort());

  const question = { sessions: [], group: 'tonight', until: 'done', timeoutMs: 120_000 } as const;
  const ended = await waitForAny(question, context);
  expect(ended).toMatchObject({ changed: true, groupSays: ['2 of 2 done.'] });
  for (const folder of group) expect((await bench.view(folder)).state.status).toMatchObject({ kind: 'done' });
  const place = { repository: 'github.com/o/r', number: 1 };
  const opened = { url: 'https://github.com/o/r/pull/1', watched: true };
  const becomes = async (folder: string, state: 'open' | 'merged') => {
    const { paths } = await bench.view(folder);
    await sendCommand(paths, { kind: 'pull_request', ...place, change: { ...opened, state } }, context);
  };
  for (const folder of group) await becomes(folder, 'open');
  const merges = { ...question, until: 'merged', timeoutMs: 0 } as const;
  const [one = '', two = ''] = group;
  await becomes(one, 'merged');
  expect((await waitForAny(merges, context)).changed, 'one of two is merged').toBe(false);
  await becomes(two, 'merged');
  expect((await waitForAny(merges, context)).changed).toBe(true);
  // The worker that merged leaves after it has recorded that.
  await expect
    .poll(() => command(bench, 'stop', '--group', 'tonight'))
    .toMatchObject({ exitCode: 0, stdout: 'No session is running here.\n' });

  const four = await start(bench, 'four');
  const stopped = await command(bench, 'stop', '--group', 'tonight', '--now', '--json');
  expect(JSON.parse(stopped.stdout).sessions).toMatchObject([{ session: four, group: 'tonight' }]);
  expect((await bench.view(other)).state.status.kind).not.toBe('stopped');
  const all = await askTool('stop_session', { group: '*', when: 'now' }, context);
  expect(all.json.summary).toBe('One session is stopping.');
  const unknown = await askTool('wait', { group: 'tomorrow' }, context);
  expect(unknown.json).toMatchObject({
    code: 'group_not_found',
    message: expect.stringContaining('The groups are: other, tonight.'),
  });
  const both = await command(bench, 'stop', 'four', '--all');
  expect(both).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('Name one session') });
});
