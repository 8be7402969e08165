import { expect, test } from 'vitest';
import { listSessions } from '../../../src/actions/reading/list-sessions.ts';
import { startSession } from '../../../src/actions/sessions/start-session.ts';
import { waitForAny } from '../../../src/actions/waiting/wait-for-change.ts';
import { type Bench, makeBench } from '../../actions/bench.ts';
import { typed } from '../../cli/typed.ts';
import { askTool } from '../../server/ask-tool.ts';

const start = async ({ context }: Bench, name: string, more: object = {}) =>
  (await startSession({ task: 'Write it down', name, group: 'Tonight', ...more }, context)).view.folder;

const command = ({ repo, context }: Bench, ...argv: string[]) =>
  typed([...argv], {
    ...{ cwd: repo.path, home: repo.homeDir, env: repo.env },
    programs: context.programs,
  });

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
  expect(ended.changed).toBe(true);
  for (const folder of group) expect((await bench.view(folder)).state.status).toMatchObject({ kind: 'done' });
  const none = await command(bench, 'stop', '--group', 'tonight');
  expect(none).toMatchObject({ exitCode: 0, stdout: 'No session runs here.\n' });

  const four = await start(bench, 'four');
  const stopped = await command(bench, 'stop', '--group', 'tonight', '--now', '--json');
  expect(JSON.parse(stopped.stdout).sessions).toMatchObject([{ session: four, group: 'tonight' }]);
  expect((await bench.view(other)).state.status.kind).not.toBe('stopped');
  const all = await askTool('stop_session', { group: '*', when: 'now' }, context);
  expect(all.json.summary).toBe('One session is told to stop.');
  const unknown = await askTool('wait', { group: 'tomorrow' }, context);
  expect(unknown.json).toMatchObject({
    code: 'group_not_found',
    message: expect.stringContaining('There are: other, tonight.'),
  });
  const both = await command(bench, 'stop', 'four', '--all');
  expect(both).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('Name one session') });
}, 300_000);
