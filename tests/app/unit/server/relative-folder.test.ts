import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { askTool } from './ask-tool.ts';
import { makeServerRig, type ServerRig } from './server-rig.ts';

/** A server that runs next to the project, for a client with these folders. */
async function rigWithRoots(roots: (serverRig: ServerRig) => string[]) {
  const serverRig = await makeServerRig();
  const cwd = dirname(serverRig.repo.path);
  return { serverRig, actions: { ...serverRig.context, cwd, roots: roots(serverRig) } };
}

test.each([
  ['no folder', () => []],
  ['several folders', ({ repo }: ServerRig) => [repo.path, repo.root]],
])('with a client of %s a relative project_dir is refused, wherever the server runs', async (_, roots) => {
  const { serverRig, actions } = await rigWithRoots(roots);
  await using _desk = serverRig;
  for (const name of ['list_sessions', 'setup_project'])
    expect((await askTool(name, { project_dir: 'repo' }, actions)).json).toMatchObject({
      code: 'relative_folder',
      hint: 'Give an absolute path.',
    });
});

test("a relative project_dir is resolved from the client's only folder, not from the server's", async () => {
  const { serverRig, actions } = await rigWithRoots(({ repo }) => [repo.path]);
  await using _desk = serverRig;
  await serverRig.repo.write({ 'docs/boats.md': 'x\n' });
  expect((await askTool('list_sessions', { project_dir: 'docs' }, actions)).isError).toBe(false);
});

test('a person in a terminal may name a folder relative to the working directory', async () => {
  const { serverRig, actions } = await rigWithRoots(() => []);
  await using _desk = serverRig;
  const { roots: _roots, ...terminal } = actions;
  expect((await askTool('list_sessions', { project_dir: 'repo' }, terminal)).isError).toBe(false);
});
