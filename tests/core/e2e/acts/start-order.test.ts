import { afterAll, beforeAll, expect, test } from 'vitest';
import { sessionFolders } from '../../../../src/core/session/folder/session-list.ts';
import { viewFacts } from '../../../../src/core/session/words/facts.ts';
import { typed } from '../../../app/unit/cli/typed.ts';
import { askTool } from '../../../app/unit/server/ask-tool.ts';
import { type Bench, makeBench } from '../../../support/bench.ts';
import { ci } from '../../../support/ci.ts';
import { projectOf, writeProject } from '../../../support/project.ts';
import { type Start, startSession } from '../../../support/start-session.ts';
import { makeRepo } from '../../../support/temp-repo.ts';

const command = ({ repo, context }: Bench, ...argv: string[]) =>
  typed([...argv], {
    ...{ cwd: repo.path, home: repo.homeDir, env: repo.env },
    programs: context.programs,
  });

const start = async ({ context }: Bench, name: string, more: Partial<Start> = {}) =>
  (await startSession({ task: 'Write it down', name, ...more }, context)).view;

const PAST = { task: 'x', at: '2020-01-01T00:00' };

/** A refusal changes nothing, so all rows share one project. */
let bench: Bench;
beforeAll(async () => {
  bench = await makeBench({ here: true });
  await start(bench, 'boats', { group: 'tonight' });
  await start(bench, 'flags', { after: 'tonight' });
});
afterAll(() => bench[Symbol.asyncDispose]());

test.each<[string, Start, object]>([
  ['an unknown session', { task: 'x', after: 'boots' }, { code: 'session_not_found' }],
  ['an unknown session to be merged', { task: 'x', afterMerge: 'tonight' }, { code: 'session_not_found' }],
  ['a time that is none', { task: 'x', at: 'soon' }, { code: 'bad_start_time' }],
  ['a time that has passed', PAST, { code: 'bad_start_time', why: expect.stringContaining('has passed') }],
  ['its own group', { task: 'x', group: 'tonight', after: 'tonight' }, { code: 'start_circle' }],
  [
    'a session that waits for its group',
    { task: 'x', group: 'tonight', after: 'flags' },
    {
      code: 'start_circle',
      why: expect.stringMatching(/: this session → .*flags → group tonight → this session\.$/),
    },
  ],
  [
    'a base that nobody makes',
    { task: 'x', after: 'flags', base: 'samocode/fleet' },
    { code: 'base_not_found' },
  ],
  ['a folder that is continued', { from: 'x', after: 'flags' }, { code: 'from_excludes' }],
])('a start after %s is refused, and nothing is created', ci, async (_name, input, refusal) => {
  const begun =
    'from' in input ? askTool('start_session', { from: 'x', after: 'flags' }, bench.context) : undefined;
  if (begun !== undefined) expect((await begun).json).toMatchObject(refusal);
  else await expect(startSession(input, bench.context)).rejects.toMatchObject(refusal);
  expect(await sessionFolders(bench.sessionsDir)).toHaveLength(2);
});

test('a session of another project is refused, and the project is named', async () => {
  await using bench = await makeBench({ here: true });
  const { homeDir, env, path } = bench.repo;
  const repo = await makeRepo();
  await using _repo = repo;
  const other = await projectOf({ ...repo, homeDir, env });
  await writeProject(other, { PROVIDER: 'rehearsal', SANDBOX: 'off' });
  const { folder } = await start(bench, 'boats');
  await expect(startSession({ task: 'x', after: 'boats' }, other.context)).rejects.toMatchObject({
    code: 'other_sessions',
    why: expect.stringContaining(`${folder} belongs to another project, ${path}`),
  });
});

test('tool and command start a session later, say when, and a resume starts it at once', async () => {
  await using bench = await makeBench({ here: true, lines: { MAX_PARALLEL: '4' } });
  const boats = await start(bench, 'boats');
  const tool = await askTool(
    'start_session',
    { task: 'Sew', name: 'sails', after: 'boats', at: '2099-12-01T07:00Z' },
    bench.context,
  );
  const when = `starts after ${boats.folder} and at 2099-12-01 `;
  expect(tool.json).toMatchObject({ state: 'queued', summary: expect.stringContaining(when) });
  const stacked = await command(
    bench,
    'start',
    '--task',
    'Hoist',
    '--name',
    'flags',
    '--after-merge',
    'sails',
    '--base',
    'samocode/sails',
  );
  expect(stacked).toMatchObject({
    exitCode: 0,
    stdout: expect.stringMatching(/flags starts after the merge of .*sails; you can close/),
  });
  expect((await command(bench, 'status', 'sails')).stdout).toContain(when);
  const passed = await command(bench, 'start', '--task', 'x', '--at', PAST.at);
  expect(passed).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('has passed: it is') });
  expect(await command(bench, 'resume', 'sails')).toMatchObject({ exitCode: 0 });
  const { folder } = await bench.view(`${boats.folder.slice(0, 'yy-mm-dd-'.length)}sails`);
  await expect.poll(async () => viewFacts(await bench.view(folder)).worktree).toBeDefined();
});

test('a session that is to wait for a usage limit begins at once where none is known, and says so', async () => {
  await using bench = await makeBench({ here: true });
  const { view, warnings } = await startSession({ task: 'x', at: 'limit' }, bench.context);
  expect(view.state.worktree).toBeDefined();
  expect(warnings).toContain(
    'No usage limit of rehearsal is known on this machine, so the session does not wait for one.',
  );
});
