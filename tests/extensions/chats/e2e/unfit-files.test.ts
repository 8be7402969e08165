import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ToolContext } from '../../../../src/core/faces/mcp/tool.ts';
import { askTool } from '../../../app/unit/server/ask-tool.ts';
import { makeBench } from '../../../support/bench.ts';
import { claudeLines, claudePath, writeChat } from '../../../support/chat-transcripts.ts';
import { CALL, ofFiles } from '../../../support/chat-with-changes.ts';

test('files of a chat with a secret in name or text are not offered, and a warning names them', async () => {
  await using bench = await makeBench({ here: true, files: { 'a.txt': 'a\n' } });
  const { homeDir, path, write } = bench.repo;
  const changed = {
    'a.txt': 'of the chat\n',
    '.npmrc': '//registry.example/:_authToken=abcdefgh\n',
    'client.ts': 'const key = "ghp_abcdefghijklmnop1234";\n',
    'db.ts': 'open("swordfish-of-the-file");\n',
  };
  await write({ ...changed, '.env': 'PASSWORD=swordfish-of-the-file\n' });
  const changes = Object.keys(changed).map((name) => join(path, name));
  const lines = claudeLines(path, [{ person: 'Name the boats', agent: 'So.', changes, call: CALL }]);
  await writeChat(claudePath(homeDir, path, 'this'), lines);
  const forms: string[] = [];
  const ask: ToolContext['ask'] = async ({ message }) => {
    forms.push(message);
    return { kind: 'filled', filled: { files: 'copy' } };
  };
  const actions = { ...bench.context, chatCall: { client: 'claude', id: CALL } } as const;
  const { json } = await askTool('start_session', { from_chat: true }, actions, { ask });
  expect(forms).toEqual([expect.stringMatching(/1 file without a commit: a\.txt\.\n.* a copy of it, /)]);
  expect(ofFiles(json.warnings)).toEqual([
    expect.stringMatching(
      /^The session begins without \.npmrc, client\.ts, db\.ts, which .* suggest secrets/,
    ),
  ]);
});

test('a file that gets a secret while the person decides is not copied, and a warning names it', async () => {
  await using bench = await makeBench({ here: true, files: { 'a.txt': 'a\n', 'b.txt': 'b\n' } });
  const { homeDir, path, write, git } = bench.repo;
  await write({ 'a.txt': 'of the chat\n', 'b.txt': 'of the chat\n' });
  const changes = ['a.txt', 'b.txt'].map((name) => join(path, name));
  const lines = claudeLines(path, [{ person: 'Name the boats', agent: 'So.', changes, call: CALL }]);
  await writeChat(claudePath(homeDir, path, 'this'), lines);
  const ask: ToolContext['ask'] = async () => {
    await write({ 'b.txt': 'token = "ghp_abcdefghijklmnop1234"\n' });
    return { kind: 'filled', filled: { files: 'copy' } };
  };
  const actions = { ...bench.context, chatCall: { client: 'claude', id: CALL } } as const;
  const { json } = await askTool('start_session', { from_chat: true }, actions, { ask });
  expect(ofFiles(json.warnings)).toEqual([
    expect.stringMatching(/^The session begins without b\.txt, which .* suggest secrets/),
  ]);
  // No object of the repository has it.
  const objects = await git(['cat-file', '--batch-all-objects', '--batch-check=%(objectname) %(objecttype)']);
  const blobs = objects
    .split('\n')
    .flatMap((line) => (line.endsWith(' blob') ? [line.split(' ')[0] ?? ''] : []));
  const texts = await Promise.all(blobs.map((blob) => git(['cat-file', 'blob', blob])));
  expect(texts.join('\n')).toContain('of the chat');
  expect(texts.join('\n')).not.toContain('ghp_');
});
