import { expect, test } from 'vitest';
import { typed } from '../../../app/unit/cli/typed.ts';
import { BRANCH, heldScene, worked } from './held-scene.ts';

type Options = NonNullable<Parameters<typeof worked>[0]>;

test('cost --by compares agents, models and ways of sessions at rest, with percentages from five on', async () => {
  await using scene = await heldScene();
  const { repo, context, tip, session } = scene;
  await repo.git(['merge', '-q', '--ff-only', BRANCH]);
  const codex: Options[] = [
    { provider: 'codex', model: 'o', red: true, sentBack: true },
    { provider: 'codex', model: 'o' },
  ];
  const claude: Options[] = [{}, {}, { red: true }, { model: 'm' }];
  for (const [at, each] of [...codex, ...claude].entries())
    await session([], `26-01-07-s${at}`, worked(each));
  await session([], undefined, worked({ commit: tip }));
  await repo.commit('Repaired', { 'hull.txt': 'ONE\ntwo\nthree\n' });
  const place = { cwd: repo.path, home: repo.homeDir, clock: context.clock };
  const piped = async (by: string) => (await typed(['cost', '--by', by], place)).stdout.trimEnd().split('\n');
  expect(await piped('agent')).toEqual([
    'claude\t5\t4 of 5, 80 %\t0 of 5, 0 %\t0 of 1\t$7.50\t2.5',
    'codex\t2\t1 of 2\t1 of 2\t–\t$3.00\t1.0',
  ]);
  expect((await piped('model')).map((row) => row.split('\t').slice(0, 2))).toEqual([
    ['claude, its default', '4'],
    ['o', '2'],
    ['m', '1'],
  ]);
  expect((await piped('way')).map((row) => row.split('\t').slice(0, 2))).toEqual([['full', '7']]);
  const wrong = await typed(['cost', '--by', 'moon'], place);
  expect(wrong.stderr).toContain('agent, model, way');
  const { rows, merged } = JSON.parse((await typed(['cost', '--by', 'agent', '--json'], place)).stdout);
  expect(rows[0]).toMatchObject({ name: 'claude', proved_at_first_try: 4, held: 0, followed: 1, hours: 2.5 });
  const text = expect.stringMatching(/^changed afterwards by 1 commit: [0-9a-f]{7}, as of /);
  expect(merged).toMatchObject([{ session: '26-01-08-boats', text, changed_by: [expect.any(String)] }]);
});

test('cost alone looks, too, and show says what was found without a look', async () => {
  await using scene = await heldScene();
  const { repo, context, session } = scene;
  await session();
  await repo.git(['merge', '-q', '--ff-only', BRANCH]);
  const place = { cwd: repo.path, home: repo.homeDir, clock: context.clock };
  const shown = async () =>
    JSON.parse((await typed(['show', 'boats', '--json'], place)).stdout).after_merge as string | undefined;
  expect(await shown()).toBeUndefined();
  await typed(['cost'], place);
  expect(await shown()).toMatch(/^held to \d{4}-\d\d-\d\d$/);
});
