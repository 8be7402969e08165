import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ci } from '../../support/ci.ts';
import { type DemoProject, makeDemoProject, pathsOf, until } from '../../support/mcp-rig.ts';
import { asUtilityProcess, chatWith, type ServerCommand, unpackBundle } from './desktop-bundle.ts';

/** Starts a rehearsal session. @returns the error's code, or the state that the session reaches */
async function startedBy(start: ServerCommand, place: DemoProject, env: Record<string, string> = place.env) {
  await using chat = await chatWith(start, { cwd: place.repo, env });
  await chat.call('setup_project', { project_dir: place.repo, provider: 'rehearsal' });
  const { session, code } = await chat.call('start_session', {
    task: 'Name the boats',
    project_dir: place.repo,
  });
  if (session === undefined) return code;
  const { status } = await until(pathsOf(place, session), (state) => state.status.kind === 'waiting');
  return status;
}

test(
  'a server in an Electron UtilityProcess gives its session a worker and agents on a real Node',
  ci,
  async () => {
    await using place = await makeDemoProject();
    const folder = join(place.home, 'bundle');
    await unpackBundle(folder);
    const start = await asUtilityProcess(folder);
    expect(await startedBy(start, place)).toMatchObject({ kind: 'waiting', for: 'qa_answers' });
  },
);

test('the bundle starts as its manifest says, even if PATH contains no Node', async () => {
  await using place = await makeDemoProject({ bare: true });
  const start = await unpackBundle(join(place.home, 'bundle'));
  await using chat = await chatWith(start, {
    cwd: place.repo,
    env: { HOME: place.home, PATH: '/nowhere', SAMOCODE_SUPERVISOR: 'off', KEEP_AWAKE: 'no' },
  });
  expect(await chat.call('list_sessions', { project_dir: place.repo })).toMatchObject({
    code: 'project_not_found',
  });
});
