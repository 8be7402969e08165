import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { openProject } from '../../../../src/core/project/finding/open-project.ts';
import { sessionFolders } from '../../../../src/core/session/folder/session-list.ts';
import { sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { readWrittenStart } from '../../../../src/core/session/log/read-session-file.ts';
import { MAX_CHAT_BYTES } from '../../../../src/extensions/chats/document/chat-document.ts';
import { resolveChat } from '../../../../src/extensions/chats/resolve-chat.ts';
import { installCli } from '../../../support/install-clis.ts';
import { startService } from '../../../support/model-stub/services.ts';
import { makeProject } from '../../../support/project.ts';
import type { TempRepo } from '../../../support/temp-repo.ts';
import { changesOfChat } from '../changes-of-chat.ts';
import { opencodeExport, SESSION } from './opencode-export.ts';
import { type ScriptedTurn, talk } from './talk.ts';

const SECRETS = {
  ofEnvironment: 'swordfish-of-the-environment',
  ofFile: 'value-of-the-env-file',
  token: 'ghp_abcdefghijklmnopqrstuvwxyz0123456789',
};

/** A person decides in 200 turns; a file is written, secrets are read and said, and the last one makes the call. */
function longTalk(repo: string): ScriptedTurn[] {
  const turns: ScriptedTurn[] = Array.from({ length: 200 }, (_, index) => ({
    person: `Question ${index + 1}? ${'and why '.repeat(40)}`,
    replies: [{ say: `Decision ${index + 1}: ${'because '.repeat(60)}` }],
  }));
  const write = { name: 'Write', input: { file_path: `${repo}/boats.txt`, content: 'red\n' } };
  turns[4] = {
    person: 'Write the list of boats.',
    replies: [{ say: 'I write it.', use: [write] }, { say: 'Written.' }],
  };
  const look = { name: 'Bash', input: { command: `cat '${repo}/.env'; echo only-a-tool-said-this` } };
  turns[197] = {
    person: `My token is ${SECRETS.token}.`,
    replies: [
      { say: 'I look.', use: [look] },
      { say: `It is ${SECRETS.ofFile}, and here ${SECRETS.ofEnvironment}.` },
    ],
  };
  turns[199] = handsOver({ start: false });
  return turns;
}

function handsOver(more: Record<string, unknown>): ScriptedTurn {
  const call = { name: 'mcp:start_session', input: { from_chat: true, ...more } };
  return {
    person: 'Make it a session.',
    replies: [{ say: 'I hand it over.', use: [call] }, { say: 'Started.' }],
  };
}

async function projectIn({ path, env, homeDir }: TempRepo) {
  return await openProject({ filePath: join(path, '.samocode'), env, homeDir });
}

test.for([
  // Codex gives a server only the variables that its settings name.
  { cli: 'claude', from: 'Claude Code', serverEnv: undefined },
  { cli: 'codex', from: 'Codex', serverEnv: { SERVICE_PASSWORD: SECRETS.ofEnvironment } },
] as const)(
  'a chat of 200 turns in the real $from becomes a session with a bounded document without secrets',
  async ({ cli, from, serverEnv }) => {
    const { repo, context, sessionsDir } = await makeProject();
    await using _ = repo;
    await repo.write({ '.env': `KEY=${SECRETS.ofFile}\n` });
    const at = { cli, cwd: repo.path, homeDir: repo.homeDir, serverEnv };
    const env = { SERVICE_PASSWORD: SECRETS.ofEnvironment };
    expect(await talk({ ...at, env, turns: longTalk(repo.path) })).toContain('Started.');

    const [folder = ''] = await sessionFolders(sessionsDir);
    const { file, given } = (await readWrittenStart(sessionPaths(sessionsDir, folder))) ?? {};
    expect(file).toMatchObject({
      task: 'Carry on the work of the chat that _chat.md quotes.',
      chat: { from, turns: 200 },
    });
    const { id = '' } = file?.chat ?? {};
    const text = given?.chat ?? '';
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(MAX_CHAT_BYTES);
    for (const part of ['Question 1?', 'Decision 1:', 'Decision 197:', 'Make it a session.'])
      expect(text).toContain(part);
    const recorded = JSON.stringify(file);
    for (const secret of Object.values(SECRETS)) expect(recorded).not.toContain(secret);
    expect(text).toContain('secrets: token ×1, KEY ×1, SERVICE_PASSWORD ×1.');
    for (const left of ['only-a-tool-said-this', 'system-reminder', 'environment_context'])
      expect(text).not.toContain(left);

    const work = { kind: 'chat', chat: { by: 'id', id } } as const;
    expect(await changesOfChat(work, await projectIn(repo), context)).toEqual(['boats.txt']);
  },
);

test.for(['claude', 'codex'] as const)(
  'a chat in the real %s that works in another project is refused, and starts nothing',
  async (cli) => {
    const { repo, sessionsDir } = await makeProject();
    await using _ = repo;
    const cwd = join(repo.root, 'elsewhere');
    await mkdir(cwd);
    const requests: string[] = [];
    await talk({
      ...{ cli, cwd, homeDir: repo.homeDir },
      turns: [handsOver({ project_dir: repo.path })],
      onRequest: (request) => requests.push(request),
    });
    expect(requests.at(-1)).toContain('chat_elsewhere');
    expect(await sessionFolders(sessionsDir)).toEqual([]);
  },
);

test('a chat of 200 turns is read from the export of the real opencode', async () => {
  const { repo, context } = await makeProject();
  await using _ = repo;
  const { path } = await installCli('opencode');
  await using model = await startService('opencode', () => ({ say: 'Noted.' }));
  await model.furnish(repo.homeDir);
  const own = model.environmentFor(repo.homeDir);
  const env = { ...repo.env, ...own, PATH: `${dirname(path)}:${repo.env.PATH}` };
  const exported = join(repo.root, 'chat.json');
  await writeFile(exported, JSON.stringify(opencodeExport(repo.path)));
  const imported = await runCommand('opencode', ['import', exported], { cwd: repo.path, env });
  expect(imported, imported.stderr).toMatchObject({ exitCode: 0 });
  const work = { kind: 'chat', chat: { by: 'id', id: SESSION } } as const;
  const { chat } = await resolveChat(work, await projectIn(repo), { ...context, env });
  expect(chat).toMatchObject({ from: 'opencode', id: SESSION, turns: 200 });
  expect(chat?.text).toContain('> Question 1? and why');
  expect(chat?.text).toContain('> Decision 200: because');
  expect(Buffer.byteLength(chat?.text ?? '')).toBeLessThanOrEqual(MAX_CHAT_BYTES);
});
