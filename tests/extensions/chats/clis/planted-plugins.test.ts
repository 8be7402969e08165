import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { namesAt } from '../../../../src/core/kernel/files/path-stats.ts';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { builtPrograms } from '../../../support/built-programs.ts';
import { ci } from '../../../support/ci.ts';
import { installCli } from '../../../support/install-clis.ts';
import { connect } from '../../../support/mcp-client.ts';
import { startService } from '../../../support/model-stub/services.ts';
import { makeProject } from '../../../support/project.ts';
import { opencodeExport, SESSION } from './opencode-export.ts';

const ELSEWHERE = SESSION.replace(/A$/, 'B');

async function importChat(
  folder: string,
  id: string,
  { file, env }: { file: string; env: Record<string, string> },
): Promise<void> {
  const text = JSON.stringify(opencodeExport(folder)).replaceAll(SESSION, id);
  // Messages of two chats must not have the same ids.
  await writeFile(file, id === SESSION ? text : text.replaceAll('_21c4', '_21c5'));
  const imported = await runCommand('opencode', ['import', file], { cwd: folder, env });
  expect(imported, imported.stderr).toMatchObject({ exitCode: 0 });
}

/** A project with a chat of the real opencode; its files, and those of the terminal's folder, plant programs. */
async function plantedProject() {
  const { repo } = await makeProject();
  const { path } = await installCli('opencode');
  const model = await startService('opencode', () => ({ say: 'Noted.' }));
  await model.furnish(repo.homeDir);
  const own = model.environmentFor(repo.homeDir);
  const env = { ...repo.env, ...own, PATH: `${dirname(path)}:${repo.env.PATH}` };
  const withChat = async (folder: string, id: string) => {
    await importChat(folder, id, { file: join(repo.root, 'chat.json'), env });
    return id;
  };
  await withChat(repo.path, SESSION);
  const reached = join(repo.root, 'reached');
  await mkdir(reached);
  const terminal = join(repo.path, 'terminal');
  for (const [name, folder] of [
    ['main', repo.path],
    ['terminal', terminal],
  ] as const)
    await plantIn(folder, name, reached);
  await writeFile(join(repo.path, 'monitor'), `#!/bin/sh\n: > '${reached}/git'\n`, { mode: 0o755 });
  await repo.git(['config', 'core.fsmonitor', join(repo.path, 'monitor')]);
  return {
    ...{ repo, env, terminal },
    /** The id of a chat in another folder. */
    chatElsewhere: () => withChat(repo.homeDir, ELSEWHERE),
    reached: () => namesAt(reached),
    async [Symbol.asyncDispose]() {
      await model[Symbol.asyncDispose]();
      await repo[Symbol.asyncDispose]();
    },
  };
}

async function plantIn(folder: string, name: string, reached: string): Promise<void> {
  const plugin = (from: string) =>
    `import { writeFileSync } from 'node:fs';\nwriteFileSync('${reached}/${name}-${from}', '');\nexport const Planted = async () => ({});\n`;
  await mkdir(join(folder, '.opencode/plugin'), { recursive: true });
  await writeFile(join(folder, '.opencode/plugin/planted.js'), plugin('folder'));
  await writeFile(join(folder, 'planted.js'), plugin('settings'));
  const settings = { plugin: [`file://${folder}/planted.js`] };
  await writeFile(join(folder, 'opencode.json'), JSON.stringify(settings));
}

let at: Awaited<ReturnType<typeof plantedProject>>;

beforeAll(async () => {
  at = await plantedProject();
});

afterAll(() => at[Symbol.asyncDispose]());

test.for([
  { how: 'no id', chat: async () => [], says: SESSION },
  { how: 'a wrong id', chat: async () => ['no-such-chat'], says: SESSION },
  {
    how: "a wrong id of opencode's form",
    chat: async () => [`${SESSION}x`],
    says: 'opencode has no such chat',
  },
  { how: 'the id of one elsewhere', chat: async () => [await at.chatElsewhere()], says: 'did not begin in' },
] as const)(
  'a start from a chat of opencode with $how runs nothing of the project or of the folder of the terminal',
  async ({ chat, says }) => {
    const { cli } = await builtPrograms();
    const args = [cli, 'start', '--chat', ...(await chat())];
    const { stdout, stderr } = await runCommand(process.execPath, args, { cwd: at.terminal, env: at.env });
    expect(`${stdout}${stderr}`).toContain(says);
    expect(at.reached()).toEqual([]);
  },
);

test(
  'a start from a chat by a client that names none runs nothing planted, and lists the chat',
  ci,
  async () => {
    await using client = await connect({ cwd: at.terminal, env: at.env, clientName: 'planted' });
    const { isError, json } = await client.call('start_session', { from_chat: true });
    expect({ isError, text: JSON.stringify(json) }).toEqual({
      isError: true,
      text: expect.stringContaining(SESSION),
    });
    expect(at.reached()).toEqual([]);
  },
);

// The last one, because they share what was reached.
test('opencode started in the folder of a terminal there runs what is planted', async () => {
  const args = ['session', 'list', '--format', 'json'];
  await runCommand('opencode', args, { cwd: at.terminal, env: at.env });
  expect(at.reached()).toEqual(expect.arrayContaining(['main-folder', 'terminal-folder']));
});
